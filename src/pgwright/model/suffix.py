"""What a pattern of PostgreSQL's `to_char` tells of a moment: enough to name pieces of time apart, or not."""

from __future__ import annotations

import re

from pgwright.model.span import Span

# Longest first, as `to_char` reads them; what no word is known for stands for itself.
_WORD = re.compile(
    r"SSSSS|SSSS|HH24|HH12|HH|MI|SS|Y,YYY|IYYY|IYY|IY|YYYY|YYY|YY|IDDD|DDD|MONTH|MON|MM|RM|DD|ID|DAY|DY|"
    r"WW|IW|CC|AM|PM|A\.M\.|P\.M\.|[IYDWJQ]",
    re.IGNORECASE,
)
_YEARS = {"YYYY", "Y,YYY", "YYY", "YY", "IYYY", "IYY", "IY"}
_MONTHS = {"MM", "MON", "MONTH", "RM"}
_HALVES = {"AM", "PM", "A.M.", "P.M."}


def tells_apart(pattern: str, interval: Span) -> bool:
    """Tell whether pieces of the length of `interval` get different names, within a century."""
    words = {word.upper() for word in _WORD.findall(pattern)}
    if interval.months:
        return _tells_months(words, interval.months)
    if not _tells_days(words, interval.days or 1):
        return False
    return not interval.seconds or _tells_times(words, interval.seconds)


def _tells_months(words: set[str], months: int) -> bool:
    if "J" in words:
        return True
    fine = months % 12 == 0 or words & (_MONTHS | {"DDD", "IDDD", "WW", "IW"})
    return bool(words & _YEARS) and bool(fine or (months % 3 == 0 and "Q" in words))


def _tells_days(words: set[str], days: int) -> bool:
    if "J" in words:
        return True
    by_month = words & _MONTHS and ("DD" in words or ("W" in words and days % 7 == 0))
    by_week = words & {"WW", "IW"} and (days % 7 == 0 or words & {"ID", "D", "DAY", "DY"})
    return bool(words & _YEARS) and bool(words & {"DDD", "IDDD"} or by_month or by_week)


def _tells_times(words: set[str], seconds: int) -> bool:
    if words & {"SSSS", "SSSSS"}:
        return True
    hours = "HH24" in words or (words & {"HH", "HH12"} and words & _HALVES)
    minutes = seconds % 3600 == 0 or "MI" in words
    return bool(hours and minutes and (seconds % 60 == 0 or "SS" in words))

"""Spans of time as they are declared: of months, of days, or of seconds."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import timedelta

_TERM = re.compile(r"(\d+)\s*(second|minute|hour|day|week|month|mon|quarter|year)s?")
_UNITS = {
    "second": (0, 0, 1),
    "minute": (0, 0, 60),
    "hour": (0, 0, 3600),
    "day": (0, 1, 0),
    "week": (0, 7, 0),
    "month": (1, 0, 0),
    "mon": (1, 0, 0),
    "quarter": (3, 0, 0),
    "year": (12, 0, 0),
}
_HOUR, _DAY, _MONTH_DAYS = 3600, 86400, 30


@dataclass(frozen=True, kw_only=True)
class Span:
    """Measure time in exactly one of months, days or seconds: a month is not a number of days."""

    months: int = 0
    days: int = 0
    seconds: int = 0

    def __post_init__(self) -> None:
        parts = (self.months, self.days, self.seconds)
        if sum(part != 0 for part in parts) != 1 or min(parts) < 0:
            raise ValueError("a span of time is a positive number of months, of days or of seconds")

    @classmethod
    def of(cls, value: Span | timedelta | str) -> Span:
        """Read a span from text such as ``1 day``, ``3 months``, ``1 year``, or from a timedelta.

        Raises `ValueError` for anything else, and for a mixture such as ``1 month 3 days``.
        """
        if isinstance(value, Span):
            return value
        if isinstance(value, timedelta):
            if value.microseconds:
                raise ValueError(f"{value} is finer than a second")
            days = value.days if value.seconds == 0 else 0
            return cls(days=days, seconds=0 if days else value.days * _DAY + value.seconds)
        terms = _TERM.findall(value.strip().lower()) if isinstance(value, str) else ()
        if not terms or _TERM.sub("", value.strip().lower()).strip():
            raise ValueError(f"{value!r} is no span of time; write, for example, '1 day' or '3 months'")
        months, days, seconds = (sum(int(count) * _UNITS[unit][i] for count, unit in terms) for i in range(3))
        return cls(months=months, days=days, seconds=seconds)

    @property
    def approximate_seconds(self) -> int:
        """Return the length with months of 30 days: to compare spans, never to compute dates."""
        return (self.months * _MONTH_DAYS + self.days) * _DAY + self.seconds

    @property
    def divides_day(self) -> bool:
        """Tell whether whole buckets of this length make a day, or are made of days or months."""
        return not self.seconds or _DAY % self.seconds == 0

    def adds_up_to(self, other: Span) -> bool:
        """Tell whether each piece of time of the `other` length is made of whole ones of this length."""
        if self.months:
            return other.months % self.months == 0 and other.months > 0
        if self.days:
            return (self.days == 1 and other.months > 0) or (other.days % self.days == 0 and other.days > 0)
        return other.seconds == 0 or other.seconds % self.seconds == 0

    def __str__(self) -> str:
        if self.months:
            years, months = divmod(self.months, 12)
            return _text(self.months, "month") if months else _text(years, "year")
        if self.days:
            return _text(self.days, "day")
        for size, unit in ((_HOUR, "hour"), (60, "minute")):
            if self.seconds % size == 0:
                return _text(self.seconds // size, unit)
        return _text(self.seconds, "second")


def _text(count: int, unit: str) -> str:
    # PostgreSQL has to read it: no commas in the number.
    return f"{count} {unit}{'' if count == 1 else 's'}"

"""How pages and pictures say numbers, sizes and types."""

from __future__ import annotations

import re

_SHORT = (
    ("timestamp with time zone", "timestamptz"),
    ("timestamp without time zone", "timestamp"),
    ("time with time zone", "timetz"),
    ("time without time zone", "time"),
    ("character varying", "varchar"),
    ("double precision", "double"),
    ("bit varying", "varbit"),
)
_SIZED_TIME = re.compile(r"(timestamp|time)(\(\d\)) with(out)? time zone")
_UNITS = ("bytes", "kB", "MB", "GB", "TB", "PB")


def short_type(text: str) -> str:
    """Return a type in the short spelling that PostgreSQL takes as well, without the schema public."""
    text = _SIZED_TIME.sub(lambda m: f"{m[1]}{'' if m[3] else 'tz'}{m[2]}", text)
    for long, short in _SHORT:
        text = text.replace(long, short)
    return re.sub(r"\bpublic\.", "", text)


def bytes_text(number: int) -> str:
    """Return bytes as people read them; 1 kB is 1024 bytes, as PostgreSQL counts."""
    amount = float(number)
    for unit in _UNITS:
        if amount < 1024 or unit == _UNITS[-1]:
            whole = amount >= 10 or amount == int(amount)
            return f"{amount:.0f} {unit}" if whole else f"{amount:.1f} {unit}"
        amount /= 1024
    raise AssertionError(number)  # pragma: no cover - the last unit always returns


def rows_text(rows: int | None) -> str:
    """Return an estimated number of rows, nothing where there is no estimate."""
    return "" if rows is None else f"{rows:,}"

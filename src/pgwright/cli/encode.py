"""The one JSON form of every value that a command can print."""

from __future__ import annotations

import dataclasses
import json
from collections.abc import Mapping, Set
from datetime import date, datetime, time, timedelta
from decimal import Decimal
from enum import Enum
from pathlib import PurePath
from typing import Any
from uuid import UUID

from pgwright.errors import PgwrightError
from pgwright.pg.redact import redact


class Verbatim(str):
    """Be a text that is used as it is printed, and therefore keeps what looks like a password.

    Either the user asked for the password, or it is SQL: masked, a function would become another one.
    """

    __slots__ = ()


def to_json(value: Any) -> str:
    """Return `value` as indented JSON text, in the form of `plain`."""
    return json.dumps(plain(value), indent=2, ensure_ascii=False, allow_nan=False)


def plain(value: Any) -> Any:  # noqa: PLR0911, PLR0912 - one branch per type
    """Return `value` as dictionaries, lists, text, numbers, booleans and None.

    Dataclasses become objects without the fields that their `repr()` hides (passwords) and without private
    ones; dates are in ISO 8601, durations in seconds, bytes in hexadecimal, sets sorted. A decimal is
    a number when that keeps it exact, else text; NaN and infinities are text. Passwords in texts are masked,
    but in `Verbatim` ones.
    """
    match value:
        case None | bool():
            return value
        case Enum():
            return plain(value.value)
        case Verbatim():
            return str(value)
        case str():
            return redact(value)
        case int():
            return value
        case float():
            return value if abs(value) < float("inf") else str(value)
        case Decimal():
            return _decimal(value)
        case datetime() | date() | time():
            return value.isoformat()
        case timedelta():
            return value.total_seconds()
        case bytes() | bytearray() | memoryview():
            return bytes(value).hex()
        case UUID() | PurePath():
            return str(value)
        case PgwrightError():
            return plain(value.as_dict())
        case Mapping():
            return {_key(key): plain(item) for key, item in value.items()}
        case Set():
            return sorted((plain(item) for item in value), key=str)
    if dataclasses.is_dataclass(value) and not isinstance(value, type):
        shown = (f for f in dataclasses.fields(value) if f.repr and not f.name.startswith("_"))
        return {field.name: plain(getattr(value, field.name)) for field in shown}
    if hasattr(value, "_asdict"):
        return plain(value._asdict())
    if isinstance(value, (list, tuple)):
        return [plain(item) for item in value]
    return redact(str(value))


def _decimal(value: Decimal) -> int | float | str:
    if not value.is_finite():
        return str(value)
    if value == value.to_integral_value():
        return int(value)
    return float(value) if Decimal(repr(float(value))) == value else str(value)


def _key(key: Any) -> str:
    return key if isinstance(key, str) else str(plain(key))

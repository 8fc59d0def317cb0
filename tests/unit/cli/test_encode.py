"""Every value has one JSON form, and no password gets into it."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from enum import StrEnum
from pathlib import Path
from typing import Any, NamedTuple
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pgwright.cli.encode import Verbatim, plain, to_json
from pgwright.config import Database
from pgwright.errors import ConfigError


class Grade(StrEnum):
    HIGH = "high"


class Point(NamedTuple):
    x: int
    y: int


@dataclass(frozen=True, kw_only=True)
class Noun:
    name: str
    _hidden: int = 1
    secret: str = field(default="s", repr=False)


@pytest.mark.parametrize(
    ("value", "form"),
    [
        (None, None),
        (True, True),
        (Grade.HIGH, "high"),
        (1.5, 1.5),
        (float("nan"), "nan"),
        (float("inf"), "inf"),
        (Decimal(12), 12),
        (Decimal("1.5"), 1.5),
        (Decimal("0.1234567890123456789"), "0.1234567890123456789"),
        (Decimal("NaN"), "NaN"),
        (datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC), "2026-01-02T03:04:05+00:00"),
        (date(2026, 1, 2), "2026-01-02"),
        (timedelta(minutes=1, milliseconds=500), 60.5),
        (b"\x01\xff", "01ff"),
        (Path("/x"), "/x"),
        (UUID(int=1), "00000000-0000-0000-0000-000000000001"),
        ({"b", "a"}, ["a", "b"]),
        ((1, [2]), [1, [2]]),
        (Point(1, 2), {"x": 1, "y": 2}),
        ({Grade.HIGH: 1, 2: 3}, {"high": 1, "2": 3}),
        (Noun(name="n"), {"name": "n"}),
        ("postgresql://a:hunter2@b", "postgresql://a:****@b"),
        (Verbatim("postgresql://a:hunter2@b"), "postgresql://a:hunter2@b"),
    ],
)
def test_form(value: Any, form: Any) -> None:
    assert json.loads(to_json(value)) == form


def test_database_is_shown_without_its_url() -> None:
    shown = plain(Database(name="x", url="postgresql://a:b@c"))
    assert shown == {"name": "x", "environment": "development", "django_alias": "default"}


def test_error() -> None:
    assert plain(ConfigError("m", hint="h")) == {
        "code": "PW101",
        "message": "m",
        "detail": None,
        "hint": "h",
        "exit_code": 2,
    }


# A busy machine is no fault of the strategy.
@given(
    st.recursive(
        st.none() | st.booleans() | st.integers() | st.floats() | st.decimals() | st.text(), st.lists
    )
)
def test_always_valid_json(value: Any) -> None:
    json.loads(to_json(value))

"""What can be declared about tables over time is checked when it is declared."""

from __future__ import annotations

from datetime import timedelta

import pytest

from pgwright.model.policy import Compress, Retain, Rollup, Span, TimeSeries


@pytest.mark.parametrize(
    ("given", "text"),
    [
        ("1 day", "1 day"),
        ("7days", "7 days"),
        ("1 week", "7 days"),
        ("3 mons", "3 months"),
        ("1 quarter", "3 months"),
        ("12 months", "1 year"),
        ("90 minutes", "90 minutes"),
        (timedelta(days=30), "30 days"),
        (timedelta(hours=36), "36 hours"),
        ("1000 days", "1000 days"),
    ],
)
def test_spans(given: str | timedelta, text: str) -> None:
    assert str(Span.of(given)) == text


@pytest.mark.parametrize("given", ["", "soon", "1 month 3 days", "0 days", "-1 day", timedelta(seconds=0.5)])
def test_what_is_no_span(given: str | timedelta) -> None:
    with pytest.raises(ValueError, match=r"span|day|second"):
        Span.of(given)


def test_declarations_are_checked_at_once() -> None:
    with pytest.raises(ValueError, match="divide a day"):
        TimeSeries("at", "7 hours")
    with pytest.raises(ValueError, match="ahead"):
        TimeSeries("at", "1 day", ahead=0)
    with pytest.raises(ValueError, match="did you mean Europe/Oslo"):
        TimeSeries("at", "1 day", zone="Europe/Olso")
    with pytest.raises(ValueError, match="'' is no time zone"):
        TimeSeries("at", "1 day", zone="")
    with pytest.raises(ValueError, match="'Moon' is no time zone"):
        Rollup("daily", bucket="1 day", aggregates={"n": "count(*)"}, zone="Moon")
    with pytest.raises(ValueError, match="5 is no span of time"):
        TimeSeries("at", 5)  # type: ignore[arg-type]
    with pytest.raises(ValueError, match="bucket or columns"):
        Rollup("daily", aggregates={"n": "count(*)"})
    with pytest.raises(ValueError, match="no aggregates"):
        Rollup("daily", bucket="1 day", aggregates={})
    with pytest.raises(ValueError, match="both as a key"):
        Rollup("daily", bucket="1 day", group_by="n", aggregates={"n": "count(*)"})
    with pytest.raises(ValueError, match="could be retired"):
        Rollup("totals", group_by="user_id", aggregates={"n": "count(*)"}, retain="1 year")


def test_equal_declarations_are_equal() -> None:
    assert TimeSeries("at", "1 week") == TimeSeries("at", timedelta(days=7))
    assert Retain("12 months") == Retain("1 year")
    assert Compress("30 days", segment_by="sensor") == Compress(timedelta(days=30), segment_by=["sensor"])

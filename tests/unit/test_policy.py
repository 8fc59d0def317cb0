"""What can be declared about tables over time is checked when it is declared."""

from __future__ import annotations

from datetime import timedelta

import pytest

from pgwright.errors import PolicyError
from pgwright.model.policy import ARCHIVE_SCHEMES, Compress, Policy, Retain, Rollup, TimeSeries
from pgwright.model.policy_checks import order_terms, require_declarable
from pgwright.model.span import Span
from pgwright.storage.registry import STORES


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
    with pytest.raises(ValueError, match="could not be retired"):
        Rollup("totals", group_by="user_id", aggregates={"n": "count(*)"}, retain="1 year")


def test_equal_declarations_are_equal() -> None:
    assert TimeSeries("at", "1 week") == TimeSeries("at", timedelta(days=7))
    assert Retain("12 months") == Retain("1 year")
    assert Compress("30 days", segment_by="sensor") == Compress(timedelta(days=30), segment_by=["sensor"])


COLUMNS = {"sensor_id": False, "at": True, "value": False, "raw": None}


@pytest.mark.parametrize(
    ("message", "policies"),
    [
        ("no column att; did you mean at", [TimeSeries("att", "1 day")]),
        ("sensor_id of readings is no moment", [TimeSeries("sensor_id", "1 day")]),
        ("declares TimeSeries twice", [TimeSeries("at", "1 day"), TimeSeries("at", "7 days")]),
        ("declares Retain twice", [Retain("1 day"), Retain("7 days")]),
        (
            "the rollup hourly twice",
            [
                Rollup("hourly", bucket=bucket, aggregates={"n": "count(*)"}, column="at")
                for bucket in ("1 hour", "2 hours")
            ],
        ),
        ("no column sensor", [Compress("30 days", segment_by="sensor")]),
        ("no column when", [Compress("30 days", order_by='at DESC, "when"')]),
        ("in no order: 'at DOWN'", [Compress("30 days", order_by="at DOWN")]),
        ("no column place", [Rollup("by_place", group_by="place", aggregates={"n": "count(*)"})]),
    ],
)
def test_declarations_are_held_against_the_columns_of_their_model(
    message: str, policies: list[Policy]
) -> None:
    with pytest.raises(PolicyError, match=message) as refused:
        require_declarable("readings", COLUMNS, policies)
    assert refused.value.hint


def test_what_fits_is_declarable() -> None:
    series = TimeSeries("at", "1 day")
    order = 'at DESC NULLS LAST, "raw"'
    require_declarable("readings", COLUMNS, [series, series, Compress("9 days", order_by=order)])
    require_declarable("readings", COLUMNS, [TimeSeries("raw", "1 day")])
    assert order_terms(order) == [("at", "DESC", "LAST"), ("raw", "ASC", "LAST")]


def test_an_archive_is_where_files_can_be_kept() -> None:
    assert set(ARCHIVE_SCHEMES) == set(STORES)
    for url in ("ftp://host/folder", "s3://"):
        with pytest.raises(ValueError, match="no place for an archive"):
            Retain("1 year", archive=url)
    assert Retain("1 year", archive="gs://bucket/old").archive and Retain("1 year", archive="old").archive

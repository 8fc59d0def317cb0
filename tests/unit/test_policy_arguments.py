"""A declaration that says nothing, or fits no model, is told of when the models load, with the right form."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import datetime
from typing import Any

import pytest
from sqlalchemy import Column, DateTime, Integer, MetaData, String, Table
from sqlalchemy.orm import DeclarativeBase, Mapped, clear_mappers, configure_mappers, mapped_column

from pgwright.contrib.sqlalchemy import Compress, Join, Retain, Rollup, TimeSeries
from pgwright.errors import DeclarationError, PolicyError
from pgwright.model.span import Span
from pgwright.model.suffix import tells_apart

COUNT = {"n": "count(*)"}


# As a caller who reads no types.
_series: Any = TimeSeries
_retain: Any = Retain
_compress: Any = Compress


def _rollup(name: Any = "hourly", **given: Any) -> Any:
    return Rollup(name, **{"bucket": "1 hour", "aggregates": COUNT} | given)


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda: _series(Column("at"), "1 day"), "the time series, argument column: .* is no text"),
        (lambda: _series("", "1 day"), "argument column: it is empty"),
        (lambda: _series("at", None), "argument interval: None is no span"),
        (lambda: _series("at", "1 day", zone=3), "argument zone: 3 is no time zone"),
        (lambda: _series("at", "1 day", ahead="3"), "argument ahead: '3' is no whole number from 1"),
        (
            lambda: _series("at", "1 day", ahead=100_000),
            "ahead: 100000 is no whole number from 1 to 1,000",
        ),
        (lambda: _series("at", "1 day", suffix="YYYY"), "'YYYY' names several pieces of 1 day the same"),
        (lambda: _series("at", "1 day", suffix="YYYY_MM_DD" * 5), "longer than 40 bytes"),
        (lambda: _retain(None), "the retention, argument keep: None is no span"),
        (lambda: _retain("1 year", archive=3), "argument archive: 3 is no text"),
        (lambda: _compress("1 day", segment_by=4), "the compression, argument segment_by: 4 is no text"),
        (lambda: _compress("1 day", order_by=["at"]), r"argument order_by: \['at'\] is no text"),
        (lambda: _rollup(""), "a rollup, argument name: it is empty"),
        (lambda: _rollup("r" * 64), "argument name: .* has 64 bytes, and PostgreSQL keeps 63"),
        (lambda: _rollup("r" * 60, realtime=True), "has 60 bytes, and PostgreSQL keeps 58"),
        (lambda: _rollup(group_by=3), "rollup hourly, argument group_by: 3 is no text"),
        (lambda: _rollup(aggregates="count(*)"), "argument aggregates: 'count.*' is no mapping"),
        (lambda: _rollup(aggregates={"n": 3}), "argument aggregates: 3 is no text"),
        (lambda: _rollup(refresh="often"), "argument refresh: 'often' is no span of time"),
        (lambda: _rollup(realtime="yes"), "argument realtime: 'yes' is neither True nor False"),
        (lambda: _rollup(retain="1 minute"), "argument retain: 1 minute is shorter than its bucket"),
        (lambda: _rollup(where=4), "argument where: 4 is no text"),
        (lambda: _rollup(of="hourly"), "argument of: it cannot add up its own rows"),
        (lambda: _rollup(joins=["flights"]), r"argument joins: 'flights' is no Join\(...\)"),
        (lambda: _rollup(joins=Join("f", on={"a": "b"}, aggregates=COUNT)), "is no list of Join"),
    ],
)
def test_an_argument_that_says_nothing_is_refused_with_the_right_form(
    make: Callable[[], object], message: str
) -> None:
    with pytest.raises(DeclarationError, match=message) as refused:
        make()
    # Code that knows nothing of pgwright's errors catches what a wrong argument usually raises.
    assert isinstance(refused.value, ValueError)
    assert refused.value.hint and refused.value.hint.startswith("write, for example, ")


@pytest.mark.parametrize(
    ("suffix", "interval", "apart"),
    [
        ("YYYY", Span(months=12), True),
        ("YYYY", Span(months=1), False),
        ("MM", Span(months=1), False),
        ("YYYY_Q", Span(months=3), True),
        ("YYYY_Q", Span(months=1), False),
        ("YYYYMMDD", Span(days=1), True),
        ("IYYY_IW", Span(days=7), True),
        ("IYYY_IW", Span(days=1), False),
        ("YYYY_DDD", Span(days=1), True),
        ("J", Span(days=1), True),
        ("YYYY_MM_DD_HH24", Span(seconds=3600), True),
        ("YYYY_MM_DD_HH12", Span(seconds=3600), False),
        ("YYYY_MM_DD_HH24", Span(seconds=900), False),
        ("YYYY_MM_DD_HH24MI", Span(seconds=900), True),
        ("YYYY_MM_DD_HH24MI", Span(seconds=30), False),
    ],
)
def test_a_suffix_tells_pieces_apart(suffix: str, interval: Span, apart: bool) -> None:
    assert tells_apart(suffix, interval) is apart


def _table(*policies: Any, metadata: MetaData | None = None, name: str = "readings") -> Table:
    columns = (Column("id", Integer), Column("at", DateTime), Column("place", String))
    # Before the columns: the order of a table's arguments says nothing.
    return Table(name, metadata or MetaData(), *policies, *columns)


HOURLY, SERIES = _rollup(group_by="id"), TimeSeries("at", "1 day")


@pytest.mark.parametrize(
    ("policies", "message"),
    [
        ([TimeSeries("att", "1 day")], "model of readings has no column att; did you mean at"),
        ([Retain("1 year", column="place")], "place of readings is no moment"),
        ([Compress("1 day")], "readings declares Compress and no TimeSeries"),
        ([SERIES, Compress("1 day", segment_by="id", order_by="id, at")], "both by segments of id"),
        ([SERIES, Retain("1 day"), _rollup(refresh="2 days")], "keeps rows for 1 day, and rollup hourly"),
        (
            [SERIES, HOURLY, _rollup("daily", of="hourl")],
            "adds up hourl, which is no rollup of it; did you mean",
        ),
        (
            [SERIES, _rollup("a", of="b"), _rollup("b", of="a")],
            "rollups a and b of readings add up each other",
        ),
        ([SERIES, HOURLY, _rollup("halves", bucket="30 minutes", of="hourly")], "rows of hourly do not fill"),
        (
            [SERIES, _rollup("weekly", bucket="1 week"), _rollup("monthly", bucket="1 month", of="weekly")],
            "rollup monthly of readings has buckets that rows of weekly do not fill",
        ),
        ([SERIES, HOURLY, _rollup("daily", of="hourly", group_by="place")], "groups hourly by place"),
    ],
)
def test_declarations_are_held_against_their_table_when_it_is_complete(
    policies: list[Any], message: str
) -> None:
    metadata = MetaData()
    with pytest.raises(PolicyError, match=message) as refused:
        _table(*policies, metadata=metadata)
    assert refused.value.hint and not metadata.tables


def test_hours_add_up_to_days_and_days_to_months() -> None:
    daily, monthly = (
        _rollup("daily", bucket="1 day", of="hourly"),
        _rollup("months", bucket="1 month", of="daily"),
    )
    _table(monthly, daily, HOURLY, SERIES)


@pytest.fixture
def base() -> Iterator[type[DeclarativeBase]]:
    class Base(DeclarativeBase):
        pass

    class Flight(Base):
        __tablename__ = "flights"
        id: Mapped[int] = mapped_column(primary_key=True)
        seats: Mapped[int]

    yield Base
    clear_mappers()


@pytest.mark.parametrize(
    ("policies", "message"),
    [
        ([_rollup()], "rollup hourly of readings has a bucket, and nothing says which column tells the time"),
        ([Retain("1 year")], "readings retires old rows, and nothing says"),
        (
            [_rollup("readings", column="at")],
            "would fill public.readings, which is the table of its own rows",
        ),
        ([_rollup("flights", column="at")], "model of flights has no column bucket for rollup flights"),
        (
            [_rollup(column="at", joins=[Join("flights", on={"idd": "id"}, aggregates=COUNT)])],
            "model of flights has no column idd; did you mean id",
        ),
        (
            [_rollup(column="at", joins=[Join("flights", on={"id": "plac"}, aggregates=COUNT)])],
            "model of readings has no column plac; did you mean place",
        ),
    ],
)
def test_declarations_are_held_against_the_other_models_when_all_are_known(
    base: Any, policies: list[Any], message: str
) -> None:
    class Reading(base):  # type: ignore[misc]
        __tablename__ = "readings"
        __table_args__ = tuple(policies)
        id: Mapped[int] = mapped_column(primary_key=True)
        at: Mapped[datetime] = mapped_column(primary_key=True)
        place: Mapped[str]

    with pytest.raises(PolicyError, match=message) as refused:
        configure_mappers()
    assert refused.value.hint
    # Told once; who goes on all the same is stopped where tables are made.
    configure_mappers()


def test_two_rollups_do_not_share_a_table() -> None:
    metadata = MetaData()
    _table(SERIES, HOURLY, metadata=metadata)
    _table(SERIES, HOURLY, metadata=metadata, name="others")
    with pytest.raises(PolicyError, match="is the table of another rollup, of readings"):
        metadata.dispatch.before_create(metadata, None)

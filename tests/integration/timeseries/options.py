"""Models in which every option of every declaration changes, each on a table of its own."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from sqlalchemy import Column, DateTime, Double, Index, Integer, MetaData, Table

from pgwright.contrib.sqlalchemy import Compress, Join, Retain, Rollup, TimeSeries
from pgwright.contrib.sqlalchemy.timeseries import Declared

SUMS = {"n": "count(*)", "total": "sum(value)"}
UPPER = {"total": "sum(total)"}
SERIES = TimeSeries("at", "1 day")
HOURLY = {"name": "hourly", "bucket": "1 hour", "group_by": "sensor_id", "aggregates": SUMS}
VISITS = Join("visits", on={"sensor_id": "sensor_id"}, aggregates={"seen": "count(*)"})


def _rollup(table: str, **options: Any) -> Declared:
    given: dict[str, Any] = {**HOURLY, **options}
    return Rollup(f"{table}_{given.pop('name')}", **given)


def _changes() -> Iterator[tuple[str, tuple[Declared, ...], tuple[Declared, ...]]]:
    """Yield the name of a table, what is declared of it first, and what afterwards."""
    for option, before, after in (
        ("interval", SERIES, TimeSeries("at", "7 days")),
        ("zone", SERIES, TimeSeries("at", "1 day", zone="Europe/Oslo")),
        ("ahead", SERIES, TimeSeries("at", "1 day", ahead=5)),
        ("suffix", SERIES, TimeSeries("at", "1 day", suffix="YYYYMMDD")),
    ):
        yield f"series_{option}", (before,), (after,)
    compress = Compress("30 days", segment_by="sensor_id", order_by="at DESC")
    for option, other in (
        ("after", Compress("60 days", segment_by="sensor_id", order_by="at DESC")),
        ("segment_by", Compress("30 days", segment_by=(), order_by="at DESC")),
        ("order_by", Compress("30 days", segment_by="sensor_id", order_by="value, at")),
        ("no_order", Compress("30 days", segment_by="sensor_id")),
    ):
        yield f"compress_{option}", (SERIES, compress), (SERIES, other)
    yield "retain_keep", (SERIES, Retain("1 year")), (SERIES, Retain("13 months"))
    yield "retain_column", (Retain("1 year", column="at"),), (Retain("1 year", column="received"),)
    yield "retain_archive", (SERIES, Retain("1 year")), (SERIES, Retain("1 year", archive="/tmp/archive"))  # noqa: S108
    yield "retain_none", (SERIES, Retain("1 year")), (SERIES,)
    options: dict[str, dict[str, Any]] = {
        "name": {"name": "each_hour"},
        "bucket": {"bucket": "2 hours"},
        "group_by": {"group_by": ("sensor_id", "kind")},
        "aggregates": {"aggregates": {"total": "sum(value)", "highest": "max(value)"}},
        "refresh": {"refresh": "10 minutes"},
        "retain": {"retain": "3 years"},
        "realtime": {"realtime": True},
        "column": {"column": "received"},
        "zone": {"zone": "Europe/Oslo", "bucket": "1 day"},
        "where": {"where": "value > 3"},
        "bucket_column": {"bucket_column": "hour"},
    }
    for option, given in options.items():
        table = f"rollup_{option}"
        yield table, (SERIES, _rollup(table)), (SERIES, _rollup(table, **given))
    hourly = _rollup("rollup_of")
    daily: dict[str, Any] = {
        "bucket": "1 day",
        "group_by": "sensor_id",
        "aggregates": {"total": "sum(total)"},
    }
    yield (
        "rollup_of",
        (SERIES, hourly, Rollup("rollup_of_daily", of="rollup_of_hourly", **daily)),
        (SERIES, hourly, Rollup("rollup_of_daily", **{**daily, "aggregates": {"total": "sum(value)"}})),
    )
    joined: dict[str, Any] = {
        "group_by": "sensor_id",
        "aggregates": {"n": "count(*)", "seen": "sum(visits.seen)"},
    }
    paid = VISITS._replace(where="length > 1")
    yield (
        "rollup_joins",
        (SERIES, Rollup("rollup_joins_all", joins=[VISITS], **joined)),
        (SERIES, Rollup("rollup_joins_all", joins=[paid], **joined)),
    )


CHANGES = tuple(_changes())


def _metadata(which: int) -> MetaData:
    metadata = MetaData()
    Table("visits", metadata, Column("sensor_id", Integer, index=True), Column("length", Integer))
    for change in CHANGES:
        Table(
            change[0],
            metadata,
            Column("sensor_id", Integer, primary_key=True, autoincrement=False),
            Column("at", DateTime(timezone=True), primary_key=True),
            Column("received", DateTime(timezone=True), primary_key=True),
            Column("kind", Integer),
            Column("value", Double),
            Index(None, "at"),
            *change[1 + which],
        )
    return metadata


FIRST, THEN = _metadata(0), _metadata(1)

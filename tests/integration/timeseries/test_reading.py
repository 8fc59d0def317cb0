"""Buckets of time and filled gaps are those of TimescaleDB, on every server."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from typing import Any

import psycopg
import pytest
from sqlalchemy import (
    Column,
    Connection,
    Date,
    DateTime,
    Double,
    Integer,
    MetaData,
    Select,
    Table,
    create_engine,
    func,
    select,
)

from pgwright.contrib.sqlalchemy import gapfill, time_bucket

READINGS = Table(
    "readings",
    MetaData(),
    Column("at", DateTime(timezone=True)),
    Column("sensor_id", Integer),
    Column("value", Double),
    Column("day", Date),
)
# Around the night when summer time begins, rarer and rarer, some without a value.
ROWS = """
CREATE TABLE readings (at timestamptz, sensor_id integer, value double precision, day date);
INSERT INTO readings
SELECT timestamptz '2024-03-29 10:00+00' + i * i * interval '7 minutes', i % 3,
    CASE WHEN i % 7 <> 0 THEN i END, date '2024-03-29' + i FROM generate_series(1, 60) AS i
"""
FIRST, UPTO = datetime(2024, 3, 29, tzinfo=UTC), datetime(2024, 4, 20, tzinfo=UTC)
SPANS = ("1 hour", "15 minutes", "6 hours", "1 day", "2 days", "7 days", "1 month", "3 months", "7 months")
ZONES = ("UTC", "Europe/Oslo", "America/New_York", "Asia/Kathmandu")


@contextmanager
def _connected(url: str) -> Iterator[tuple[Connection, psycopg.Connection]]:
    engine = create_engine(url.replace("postgresql://", "postgresql+psycopg://"))
    with psycopg.connect(url, autocommit=True) as conn, engine.connect() as ours:
        conn.execute(ROWS)
        yield ours, conn
    engine.dispose()


def _query(span: str, zone: str) -> Select[Any]:
    return (
        select(
            time_bucket(READINGS.c.at, span, zone=zone).label("bucket"),
            READINGS.c.sensor_id,
            func.avg(READINGS.c.value).label("average"),
            func.max(READINGS.c.value).label("highest"),
            func.count(READINGS.c.value).label("n"),
        )
        .where(READINGS.c.at < UPTO)
        .group_by("bucket", READINGS.c.sensor_id)
    )


def test_buckets_are_those_of_timescaledb(timescale: str) -> None:
    with _connected(timescale) as (ours, theirs):
        for span in SPANS:
            for zone in ZONES:
                wanted = theirs.execute(
                    "SELECT time_bucket(%s::interval, at, %s) AS b, sensor_id, avg(value), max(value), "
                    "count(value) FROM readings WHERE at < %s GROUP BY 1, 2 ORDER BY 1, 2",
                    (span, zone, UPTO),
                ).fetchall()
                query = _query(span, zone).order_by("bucket", READINGS.c.sensor_id)
                assert [tuple(r) for r in ours.execute(query)] == wanted, (span, zone)


def test_filled_gaps_are_those_of_timescaledb(timescale_community: str) -> None:
    with _connected(timescale_community) as (ours, theirs):
        for span in SPANS:
            for zone in ZONES:
                wanted = theirs.execute(
                    "SELECT time_bucket_gapfill(%s::interval, at, %s, %s, %s) AS b, sensor_id, "
                    "interpolate(avg(value)), locf(max(value)), count(value) FROM readings WHERE at < %s "
                    "GROUP BY 1, 2 ORDER BY 2, 1",
                    (span, zone, FIRST, UPTO, UPTO),
                ).fetchall()
                query = gapfill(
                    _query(span, zone),
                    start=FIRST,
                    finish=UPTO,
                    fill={"average": "interpolate", "highest": "locf"},
                )
                assert [tuple(r) for r in ours.execute(query)] == wanted, (span, zone)


@pytest.mark.parametrize("server", ["server_12", "server_18"])
def test_gaps_are_filled(server: str, request: pytest.FixtureRequest, make_database: Any) -> None:
    with _connected(make_database(request.getfixturevalue(server))) as (ours, conn):
        conn.execute("DELETE FROM readings")
        conn.execute(
            "INSERT INTO readings VALUES ('2024-03-30 12:00+01', 1, 10, '2024-03-30'), "
            "('2024-04-02 12:00+02', 1, 17, '2024-04-02'), ('2024-04-01 12:00+02', NULL, 5, '2024-04-01')"
        )
        query = _query("1 day", "Europe/Oslo")
        fill = {"average": "interpolate", "highest": "locf"}
        found = [tuple(r) for r in ours.execute(gapfill(query, fill=fill))]  # type: ignore[arg-type]
        night = datetime(2024, 3, 29, 23, tzinfo=UTC)
        days = [night, night + timedelta(hours=24), *(night + timedelta(hours=47 + 24 * n) for n in range(2))]
        # The second day has 23 hours: the line knows.
        line = [10.0, 10 + 7 * 24 / 71, 10 + 7 * 47 / 71, 17.0]
        assert [(r[0], r[1], r[3], r[4]) for r in found] == [
            *((d, 1, 10.0 if n < 3 else 17.0, n % 3 == 0 or None) for n, d in enumerate(days)),
            *((d, None, 5.0 if n >= 2 else None, n == 2 or None) for n, d in enumerate(days)),
        ]
        assert [r[2] for r in found[:4]] == pytest.approx(line)
        # Dates have buckets, too, and nothing has no gaps.
        week = time_bucket(READINGS.c.day, "7 days").label("week")
        counted = select(week, func.count().label("n")).group_by("week").order_by("week")
        assert [tuple(r) for r in ours.execute(counted)] == [
            (datetime(2024, 3, 25).date(), 1),
            (datetime(2024, 4, 1).date(), 2),
        ]
        assert ours.execute(gapfill(query.where(READINGS.c.value < 0))).fetchall() == []
        with pytest.raises(ValueError, match="the query has no column middle"):
            gapfill(query, fill={"middle": "locf"})
        with pytest.raises(ValueError, match="one time_bucket"):
            gapfill(select(READINGS.c.value))

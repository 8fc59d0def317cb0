"""Partitions and buckets are those of a calendar, whose clocks go forward and back."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from typing import Any

import psycopg
import pytest
from psycopg import sql

from pgwright.kinds.timeseries.buckets import ZONED, bucket_start
from pgwright.model.policy import Retain, Rollup, TimeSeries
from pgwright.model.span import Span
from pgwright.pg.quoting import deparsed
from pgwright.timeseries.chunks import chunks
from pgwright.timeseries.declare import Edit, declare
from pgwright.timeseries.exactness import compare
from pgwright.timeseries.gaps import Gapfill
from pgwright.timeseries.records import declarations
from pgwright.timeseries.run import Demand, run_policies
from pgwright.timeseries.status import policy_status
from tests.integration.slate import Slate
from tests.integration.timeseries.hammer import SCHEMA
from tests.integration.timeseries.test_upkeep import READINGS


def _next_change(month: int) -> str:
    """Return the next last Sunday of a month for which nobody has made a partition yet."""
    soon = datetime.now(UTC).date() + timedelta(days=7)
    ends = (date(year, month, 31) for year in (soon.year, soon.year + 1))
    sundays = (end - timedelta(days=end.isoweekday() % 7) for end in ends)
    return next(day for day in sundays if day > soon).isoformat()


@pytest.mark.parametrize(("month", "hours"), [(3, 23), (10, 25)])
def test_a_day_with_another_number_of_hours(database: str, month: int, hours: int) -> None:
    """Clocks in Oslo go forward and back: partitions and buckets are those of its calendar."""
    day = _next_change(month)
    midnight = f"timestamp '{day}' AT TIME ZONE 'Europe/Oslo'"
    counted = {"n": "count(*)"}
    with psycopg.connect(database, autocommit=True) as conn:
        conn.execute("SET TimeZone = 'America/New_York'")
        conn.execute(SCHEMA)
        for policy in (
            TimeSeries("at", "1 day", zone="Europe/Oslo"),
            Rollup("daily", bucket="1 day", group_by="sensor_id", aggregates=counted, realtime=True),
            Rollup("quarters", bucket="6 hours", group_by="sensor_id", aggregates=counted),
            Rollup("hourly", bucket="1 hour", group_by="sensor_id", aggregates=counted),
        ):
            with conn.transaction():
                declare(conn, [Edit(table=READINGS, policy=policy)])
        conn.execute(
            "DO $$ BEGIN EXECUTE format("
            "'CREATE TABLE eve PARTITION OF readings FOR VALUES FROM (%L) TO (%L)', "
            f"{midnight} - interval '1 day', {midnight}); END $$".encode()
        )
        conn.execute(f"INSERT INTO readings VALUES (1, {midnight} - interval '1 hour', 1)".encode())
        assert not run_policies(database).failed
        made = {c.name: (c.start, c.end) for c in chunks(conn, "readings")}
        start, end = made[f"public.readings_p{day.replace('-', '_')}"]
        assert conn.execute("SELECT %s::timestamptz - %s::timestamptz", (end, start)).fetchone() == (
            timedelta(hours=hours),
        )
        conn.execute(
            "INSERT INTO readings SELECT 1, at, 1 FROM generate_series("
            f"{midnight}, {midnight} + interval '30 hours', interval '30 minutes') AS at".encode()
        )
        expected = {"daily": [2 * hours], "quarters": [2 * (hours - 18), 12, 12, 12], "hourly": [2] * hours}
        assert _of_day(conn, "daily_live", day) == expected["daily"]
        assert not run_policies(database, Demand(force=True)).failed
        assert {name: _of_day(conn, name, day) for name in expected} == expected


def test_buckets_whose_beginning_a_clock_shows_twice(database: str) -> None:
    """The night of 26 October has two o'clock twice in Oslo, midnight twice in the Azores."""
    counted = {"n": "count(*)", "total": "sum(value)"}
    fresh = {
        "pairs": "SELECT (date_trunc('day', l) + floor(extract(hour FROM l) / 2) * interval '2 hours') "
        "AT TIME ZONE 'Europe/Oslo', count(*), sum(value) "
        "FROM (SELECT *, at AT TIME ZONE 'Europe/Oslo' AS l FROM readings) AS r GROUP BY 1",
        "days": "SELECT date_trunc('day', at, 'Atlantic/Azores'), count(*), sum(value) "
        "FROM readings GROUP BY 1",
    }
    with psycopg.connect(database, autocommit=True) as conn:
        conn.execute(SCHEMA)
        for policy in (
            TimeSeries("at", "1 day"),
            Rollup("pairs", bucket="2 hours", zone="Europe/Oslo", aggregates=counted),
            Rollup("days", bucket="1 day", zone="Atlantic/Azores", aggregates=counted),
        ):
            with conn.transaction():
                declare(conn, [Edit(table=READINGS, policy=policy)])
        night = "generate_series('2025-10-25 20:00+00'::timestamptz, '2025-10-26 06:00+00', '20 minutes')"
        conn.execute(f"INSERT INTO readings SELECT 1, at, 1 FROM {night} AS at".encode())
        for (at,) in conn.execute(f"SELECT at FROM {night} AS at".encode()).fetchall():
            conn.execute("UPDATE readings SET value = value + 7 WHERE at = %s", (at,))
            assert not run_policies(database, Demand(tasks=("refresh",), force=True)).failed
            for name, query in fresh.items():
                stored = f"SELECT * FROM {name}"
                both = f"(({stored}) EXCEPT ALL ({query})) UNION ALL (({query}) EXCEPT ALL ({stored}))"
                assert not conn.execute(both.encode()).fetchall(), (name, at)


def test_retention_where_a_clock_shows_midnight_twice(database: str) -> None:
    """The first hour of 26 October lies in the partition of the day before, and is of the next bucket."""
    counted = {"n": "count(*)"}
    zone = "Atlantic/Azores"
    # Since the day began by the clock of that winter, whatever the zone's clock and calendar show now.
    days = (datetime.now(UTC) - datetime(2025, 10, 26, 1, tzinfo=UTC)).days
    with psycopg.connect(database, autocommit=True) as conn:
        conn.execute(SCHEMA)
        with conn.transaction():
            declare(conn, [Edit(table=READINGS, policy=TimeSeries("at", "1 day", zone=zone))])
        conn.execute("DROP TABLE readings_history")
        for day in range(24, 29):
            conn.execute(
                "DO $$ BEGIN EXECUTE format("
                f"'CREATE TABLE d{day} PARTITION OF readings FOR VALUES FROM (%L) TO (%L)', "
                f"'2025-10-{day}'::timestamp AT TIME ZONE '{zone}', "
                f"'2025-10-{day + 1}'::timestamp AT TIME ZONE '{zone}'); END $$".encode()
            )
        rows = "generate_series('2025-10-25 12:00+00'::timestamptz, '2025-10-28 12:00+00', '20 minutes')"
        conn.execute(f"INSERT INTO readings SELECT 1, at, 1 FROM {rows} AS at".encode())
        fresh = f"SELECT date_trunc('day', at, '{zone}'), count(*) FROM readings GROUP BY 1 ORDER BY 1"
        before = conn.execute(fresh.encode()).fetchall()
        for policy in (Rollup("days", bucket="1 day", zone=zone, aggregates=counted), Retain(f"{days} days")):
            with conn.transaction():
                declare(conn, [Edit(table=READINGS, policy=policy)])
        for keep, left in ((days, {"d25", "d26", "d27", "d28"}), (days - 1, {"d27", "d28"})):
            with conn.transaction():
                declare(conn, [Edit(table=READINGS, policy=Retain(f"{keep} days"))])
            for _ in range(2):
                assert not run_policies(database, Demand(tasks=("refresh", "retire"), force=True)).failed
                assert {c.name[7:] for c in chunks(conn, "readings") if c.name[7:8] == "d"} == left
                assert conn.execute("SELECT * FROM days ORDER BY 1").fetchall() == before
                # Each day that still has rows is computed anew.
                conn.execute("UPDATE readings SET value = value + 1")


@pytest.mark.parametrize(
    ("zone", "changes"),
    [
        ("Europe/Oslo", ("2026-03-29", "2026-10-25")),
        # Midnight is not shown in the one night, and twice in the other.
        ("America/Santiago", ("2026-09-06", "2026-04-05")),
        # By half an hour.
        ("Australia/Lord_Howe", ("2026-10-04", "2026-04-05")),
    ],
)
def test_no_bucket_overlaps_another(database: str, zone: str, changes: tuple[str, ...]) -> None:
    spans = {"quarters": "15 minutes", "hours": "1 hour", "pairs": "2 hours", "days": "1 day"}
    with psycopg.connect(database, autocommit=True) as conn:
        conn.execute(SCHEMA)
        rollups = [Rollup(n, bucket=span, aggregates={"n": "count(*)"}) for n, span in spans.items()]
        for policy in (TimeSeries("at", "1 month", zone=zone), *rollups):
            with conn.transaction():
                declare(conn, [Edit(table=READINGS, policy=policy)])
        for day in changes:
            rows = f"generate_series('{day}'::timestamptz - interval '1 day', "
            rows += f"'{day}'::timestamptz + interval '2 days', interval '10 minutes')"
            conn.execute(f"INSERT INTO readings SELECT 1, at, 1 FROM {rows} AS at".encode())
            assert not run_policies(database, Demand(tasks=("refresh",), force=True)).failed
            # In the hours of the change, row by row.
            conn.execute(
                "UPDATE readings SET value = 2 WHERE at BETWEEN "
                f"('{day}'::timestamp AT TIME ZONE '{zone}') - interval '2 hours' "
                f"AND ('{day}'::timestamp AT TIME ZONE '{zone}') + interval '5 hours'".encode()
            )
            assert not run_policies(database, Demand(tasks=("refresh",), force=True)).failed
        declared = declarations(conn)
        for record in declared.of("rollup"):
            assert not compare(conn, record, declared).differing
            total = "SELECT sum(n)::int, (SELECT count(*) FROM readings) FROM"
            of, rows_there = conn.execute(f"{total} {record.name}".encode()).fetchone() or (0, 0)
            assert of == rows_there
            filled = Gapfill(
                columns=("bucket", "n"),
                bucket="bucket",
                span=Span.of(spans[record.name]),
                zone=zone,
                type="timestamp with time zone",
                fill={},
            ).compose(sql.SQL("SELECT bucket, n FROM {}").format(sql.Identifier(record.name)))
            found = conn.execute(sql.SQL("{} FROM ({}) AS f").format(sql.SQL("SELECT sum(n)::int"), filled))
            assert found.fetchone() == (rows_there,)


def _of_day(conn: psycopg.Connection, name: str, day: str) -> list[Any]:
    """Return the counts of a rollup by bucket, of one day as the calendar in Oslo has it."""
    query = f"SELECT n FROM {name} WHERE (bucket AT TIME ZONE 'Europe/Oslo')::date = '{day}' ORDER BY bucket"
    return [row[0] for row in conn.execute(query.encode()).fetchall()]


@pytest.mark.parametrize(
    "span", ["1 second", "15 minutes", "1 hour", "6 hours", "1 day", "1 week", "3 months"]
)
def test_buckets_in_utc_are_those_of_a_zone_of_that_clock(slate: Slate, span: str) -> None:
    """UTC is taken for what it adds, other zones are looked up: whatever the session's own clock says."""
    moments = ("2027-03-28 00:59:59.999999+00", "1969-12-31 23:00+00", "0044-03-15 12:30+00 BC")
    ours, theirs = (bucket_start(deparsed("m"), Span.of(span), zone, ZONED) for zone in ("UTC", "Etc/GMT"))
    query = sql.SQL("SELECT m::text, {} FROM unnest({}::timestamptz[]) AS m WHERE {} IS DISTINCT FROM {}")
    with slate.conn.transaction(force_rollback=True):
        slate.conn.execute("SET LOCAL TimeZone = 'America/St_Johns'")
        assert not slate.conn.execute(query.format(ours, sql.Literal([*moments]), ours, theirs)).fetchall()


def test_a_clock_that_was_ahead_holds_up_nothing(database: str) -> None:
    """By the server's clock of then, the rollup was refreshed next year; it has been set right since."""
    with psycopg.connect(database, autocommit=True) as conn:
        conn.execute(SCHEMA)
        rollup = Rollup("hourly", bucket="1 hour", column="at", aggregates={"n": "count(*)"})
        with conn.transaction():
            declare(conn, [Edit(table=READINGS, policy=rollup)])
        for ahead, said, done in (
            ("-1 minute", "ok", "not due yet"),
            ("1 year", "refresh is late", "computed anew"),
        ):
            conn.execute("UPDATE pgwright.policy SET ran_at = now() + %s::interval", (ahead,))
            assert said in policy_status(conn)[0].state
            assert done in run_policies(database).outcomes[0].said
        assert policy_status(conn)[0].healthy

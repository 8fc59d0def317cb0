"""Continuous aggregates keep the history of rows that are gone, and are held against what is declared."""

from __future__ import annotations

import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import psycopg
import pytest

from pgwright.model.names import QualifiedName
from pgwright.model.policy import Compress, Policy, Retain, Rollup, TimeSeries
from pgwright.timeseries import continuous
from pgwright.timeseries.chunks import chunks, holdings
from pgwright.timeseries.declare import Edit, declare, plan_edits
from pgwright.timeseries.patience import patiently
from pgwright.timeseries.run import run_policies
from pgwright.timeseries.status import policy_status

READINGS = QualifiedName("public", "readings")
SCHEMA = """
CREATE EXTENSION IF NOT EXISTS timescaledb;
CREATE TABLE readings (sensor_id int, at timestamptz, value float8, PRIMARY KEY (sensor_id, at));
INSERT INTO readings SELECT 1, now() - i * interval '1 day', i FROM generate_series(0, 399) AS i
"""
SERIES = TimeSeries("at", "1 day")
DAILY = Rollup(
    "daily",
    bucket="1 day",
    group_by="sensor_id",
    aggregates={"n": "count(*)"},
    realtime=True,
    retain="9 years",
)


def _declare(conn: psycopg.Connection, *policies: Policy, of: QualifiedName = READINGS) -> None:
    for policy in policies:
        with conn.transaction():
            declare(conn, [Edit(table=of, policy=policy)])


def _jobs(conn: psycopg.Connection, procedure: str) -> list[tuple[int, str | None, bool]]:
    return conn.execute(
        "SELECT job_id, config ->> 'start_offset', next_start > now() + interval '23 hours' "
        "FROM timescaledb_information.jobs WHERE proc_name = %s AND hypertable_schema = 'public' "
        "ORDER BY hypertable_name DESC",
        (procedure,),
    ).fetchall()


def _run(conn: psycopg.Connection, procedure: str) -> None:
    # TimescaleDB's scheduler may be at the same job: a refresh refuses another one beside it.
    call = f"CALL run_job({_jobs(conn, procedure)[0][0]})".encode()
    patiently(lambda: conn.execute(call), seconds=30)


def _counted(conn: psycopg.Connection, relation: str = "daily") -> int:
    row = conn.execute(f"SELECT sum(n)::int FROM {relation}".encode()).fetchone()
    assert row is not None
    return int(row[0])


@pytest.mark.parametrize("retention_first", [False, True])
def test_history_outlives_the_rows(timescale_community: str, retention_first: bool, tmp_path: Path) -> None:
    monthly = Rollup("monthly", bucket="1 month", aggregates={"n": "sum(n)"})
    with psycopg.connect(timescale_community, autocommit=True) as conn:
        conn.execute(SCHEMA.encode())
        rows: tuple[Policy, ...] = (Retain("100 days"), DAILY)
        # In one transaction, as a migration does it: a retention by itself begins as soon as it is there.
        with conn.transaction():
            _declare(conn, SERIES, *(rows if retention_first else reversed(rows)))
        _declare(conn, monthly, of=QualifiedName("public", "daily"))
        # What is older than the job looks back is added up first, and TimescaleDB's retention waits for that.
        assert _jobs(conn, "policy_retention")[0][2]
        assert not run_policies(timescale_community).failed
        assert _counted(conn) == _counted(conn, "monthly") == 400
        for _ in range(2):
            _run(conn, "policy_retention")
            _run(conn, "policy_refresh_continuous_aggregate")
            assert conn.execute("SELECT count(*) < 103 FROM readings").fetchone() == (True,)
            assert _counted(conn) == _counted(conn, "monthly") == 400
        # Kept longer from now on: what is gone stays history.
        _declare(conn, Retain("300 days"))
        assert {since for _, since, _ in _jobs(conn, "policy_refresh_continuous_aggregate")} == {
            "100 days",
            "9 years",
        }
        _run(conn, "policy_refresh_continuous_aggregate")
        assert _counted(conn) == 400
        # And so it does where pgwright retires rows, again and again.
        for keep in ("80 days", "60 days"):
            _declare(conn, Retain(keep, archive=str(tmp_path)))
            # One that comes too late makes a chunk of what is gone.
            conn.execute("INSERT INTO readings VALUES (2, now() - interval '200 days', 1)")
            assert not run_policies(timescale_community).failed
            assert _counted(conn) == _counted(conn, "monthly") == 400
        assert conn.execute("SELECT count(*) < 63 FROM readings").fetchone() == (True,)


@pytest.mark.parametrize("retention_first", [False, True])
def test_history_outlives_rows_that_somebody_else_retires(
    timescale_community: str, retention_first: bool
) -> None:
    by_hand = "SELECT add_retention_policy('readings', interval '100 days', initial_start => now() + '1 day')"
    with psycopg.connect(timescale_community, autocommit=True) as conn:
        conn.execute(SCHEMA.encode())
        _declare(conn, SERIES)
        if retention_first:
            conn.execute(by_hand.encode())
        _declare(conn, DAILY)
        assert not run_policies(timescale_community).failed
        if not retention_first:
            conn.execute(by_hand.encode())
            states = {s.name: s.state for s in policy_status(conn)}
            assert "would delete its history: pgwright policy plan" in states["daily"]
            _declare(conn, DAILY)
        assert not plan_edits(conn, [Edit(table=READINGS, policy=DAILY)])
        assert [since for _, since, _ in _jobs(conn, "policy_refresh_continuous_aggregate")] == ["100 days"]
        _run(conn, "policy_retention")
        conn.execute("DELETE FROM readings WHERE at < now() - interval '98 days'")
        _run(conn, "policy_refresh_continuous_aggregate")
        assert conn.execute("SELECT count(*) < 100 FROM readings").fetchone() == (True,)
        assert 397 <= _counted(conn) < 400


def test_what_somebody_changed_in_timescaledb_is_drift(timescale_community: str) -> None:
    with psycopg.connect(timescale_community, autocommit=True) as conn:
        conn.execute(SCHEMA.encode())
        _declare(conn, SERIES, Retain("1 year"), DAILY)
        wanted = [Edit(table=READINGS, policy=DAILY)]
        for change in (
            "SELECT remove_continuous_aggregate_policy('daily')",
            "SELECT alter_job(job_id, schedule_interval => '2 hours') FROM timescaledb_information.jobs "
            "WHERE proc_name = 'policy_refresh_continuous_aggregate'",
            # Would delete the history.
            'SELECT alter_job(job_id, config => config || \'{"start_offset": "2 years"}\') '
            "FROM timescaledb_information.jobs WHERE proc_name = 'policy_refresh_continuous_aggregate'",
            "ALTER MATERIALIZED VIEW daily SET (timescaledb.materialized_only = true)",
            "DROP VIEW daily_live",
            "SELECT remove_retention_policy('daily')",
            "DROP VIEW daily_live; DROP MATERIALIZED VIEW daily",
        ):
            assert not plan_edits(conn, wanted)
            conn.execute(change.encode())
            assert plan_edits(conn, wanted), change
            if "start_offset" in change:
                states = {s.name: s.state for s in policy_status(conn)}
                assert "or would delete its history" in states["daily"]
            assert "pgwright policy plan" in next(s.state for s in policy_status(conn) if s.name == "daily")
            _declare(conn, DAILY)
        assert not plan_edits(conn, wanted)


def test_jobs_that_somebody_made_are_read_whatever_they_say(timescale_community: str) -> None:
    keep, compress = Retain("1 year"), Compress("30 days")
    with psycopg.connect(timescale_community, autocommit=True) as conn:
        conn.execute(SCHEMA.encode())
        _declare(conn, SERIES, keep, compress)
        for procedure, other, policy in (
            ("retention", "drop_after => interval '1 year 15 days 3 hours'", keep),
            ("retention", "drop_created_before => interval '1 year'", keep),
            ("retention", None, keep),
            ("compression", "compress_created_before => interval '30 days'", compress),
            ("compression", "compress_after => interval '0'", compress),
        ):
            conn.execute(f"SELECT remove_{procedure}_policy('readings')".encode())
            if other:
                conn.execute(f"SELECT add_{procedure}_policy('readings', {other})".encode())
            assert plan_edits(conn, [Edit(table=READINGS, policy=policy)]), other
            (state,) = (s.state for s in policy_status(conn) if s.kind == procedure)
            assert "pgwright policy plan" in state
            _declare(conn, policy)
            assert not plan_edits(conn, [Edit(table=READINGS, policy=policy)])
            assert {s.state for s in policy_status(conn)} == {"ok"}
        conn.execute("DELETE FROM pgwright.policy")
        for other in ("drop_after => interval '1 mon -3 days'", "drop_created_before => interval '1 year'"):
            conn.execute("SELECT remove_retention_policy('readings')")
            conn.execute(f"SELECT add_retention_policy('readings', {other})".encode())
            (said,) = (s.says for s in policy_status(conn) if s.kind == "retention")
            assert said in (
                "rows are kept for 648 hours",
                "rows are kept for 1 year from when a chunk was made",
            )


def test_each_order_of_compressed_rows_is_read_back(timescale_community: str) -> None:
    with psycopg.connect(timescale_community, autocommit=True) as conn:
        conn.execute(SCHEMA.encode())
        _declare(conn, SERIES)
        for order in (
            "at DESC",
            "at desc nulls last",
            "at",
            "at ASC",
            '"at"  desc',
            "value",
            "value,at desc",
            "",
        ):
            compress = Compress("30 days", segment_by="sensor_id", order_by=order)
            _declare(conn, compress)
            assert not plan_edits(conn, [Edit(table=READINGS, policy=compress)]), order
        # The order that is no longer declared is TimescaleDB's own again.
        _declare(conn, Compress("30 days", segment_by="sensor_id", order_by="value"))
        _declare(conn, Compress("30 days", segment_by="sensor_id"))
        ordered = conn.execute(
            "SELECT attname FROM timescaledb_information.compression_settings "
            "WHERE orderby_column_index IS NOT NULL"
        ).fetchall()
        assert ordered == [("at",)]


def test_compressed_chunks_are_counted_with_their_rows(timescale_community: str) -> None:
    with psycopg.connect(timescale_community, autocommit=True) as conn:
        conn.execute(SCHEMA.encode())
        _declare(conn, TimeSeries("at", "100 days"), Compress("30 days", segment_by="sensor_id"))
        conn.execute(
            "SELECT compress_chunk(c) FROM show_chunks('readings', older_than => interval '30 days') c"
        )
        # None of them was analyzed, and none is empty.
        assert 0 not in {p.rows for p in chunks(conn)}
        conn.execute("ANALYZE readings")
        pieces = chunks(conn)
        assert {p.compressed for p in pieces} == {True, False}
        # TimescaleDB's estimate of what is compressed, which is rough for so few rows.
        assert all(p.rows for p in pieces) and sum(p.rows or 0 for p in pieces) == holdings(conn)[0].rows
        assert sum(p.bytes for p in pieces) == holdings(conn)[0].bytes
        whole = conn.execute(
            "SELECT sum(total_bytes)::bigint FROM chunks_detailed_size('readings')"
        ).fetchone()
        assert whole == (holdings(conn)[0].bytes,)


def test_a_run_meets_a_job_of_timescaledb(timescale_community: str, monkeypatch: pytest.MonkeyPatch) -> None:
    url = timescale_community
    with psycopg.connect(url, autocommit=True) as conn:
        conn.execute(SCHEMA.encode())
        slow = "pg_sleep(0.006) IS NOT NULL"
        _declare(conn, SERIES, Rollup("daily", bucket="1 day", aggregates={"n": "count(*)"}, where=slow))
        with psycopg.connect(url, autocommit=True) as job, ThreadPoolExecutor() as pool:
            going_on = pool.submit(job.execute, "CALL refresh_continuous_aggregate('daily', NULL, NULL)")
            while not _sleeps(conn):
                time.sleep(0.02)
            monkeypatch.setattr(continuous, "_PATIENCE", 0.1)
            (failed,) = run_policies(url).failed
            assert "TimescaleDB's own job is refreshing public.daily at this moment" in str(failed.error)
            assert "run again" in str(failed.error)
            monkeypatch.undo()
            assert not run_policies(url).failed
            going_on.result()
        assert _counted(conn) == 400


def _sleeps(conn: psycopg.Connection) -> bool:
    found = conn.execute(
        "SELECT FROM pg_stat_activity WHERE datname = current_database() AND wait_event = 'PgSleep'"
    )
    return found.fetchone() is not None

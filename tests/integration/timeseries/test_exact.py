"""What makes continuous aggregates miss changes, each by itself, and what pgwright does about it."""

from __future__ import annotations

import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress

import psycopg
import pytest

from pgwright.model.names import QualifiedName
from pgwright.model.policy import Compress, Policy, Rollup, TimeSeries
from pgwright.timeseries.continuous import may_miss
from pgwright.timeseries.declare import Edit, declare, plan_edits
from pgwright.timeseries.exactness import Compared, compare
from pgwright.timeseries.records import declarations
from pgwright.timeseries.run import Demand, run_policies
from pgwright.timeseries.status import policy_status
from tests.integration.diff.ways import until

READINGS = QualifiedName("public", "readings")
SCHEMA = """
CREATE EXTENSION IF NOT EXISTS timescaledb;
CREATE TABLE readings (sensor_id int, at timestamptz, value float8, PRIMARY KEY (sensor_id, at));
INSERT INTO readings SELECT 1, date_trunc('day', now()) - i * interval '1 hour', i
FROM generate_series(1, 800) AS i
"""
DAILY = Rollup("daily", bucket="1 day", group_by="sensor_id", aggregates={"n": "count(*)", "v": "avg(value)"})
MONTHLY = Rollup("monthly", bucket="1 month", aggregates={"n": "count(*)"})
BY_SENSOR = Rollup("by_sensor", group_by="sensor_id", aggregates={"n": "count(*)"})


@pytest.fixture
def conn(timescale_community: str) -> Iterator[psycopg.Connection]:
    with psycopg.connect(timescale_community, autocommit=True) as connection:
        connection.execute(SCHEMA.encode())
        _declare(connection, TimeSeries("at", "1 day"))
        yield connection


def _declare(conn: psycopg.Connection, *policies: Policy, of: QualifiedName = READINGS) -> None:
    for policy in policies:
        with conn.transaction():
            declare(conn, [Edit(table=of, policy=policy)])


def _day(ago: int) -> str:
    return time.strftime("%Y-%m-%d", time.gmtime(time.time() - ago * 86400))


def _engines(conn: psycopg.Connection) -> dict[str, str]:
    return {r.name: r.definition.get("by", "") for r in declarations(conn).of("rollup")}


def _compared(conn: psycopg.Connection) -> dict[str, Compared]:
    declared = declarations(conn)
    return {r.name: compare(conn, r, declared) for r in declared.of("rollup")}


def _differing(conn: psycopg.Connection) -> dict[str, int]:
    return {name: c.differing for name, c in _compared(conn).items() if c.differing}


def _refresh(conn: psycopg.Connection, url: str) -> None:
    assert not run_policies(url, Demand(tasks=("refresh",), force=True)).failed
    assert not _differing(conn)


def test_a_fill_waits_for_commits_under_way(conn: psycopg.Connection, timescale_community: str) -> None:
    """Their rows may be neither noted nor seen yet; from then on, everything is noted."""
    url = timescale_community
    _declare(conn, DAILY)
    [standing] = [s for s in policy_status(conn) if s.name == "daily"]
    assert "not filled yet" in standing.state
    with psycopg.connect(url) as writer, ThreadPoolExecutor(1) as pool:
        # The lock that a commit takes before it asks what is to be noted.
        writer.execute("INSERT INTO readings VALUES (7, now() - interval '10 days', 1)")
        writer.execute("SELECT FROM _timescaledb_catalog.continuous_aggs_invalidation_threshold")
        running = pool.submit(run_policies, url)
        until(lambda: not may_miss(conn, declarations(conn)), "a threshold that no row will ever be above")
        time.sleep(0.3)
        assert not running.done()
        writer.commit()
        assert not running.result().failed
    assert not _differing(conn) and all(s.healthy for s in policy_status(conn))
    assert conn.execute("SELECT n FROM daily WHERE sensor_id = 7").fetchone() == (1,)
    # Of tomorrow as well, which TimescaleDB alone would not note before it is refreshed.
    conn.execute("INSERT INTO readings VALUES (8, now() + interval '1 day', 1)")
    noted = "SELECT count(*) FROM _timescaledb_catalog.continuous_aggs_hypertable_invalidation_log"
    assert conn.execute(noted.encode()).fetchone() == (1,)
    assert not run_policies(url).outcomes


def test_rows_at_the_start_of_a_bucket(conn: psycopg.Connection, timescale_community: str) -> None:
    """One that ends a transaction is missed by months and by clocks, which are not left to TimescaleDB."""
    url = timescale_community
    _declare(
        conn, DAILY, MONTHLY, Rollup("local", bucket="1 day", zone="Asia/Tokyo", aggregates={"n": "count(*)"})
    )
    _declare(
        conn,
        Rollup("months", bucket="1 month", aggregates={"n": "sum(n)"}),
        of=QualifiedName("public", "daily"),
    )
    assert _engines(conn) == {"daily": "timescale", "monthly": "", "local": "", "months": "timescale"}
    _refresh(conn, url)
    for unit, zone in (("day", "UTC"), ("day", "Asia/Tokyo"), ("month", "UTC")):
        for n in range(2):
            conn.execute(
                "INSERT INTO readings SELECT %s, date_trunc(%s, now(), %s) - make_interval(mins => i) "
                "FROM (VALUES (0), (1)) AS v (i)",
                (100 + 2 * n + len(unit + zone), unit, zone),
            )
            _refresh(conn, url)
    plan = plan_edits(
        conn, [Edit(table=READINGS, policy=Rollup("x", bucket="3 months", aggregates={"n": "count(*)"}))]
    )
    assert any("right at the start of a bucket" in h.message for h in plan.hazards)


def test_copies_past_triggers(conn: psycopg.Connection, timescale_community: str) -> None:
    """Where a trigger sees all new rows, or each before it is stored, TimescaleDB does not note them."""
    url = timescale_community
    _declare(conn, Compress("3 days", segment_by="sensor_id"), DAILY, BY_SENSOR)
    assert _engines(conn) == {"daily": "timescale", "by_sensor": ""}
    _refresh(conn, url)
    for _ in range(3):
        # TimescaleDB's own job is at it as well, which it takes for an error in one moment.
        with suppress(psycopg.errors.DuplicateObject):
            conn.execute(
                "SELECT compress_chunk(c, if_not_compressed => true) "
                "FROM show_chunks('readings', older_than => interval '5 days') AS c"
            )
    for sensor, days in ((2, 3), (3, 30)):
        with conn.cursor().copy("COPY readings FROM STDIN") as copy:
            for n in range(30):
                copy.write(f"{sensor}\t{_day(days)} 05:{n}\t1\n")
        _refresh(conn, url)
    conn.execute("DELETE FROM readings WHERE sensor_id = 3")
    conn.execute("UPDATE readings SET value = 3 WHERE sensor_id = 1 AND at < now() - interval '20 days'")
    _refresh(conn, url)
    assert conn.execute("SELECT sensor_id FROM by_sensor ORDER BY 1").fetchall() == [(1,), (2,)]
    # Somebody else's trigger: what is there is named, and what is new is kept by pgwright.
    conn.execute(
        "CREATE FUNCTION stamp() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RETURN NEW; END'; "
        "CREATE TRIGGER stamp BEFORE INSERT ON readings FOR EACH ROW EXECUTE FUNCTION stamp()"
    )
    [standing] = [s for s in policy_status(conn) if s.name == "daily"]
    assert "trigger stamp hides" in standing.state
    assert standing.next_command == "pgwright policy refresh daily --anew"
    _declare(conn, Rollup("hourly", bucket="1 hour", aggregates={"n": "count(*)"}))
    assert _engines(conn)["hourly"] == ""
    with conn.cursor().copy("COPY readings FROM STDIN") as copy:
        copy.write(f"9\t{_day(4)} 07:00\t1\n")
    run_policies(url, Demand(tasks=("refresh",), force=True))
    assert _differing(conn) == {"daily": 1}
    assert _compared(conn)["daily"].first[0].endswith(", 9")
    assert not run_policies(url, Demand(tasks=("refresh",), force=True, anew=True)).failed
    assert not _differing(conn)


def test_rollups_by_pgwright_come_first(conn: psycopg.Connection, timescale_community: str) -> None:
    """Whose triggers see all new rows: what comes later is not left to TimescaleDB."""
    _declare(conn, BY_SENSOR, DAILY)
    assert _engines(conn) == {"by_sensor": "", "daily": ""}
    _refresh(conn, timescale_community)


def test_buckets_without_chunks(conn: psycopg.Connection, timescale_community: str) -> None:
    """TimescaleDB's refresh in batches leaves out the time between chunks, where rows may have been."""
    _declare(conn, Rollup("hourly", bucket="1 hour", aggregates={"n": "count(*)"}))
    _refresh(conn, timescale_community)
    conn.execute("TRUNCATE readings")
    conn.execute("INSERT INTO readings VALUES (1, now() - interval '30 days', 1), (1, now(), 1)")
    _refresh(conn, timescale_community)
    assert conn.execute("SELECT sum(n)::int FROM hourly").fetchone() == (2,)


def test_row_level_security(conn: psycopg.Connection, timescale_community: str) -> None:
    """TimescaleDB makes no continuous aggregate of such a table: pgwright keeps the rollup."""
    conn.execute("ALTER TABLE readings ENABLE ROW LEVEL SECURITY")
    plan = plan_edits(conn, [Edit(table=READINGS, policy=DAILY)])
    assert any("row-level security" in h.message for h in plan.hazards)
    _declare(conn, DAILY)
    assert _engines(conn) == {"daily": ""}
    _refresh(conn, timescale_community)

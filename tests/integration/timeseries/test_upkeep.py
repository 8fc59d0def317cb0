"""Partitions ahead, rollups refreshed, rows retired: exactly, under writers, and after a kill."""

from __future__ import annotations

import os
import random
import re
import signal
import subprocess
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from itertools import pairwise
from pathlib import Path
from typing import Any

import psycopg
import pytest

from pgwright.checks.run import run_checks
from pgwright.kinds.timeseries.rollup_names import own_log
from pgwright.model.names import ObjectId, QualifiedName
from pgwright.model.policy import Policy, Retain, Rollup, TimeSeries
from pgwright.pg.quoting import qualified
from pgwright.timeseries.chunks import chunks
from pgwright.timeseries.declare import Edit, declare
from pgwright.timeseries.exactness import compare
from pgwright.timeseries.records import declarations
from pgwright.timeseries.retire import retire_rows
from pgwright.timeseries.run import Demand, run_policies
from pgwright.timeseries.status import policy_status
from tests.integration.diff.ways import until
from tests.integration.timeseries.hammer import SCHEMA, Hammer

READINGS = QualifiedName("public", "readings")
AGGREGATES = {"n": "count(*)", "total": "sum(value)", "highest": "max(value)"}
SECONDS = float(os.environ.get("PGWRIGHT_HAMMER_SECONDS", "5"))

ROLLUPS: tuple[Policy, ...] = (
    Rollup("daily", bucket="1 day", group_by="sensor_id", aggregates=AGGREGATES, realtime=True),
    Rollup("hourly", bucket="1 hour", group_by="sensor_id", aggregates=AGGREGATES),
    Rollup("by_sensor", group_by="sensor_id", aggregates=AGGREGATES),
)
SIX_HOURS = Rollup(
    "six_hours", bucket="6 hours", group_by="sensor_id", aggregates={"n": "sum(n)", "total": "sum(total)"}
)
MONTHLY = Rollup("monthly", bucket="1 month", aggregates={"n": "sum(n)"})
FRESH = {
    "monthly": "SELECT date_trunc('month', at, 'Europe/Oslo'), count(*)::numeric FROM readings GROUP BY 1",
    "daily": "SELECT date_trunc('day', at, 'Europe/Oslo'), sensor_id, count(*), sum(value), max(value) "
    "FROM readings GROUP BY 1, 2",
    "hourly": "SELECT date_trunc('hour', at, 'Europe/Oslo'), sensor_id, count(*), sum(value), max(value) "
    "FROM readings GROUP BY 1, 2",
    "by_sensor": "SELECT sensor_id, count(*), sum(value), max(value) FROM readings GROUP BY 1",
    "six_hours": "SELECT (date_trunc('day', l) + floor(extract(hour FROM l) / 6) * interval '6 hours') "
    "AT TIME ZONE 'Europe/Oslo', sensor_id, count(*)::numeric, sum(value) "
    "FROM (SELECT *, at AT TIME ZONE 'Europe/Oslo' AS l FROM readings) AS r GROUP BY 1, 2",
}


def _prepare(url: str, *policies: Policy, days: int = 7, zone: str = "Europe/Oslo") -> None:
    with psycopg.connect(url, autocommit=True) as conn:
        conn.execute(SCHEMA)
        with conn.transaction():
            declare(conn, [Edit(table=READINGS, policy=TimeSeries("at", "1 day", zone=zone))])
        conn.execute("ALTER TABLE readings ADD CHECK (value > -1000)")
        if conn.execute("SELECT relkind = 'p' FROM pg_class WHERE relname = 'readings'").fetchone() == (
            True,
        ):
            _partitions_back_to(conn, days)
        conn.execute(
            "INSERT INTO readings SELECT 1 + i %% 4, "
            "now() - make_interval(days => %s) + i * interval '1 minute', i %% 90 "
            "FROM generate_series(1, 5000) AS i",
            (days,),
        )
        for policy in policies:
            with conn.transaction():
                declare(conn, [Edit(table=READINGS, policy=policy)])


def _partitions_back_to(conn: psycopg.Connection, days: int) -> None:
    conn.execute("DROP TABLE readings_history")
    zone = "AT TIME ZONE 'Europe/Oslo'"
    bounds = conn.execute(
        f"SELECT to_char(d, 'YYYY_MM_DD'), (d {zone})::text, ((d + interval '1 day') {zone})::text FROM "
        f"(SELECT date_trunc('day', now() {zone}) - make_interval(days => i) AS d "
        "FROM generate_series(1, %s) AS i) AS days",
        (days + 1,),
    ).fetchall()
    for name, lower, upper in bounds:
        conn.execute(
            f"CREATE TABLE readings_p{name} PARTITION OF readings FOR VALUES FROM ('{lower}') TO ('{upper}')"
        )


def _differences(url: str, name: str, relation: str | None = None, *, zone: str = "Europe/Oslo") -> list[Any]:
    with psycopg.connect(url, autocommit=True) as conn:
        stored, fresh = f"SELECT * FROM {relation or name}", FRESH[name].replace("Europe/Oslo", zone)
        query = f"(({stored}) EXCEPT ALL ({fresh})) UNION ALL (({fresh}) EXCEPT ALL ({stored}))"
        return conn.execute(query.encode()).fetchall()


@pytest.mark.parametrize(
    ("server", "zone"),
    [
        ("server_18", "Europe/Oslo"),
        ("timescale", "Europe/Oslo"),
        ("timescale_community", "Europe/Oslo"),
        ("timescale_community", "UTC"),
    ],
)
def test_rollups_are_exact_under_a_hammer(
    server: str, zone: str, request: pytest.FixtureRequest, make_database: Any
) -> None:
    found = request.getfixturevalue(server)
    url = found if isinstance(found, str) else make_database(found)
    _prepare(url, *ROLLUPS, zone=zone)
    with psycopg.connect(url, autocommit=True) as conn:
        for policy in (SIX_HOURS, MONTHLY):
            with conn.transaction():
                declare(conn, [Edit(table=QualifiedName("public", "hourly"), policy=policy)])
        by = {r.name: r.definition.get("by") for r in declarations(conn).of("rollup")}
    continuous = {"daily", "hourly", "six_hours", "monthly"} if zone == "UTC" else set()
    assert {name for name, engine in by.items() if engine} == continuous
    failures: list[str] = []

    def refresh() -> None:
        done = run_policies(url, Demand(force=True))
        failures.extend(str(o.error) for o in done.failed)
        time.sleep(0.02)

    # TimescaleDB refuses an UPDATE that would move a row to another chunk.
    hammer = Hammer(url=url, seconds=SECONDS, moves=server == "server_18")
    hammer.run(refresh)
    assert hammer.errors == [] and failures == []
    assert hammer.statements > 100
    if not continuous:
        # The view is exact at any moment, the tables are once they were refreshed.
        assert _differences(url, "daily", "daily_live", zone=zone) == []
    run_policies(url, Demand(force=True))
    for name in FRESH:
        assert _differences(url, name, zone=zone) == [], name
    assert _differences(url, "daily", "daily_live", zone=zone) == []
    with psycopg.connect(url, autocommit=True) as conn:
        declared = declarations(conn)
        compared = [compare(conn, record, declared) for record in declared.of("rollup")]
    assert len(compared) == len(FRESH) and not any(c.differing for c in compared)


def test_retention_inside_the_hammer(database: str) -> None:
    url = database
    _prepare(url, *ROLLUPS, Retain("3 days"))
    dropped: list[str] = []

    def upkeep() -> None:
        done = run_policies(url, Demand(force=True))
        assert done.failed == ()
        dropped.extend(o.said for o in done.outcomes if o.said.startswith("dropped readings_p"))
        time.sleep(0.02)

    hammer = Hammer(url=url, seconds=SECONDS)
    hammer.run(upkeep)
    assert hammer.errors == [] and len(dropped) >= 3
    run_policies(url, Demand(force=True))
    with psycopg.connect(url, autocommit=True) as conn:
        floor, early = conn.execute(
            "SELECT floor::text, (SELECT count(*) FROM daily AS d WHERE d.bucket < p.floor) "
            "FROM pgwright.policy AS p WHERE p.name = 'daily'"
        ).fetchone() or ("", 0)
        # Below the floor is history; from there on the rollup is what there is.
        assert early > 0
        for name in ("daily", "hourly"):
            stored = f"SELECT * FROM {name} WHERE bucket >= '{floor}'"
            query = (
                f"(({stored}) EXCEPT ALL ({FRESH[name]})) UNION ALL (({FRESH[name]}) EXCEPT ALL ({stored}))"
            )
            assert conn.execute(query.encode()).fetchall() == [], name
    assert _differences(url, "by_sensor") == []


def test_retention_waits_for_the_rollups_and_leaves_their_history(database: str) -> None:
    url = database
    _prepare(url, *ROLLUPS, Retain("3 days"))
    with psycopg.connect(url, autocommit=True) as conn:
        before = conn.execute(FRESH["daily"].encode() + b" ORDER BY 1, 2").fetchall()
        preview = run_policies(url, Demand(tasks=("retire",), dry_run=True))
        # Nobody has counted their rows, unless autovacuum was quick.
        said = preview.outcomes[0].said
        assert re.fullmatch(r"would drop readings_p[\w, ]+( \(about [1-9][\d,]* rows\))?", said)
        assert len(chunks(conn, "readings")) > 8
        done = run_policies(url)
        assert not done.failed
        assert [o for o in done.outcomes if o.task == "retire" and o.said.startswith("dropped readings_p")]
        left = [c for c in chunks(conn, "readings") if c.end]
        # Three days and what is left of the fourth, today among them, and three ahead.
        assert len(left) == 4 + 3
        assert conn.execute("SELECT * FROM daily ORDER BY 1, 2").fetchall() == before
        assert conn.execute("SELECT * FROM daily_live ORDER BY 1, 2").fetchall() == before
        # What counts what there is does not count what is gone.
        run_policies(url, Demand(force=True))
        assert _differences(url, "by_sensor") == []
        with pytest.raises(psycopg.errors.CheckViolation, match="no partition of relation"):
            conn.execute("INSERT INTO readings VALUES (1, now() - interval '6 days', 1)")
        # Nothing brings a bucket of the past to be computed from rows that are no longer there.
        conn.execute("TRUNCATE readings")
        run_policies(url, Demand(force=True))
        kept = conn.execute("SELECT * FROM daily ORDER BY 1, 2").fetchall()
        assert kept and all(row in before for row in kept)
        # The definition changes, and history stays.
        more = Rollup(
            "daily",
            bucket="1 day",
            group_by="sensor_id",
            aggregates={**AGGREGATES, "lowest": "min(value)"},
            realtime=True,
        )
        with conn.transaction():
            declare(conn, [Edit(table=READINGS, policy=more)])
        conn.execute("INSERT INTO readings VALUES (7, now(), 5)")
        run_policies(url, Demand(force=True))
        assert (
            conn.execute(
                "SELECT bucket, sensor_id, n, total, highest FROM daily WHERE sensor_id < 7 ORDER BY 1, 2"
            ).fetchall()
            == kept
        )
        assert conn.execute("SELECT lowest FROM daily_live WHERE sensor_id = 7").fetchone() == (5,)


def test_a_long_reader_only_delays_retirement(database: str) -> None:
    """It holds up the second half of the detachment, which is known to the catalogs by then."""
    _prepare(database, Retain("3 days"))
    with ThreadPoolExecutor(1) as pool, psycopg.connect(database) as reader:
        reader.execute("SELECT FROM readings WHERE at > '9999-01-01'")
        running = pool.submit(run_policies, database, Demand(tasks=("retire",)))
        with psycopg.connect(database, autocommit=True) as conn:
            until(
                lambda: conn.execute("SELECT 1 FROM pg_inherits WHERE inhdetachpending").fetchone(),
                "a detachment that waits",
            )
            # Longer than a statement of the run waits for a lock.
            time.sleep(2.5)
        reader.rollback()
        assert running.result().failed == ()
        assert not reader.execute("SELECT 1 FROM pg_inherits WHERE inhdetachpending").fetchone()


def test_a_deadlock_is_tried_again(database: str) -> None:
    _prepare(database, ROLLUPS[0])
    log = own_log(QualifiedName("public", "daily"))
    with ThreadPoolExecutor(1) as pool, psycopg.connect(database) as other:
        other.execute("LOCK TABLE readings")
        running = pool.submit(run_policies, database, Demand(tasks=("refresh",), force=True))
        with psycopg.connect(database, autocommit=True) as conn:
            until(
                lambda: conn.execute(
                    "SELECT 1 FROM pg_stat_activity WHERE wait_event_type = 'Lock' "
                    "AND datname = current_database()"
                ).fetchone(),
                "a refresh that waits for the table",
            )
        # Whichever of the two the server ends, the refresh goes on.
        with suppress(psycopg.errors.DeadlockDetected):
            other.execute(psycopg.sql.SQL("LOCK TABLE {}").format(qualified(log)))
        other.rollback()
        assert running.result().failed == ()


@pytest.mark.parametrize(
    ("server", "zone"),
    [("server_18", "Europe/Oslo"), ("timescale", "Europe/Oslo"), ("timescale_community", "UTC")],
)
def test_a_killed_run_is_finished_by_the_next(
    server: str, zone: str, request: pytest.FixtureRequest, make_database: Any
) -> None:
    found = request.getfixturevalue(server)
    url = found if isinstance(found, str) else make_database(found)
    _prepare(url, *ROLLUPS, Retain("3 days"), zone=zone)
    dice, command = random.Random(7), [sys.executable, "-m", "pgwright", "policy", "run", "--yes", "--force"]  # noqa: S311
    environment = {**os.environ, "PGWRIGHT_URL": url}
    with psycopg.connect(url, autocommit=True) as conn:
        fresh = FRESH["daily"].replace("Europe/Oslo", zone) + " ORDER BY 1, 2"
        before = conn.execute(fresh.encode()).fetchall()
        for _ in range(int(os.environ.get("PGWRIGHT_KILLS", "5"))):
            process = subprocess.Popen(
                command, env=environment, cwd=Path("/"), stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
            )
            while process.poll() is None and conn.execute(_AT_WORK).fetchone() == (False,):
                time.sleep(0.005)
            time.sleep(dice.random() * 0.08)
            process.send_signal(signal.SIGKILL)
            process.wait()
        while conn.execute(_AT_WORK).fetchone() == (True,):
            time.sleep(0.02)
        done = run_policies(url, Demand(force=True))
        assert not done.failed
        run_policies(url, Demand(force=True))
        assert conn.execute("SELECT * FROM daily ORDER BY 1, 2").fetchall() == before
        assert _differences(url, "by_sensor") == []
        stray = conn.execute(
            "SELECT relname FROM pg_class "
            "WHERE relname ~ '^readings_p' AND relkind = 'r' AND NOT relispartition"
        ).fetchall()
        assert stray == []
        assert not any(s.error for s in policy_status(conn))


_AT_WORK = (
    b"SELECT EXISTS (SELECT FROM pg_stat_activity "
    b"WHERE application_name = 'pgwright policy run' AND datname = current_database())"
)


def test_one_failure_does_not_stop_the_rest(database: str) -> None:
    url = database
    _prepare(url, *ROLLUPS, Retain("3 days"))
    with psycopg.connect(url) as holder, psycopg.connect(url, autocommit=True) as conn:
        oldest = min(c.name for c in chunks(conn, "readings"))
        holder.execute(b"LOCK TABLE " + oldest.encode() + b" IN ROW EXCLUSIVE MODE")
        conn.execute("DROP TABLE pgwright.public_hourly_log")
        done = run_policies(url, Demand(force=True))
        failed = {(o.task, o.subject) for o in done.failed}
        assert ("refresh", "public.hourly") in failed
        assert ("refresh", "public.daily") not in failed
        assert done.run is not None and done.run.error is not None and "public_hourly_log" in done.run.error
        [finding] = [f for f in run_checks(url, only=["policy_not_kept"]).findings if "hourly" in f.subject]
        assert "public_hourly_log" in finding.message
        # What is broken is not mended by another run.
        assert finding.hint == "pgwright policy plan; then pgwright policy apply"


def test_partitions_are_made_ahead_of_the_newest_row_and_of_now(database: str) -> None:
    with psycopg.connect(database, autocommit=True) as conn:
        conn.execute(SCHEMA)
        with conn.transaction():
            declare(conn, [Edit(table=READINGS, policy=TimeSeries("at", "1 month", ahead=2))])
        names = [c.name for c in chunks(conn, "readings")]
        assert names.pop(0) == "public.readings_history"
        assert len(names) == 3
        assert [o.said for o in run_policies(database).outcomes] == ["enough ahead"]
        # Somebody writes into the future: the table follows.
        conn.execute("INSERT INTO readings VALUES (1, date_trunc('month', now()) + interval '2 months', 1)")
        run_policies(database)
        assert len(chunks(conn, "readings")) == 6
        # Idle for long: what is missing up to now is made without a gap.
        for chunk in chunks(conn, "readings")[1:]:
            conn.execute(b"DROP TABLE " + chunk.name.encode())
        assert not run_policies(database).failed
        ends = [(c.start, c.end) for c in chunks(conn, "readings")]
        assert all(one[1] == other[0] for one, other in pairwise(ends))


def test_rows_that_are_retired_are_no_late_changes(database: str) -> None:
    with psycopg.connect(database, autocommit=True) as conn:
        conn.execute(SCHEMA)
        for policy in (
            Retain("3 days", column="at"),
            Rollup("hourly", bucket="1 hour", column="at", aggregates={"n": "count(*)"}),
        ):
            with conn.transaction():
                declare(conn, [Edit(table=READINGS, policy=policy)])
        conn.execute(
            "INSERT INTO readings SELECT i, now() - i * interval '1 hour', i "
            "FROM generate_series(1, 200) AS i"
        )
        for late in (0, 1):
            for _ in range(2):
                assert not run_policies(database, Demand(force=True)).failed
            states = [s.state for s in policy_status(conn) if s.kind == "rollup"]
            assert states == (["1 late change below its floor left out"] if late else ["ok"])
            assert conn.execute("SELECT sum(n) FROM hourly").fetchone() == (200,)
            # One that really comes late is counted, though it is retired as well.
            conn.execute("INSERT INTO readings VALUES (1, now() - interval '150 hours', 1)")
        # So is one that comes between the last refresh and the retirement.
        declared = declarations(conn)
        assert [*retire_rows(conn, declared.of("retention")[0], declared, ObjectId("table", READINGS))] == [1]
        states = [s.state for s in policy_status(conn) if s.kind == "rollup"]
        assert states == ["2 late changes below its floor left out"]


def test_rollups_over_a_rollup_outlive_its_rows(database: str) -> None:
    _prepare(database, Rollup("hourly", bucket="1 hour", aggregates={"n": "count(*)"}, retain="2 days"))
    with psycopg.connect(database, autocommit=True) as conn:
        with conn.transaction():
            daily = Rollup("daily", bucket="1 day", aggregates={"n": "sum(n)"})
            declare(conn, [Edit(table=QualifiedName("public", "hourly"), policy=daily)])
        for _ in range(2):
            assert not run_policies(database, Demand(tasks=("refresh",), force=True)).failed
            counted = conn.execute(
                "SELECT sum(n) FROM daily UNION ALL SELECT count(*) FROM readings"
            ).fetchall()
            assert counted[0] == counted[1]
        old = "SELECT count(*) FROM hourly WHERE bucket < now() - interval '4 days'"
        assert conn.execute(old).fetchone() == (0,)
        assert {s.state for s in policy_status(conn) if s.kind == "rollup"} == {"ok"}

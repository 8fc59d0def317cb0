"""What upkeep does, and says, where somebody changed by hand what is declared."""

from __future__ import annotations

from itertools import pairwise
from typing import Any

import psycopg
import pytest

from pgwright.checks.run import run_checks
from pgwright.model.names import QualifiedName
from pgwright.model.policy import Retain, Rollup, TimeSeries
from pgwright.timeseries.chunks import chunks
from pgwright.timeseries.declare import Edit, declare
from pgwright.timeseries.run import Demand, run_policies
from pgwright.timeseries.status import policy_status
from tests.integration.diff.ways import until

READINGS = QualifiedName("public", "readings")
SCHEMA = "CREATE TABLE readings (id integer, at timestamptz, value integer, PRIMARY KEY (id, at))"
POLICIES = (
    TimeSeries("at", "1 day"),
    Retain("30 days"),
    Rollup("hourly", bucket="1 hour", aggregates={"n": "count(*)", "total": "sum(value)"}),
)
TODAY = "date_trunc('day', now(), 'UTC')"


def _prepare(conn: psycopg.Connection) -> None:
    conn.execute(SCHEMA)
    with conn.transaction():
        declare(conn, [Edit(table=READINGS, policy=policy) for policy in POLICIES])
    conn.execute(
        "INSERT INTO readings SELECT i, now() - i * interval '1 hour', i FROM generate_series(1, 9) AS i"
    )


def _partition(conn: psycopg.Connection, name: str, lower: str, upper: str) -> None:
    text = f"CREATE TABLE {name} PARTITION OF readings FOR VALUES FROM (%L) TO (%L)"
    conn.execute(f"DO $$ BEGIN EXECUTE format('{text}', {lower}, {upper}); END $$".encode())


def _states(conn: psycopg.Connection) -> dict[str, str]:
    return {s.kind: s.state for s in policy_status(conn)}


def _failures(url: str) -> dict[str, Any]:
    return {o.task: o.error for o in run_policies(url, Demand(force=True)).failed}


@pytest.mark.parametrize("server", ["server_12", "server_18"])
def test_partitions_follow_on_each_other_whatever_lies_behind_them(
    server: str, request: pytest.FixtureRequest, make_database: Any
) -> None:
    url = make_database(request.getfixturevalue(server))
    with psycopg.connect(url, autocommit=True) as conn:
        _prepare(conn)
        assert not _failures(url)
        assert _states(conn)["time_series"] == "ok"
        made = [c for c in chunks(conn, "readings") if c.start]
        last = made[-1].name
        conn.execute(f"DROP TABLE {last}".encode())
        # Another table has the name, half of the day is taken, and a date that cannot be right lies behind.
        conn.execute(f"CREATE TABLE {last} (id integer)".encode())
        _partition(conn, "evening", f"{TODAY} + interval '3 days 18 hours'", f"{TODAY} + interval '9 days'")
        _partition(conn, "astray", "timestamptz '2500-01-01'", "timestamptz '2500-01-02'")
        conn.execute("INSERT INTO readings VALUES (1, '2500-01-01 10:00+00', 1)")
        assert "2 partitions ahead, 3 wanted" in _states(conn)["time_series"]
        (outcome,) = run_policies(url, Demand(tasks=("partitions",))).outcomes
        assert outcome.said.startswith(f"made {last.partition('.')[2]}_2; its newest row is of 2500-01-01")
        assert _states(conn)["time_series"] == "ok"
        found = [c for c in chunks(conn, "readings") if c.name != "public.astray"]
        assert found[-1].name == "public.evening"
        assert all(one.end == other.start for one, other in pairwise(found))
        # What follows now is missing altogether, and only that is made.
        for chunk in found[1:]:
            conn.execute(f"DROP TABLE {chunk.name}".encode())
        (standing,) = [s for s in policy_status(conn) if s.kind == "time_series"]
        assert standing.urgent
        assert not _failures(url)
        assert len(chunks(conn, "readings")) == 1 + 4 + 1
        conn.execute(
            f"INSERT INTO readings SELECT 2, {TODAY} + i * interval '1 day', 2 "
            "FROM generate_series(0, 3) AS i".encode()
        )


def test_says_what_is_not_there_any_more(database: str) -> None:
    with psycopg.connect(database, autocommit=True) as conn:
        _prepare(conn)
        assert not _failures(database)
        conn.execute("ALTER TABLE readings RENAME COLUMN value TO measured")
        conn.execute("INSERT INTO readings VALUES (99, now(), 1)")
        error = _failures(database)["refresh"]
        assert 'column "value" does not exist' in error and "pgwright policy plan" in error
        conn.execute("ALTER TABLE readings RENAME COLUMN measured TO value")
        assert not _failures(database)
        conn.execute("ALTER TABLE readings RENAME COLUMN at TO happened")
        # Partitions know their column by its number, the functions of the rollup know it by its name.
        assert not _failures(database)
        states = _states(conn)
        assert states.pop("rollup").startswith("columns that it names were renamed")
        assert set(states.values()) == {"ok"}
        with pytest.raises(psycopg.errors.UndefinedColumn):
            conn.execute("INSERT INTO readings VALUES (99, now() - interval '1 hour', 1)")
        conn.execute("ALTER TABLE readings RENAME COLUMN happened TO at")
        assert not _failures(database) and set(_states(conn).values()) == {"ok"}
        # A day is old enough to go, but the rollup does not know its rows: they stay.
        _partition_of_old_rows(conn)
        conn.execute("ALTER TABLE readings DISABLE TRIGGER ALL")
        failed = _failures(database)
        assert set(failed) == {"refresh", "retire"} and "lost a part" in failed["retire"]
        assert conn.execute("SELECT count(*) FROM readings WHERE id = 500").fetchone() == (1,)
        conn.execute("ALTER TABLE readings ENABLE TRIGGER ALL")
        conn.execute("DROP TABLE hourly")
        assert "lost a part: public.hourly" in _failures(database)["refresh"]
        conn.execute("DROP TABLE readings CASCADE")
        outcomes = run_policies(database).outcomes
        assert sorted(o.subject for o in outcomes) == ["retention", "rollup hourly", "time series"]
        assert {o.task for o in outcomes} == {"forget"}
        assert run_policies(database).outcomes == () and policy_status(conn) == ()


def _partition_of_old_rows(conn: psycopg.Connection) -> None:
    conn.execute("DROP TABLE readings_history")
    _partition(conn, "old", f"{TODAY} - interval '60 days'", f"{TODAY} - interval '59 days'")
    conn.execute(f"INSERT INTO readings VALUES (500, {TODAY} - interval '59 days 5 hours', 5)".encode())


@pytest.mark.parametrize("column", ["timestamp", "date"])
def test_partitions_by_other_types(database: str, column: str) -> None:
    with psycopg.connect(database, autocommit=True) as conn:
        conn.execute(SCHEMA.replace("timestamptz", column).encode())
        with conn.transaction():
            declare(conn, [Edit(table=READINGS, policy=TimeSeries("at", "1 month", ahead=2))])
        last = chunks(conn, "readings")[-1].name
        conn.execute(f"DROP TABLE {last}".encode())
        assert "1 partition ahead, 2 wanted" in _states(conn)["time_series"]
        assert [o.said for o in run_policies(database).outcomes] == [f"made {last.partition('.')[2]}"]
        assert _states(conn)["time_series"] == "ok"


def test_a_rollup_without_an_index_for_its_rows_is_a_finding(database: str) -> None:
    by_sensor = Rollup("by_sensor", group_by="value", aggregates={"n": "count(*)"})

    def found() -> list[str]:
        return [f.subject for f in run_checks(database, only=["rollup_without_index"]).findings]

    with psycopg.connect(database, autocommit=True) as conn:
        _prepare(conn)
        with conn.transaction():
            declare(conn, [Edit(table=READINGS, policy=by_sensor)])
        assert found() == []
        conn.execute(
            "INSERT INTO readings SELECT i, now() - i * interval '1 second', i % 9 "
            "FROM generate_series(10, 12000) AS i; ANALYZE readings"
        )
        assert found() == [
            "rollup:public.by_sensor:public.readings",
            "rollup:public.hourly:public.readings",
        ]
        conn.execute("CREATE INDEX ON readings (at); CREATE INDEX ON readings (value)")
        assert found() == []


def test_a_partition_that_cannot_be_made_stops_no_other(database: str) -> None:
    with psycopg.connect(database, autocommit=True) as conn:
        conn.execute("CREATE TABLE readings (at timestamptz NOT NULL, value int)")
        with conn.transaction():
            declare(conn, [Edit(table=READINGS, policy=TimeSeries("at", "1 day", ahead=1))])
        conn.execute("CREATE TABLE odd PARTITION OF readings DEFAULT")
        conn.execute("INSERT INTO readings VALUES (now() + interval '3 days', 1)")
        with conn.transaction():
            declare(conn, [Edit(table=READINGS, policy=TimeSeries("at", "1 day", ahead=6))])
        done = run_policies(database, Demand(tasks=("partitions",)))
        assert [o.count for o in done.outcomes if not o.error] == [7]
        (failed,) = done.failed
        assert failed.error and "1 partition could not be made: readings_p" in failed.error
        conn.execute("DELETE FROM odd")
        assert not run_policies(database, Demand(tasks=("partitions",))).failed
        # Of the past none is made where there was none.
        for piece in (c.name for c in chunks(conn, "readings")):
            conn.execute(f"DROP TABLE {piece}".encode())
        assert [o.count for o in run_policies(database, Demand(tasks=("partitions",))).outcomes] == [7]


def test_a_job_of_timescaledb_that_fails_is_told(timescale_community: str) -> None:
    with psycopg.connect(timescale_community, autocommit=True) as conn:
        conn.execute(SCHEMA)
        shares = Rollup("shares", bucket="1 hour", aggregates={"share": "sum(1 / value)"})
        with conn.transaction():
            declare(conn, [Edit(table=READINGS, policy=policy) for policy in (*POLICIES[:2], shares)])
        conn.execute("INSERT INTO readings VALUES (1, now() - interval '2 hours', 0)")
        start_now = "SELECT alter_job(job_id, next_start => now()) FROM timescaledb_information.jobs"
        conn.execute(f"{start_now} WHERE proc_name LIKE 'policy_refresh%'".encode())
        said = "TimescaleDB's job failed: division by zero"
        until(lambda: said in _states(conn)["rollup"], "the job to fail", patience=60)
        assert _states(conn)["retention"] == "ok"

"""Columns of a time series that are renamed take partitions, rollups and their history along."""

from __future__ import annotations

from dataclasses import replace
from itertools import count

import psycopg
import pytest

from pgwright.errors import PolicyError
from pgwright.model.names import QualifiedName
from pgwright.model.policy import Policy, Retain, Rollup, TimeSeries
from pgwright.timeseries import refresh as refreshing
from pgwright.timeseries.declare import Edit, declare, plan_edits
from pgwright.timeseries.records import declarations
from pgwright.timeseries.run import Demand, run_policies
from tests.conftest import MakeDatabase
from tests.servers.running import Server

READINGS = QualifiedName("public", "readings")
HOURLY = QualifiedName("public", "hourly")
COUNT = {"n": "count(*)"}
KEPT = Edit(table=READINGS, policy=Retain("30 days"))
FORCED = Demand(force=True)
TABLE = "CREATE TABLE readings (id int, at timestamptz, kind text, sort_2 text, PRIMARY KEY (id, at))"
ROWS = "INSERT INTO readings SELECT {}, now() - i * interval '1 hour', i % 3 FROM generate_series(1, {}) AS i"


def _policies(at: str, kind: str) -> list[tuple[QualifiedName, Policy]]:
    hourly = Rollup("hourly", bucket="1 hour", group_by=kind, aggregates=COUNT, realtime=True)
    return [
        (READINGS, TimeSeries(at, "1 day")),
        (READINGS, hourly),
        (HOURLY, Rollup("daily", bucket="1 day", group_by=kind, aggregates={"n": "sum(n)"}, of="hourly")),
        (READINGS, Rollup("kinds", group_by=kind, aggregates=COUNT)),
    ]


def _edits(at: str, kind: str) -> list[Edit]:
    return [Edit(table=table, policy=policy) for table, policy in _policies(at, kind)]


@pytest.mark.parametrize("at_once", [True, False])
def test_renamed_columns_are_followed(
    make_database: MakeDatabase, server_12: Server, server_18: Server, at_once: bool
) -> None:
    url = make_database(server_12 if at_once else server_18)
    with psycopg.connect(url, autocommit=True) as conn:
        conn.execute(TABLE)
        with conn.transaction():
            declare(conn, _edits("at", "kind"))
        conn.execute(ROWS.format("i", 9).encode())
        run_policies(url, FORCED)
        # Of rows that were retired the rollup alone knows.
        conn.execute("INSERT INTO hourly VALUES ('2001-01-01', 'old', 7)")
        conn.execute("UPDATE pgwright.policy SET floor = '2002-01-01' WHERE name = 'hourly'")
        conn.execute("ALTER TABLE readings RENAME at TO seen")
        conn.execute("ALTER TABLE readings RENAME kind TO sort")
        # A migration of Django declares one after the other.
        edits = _edits("seen", "sort")
        for some in [edits] if at_once else [[edit] for edit in edits]:
            with conn.transaction():
                declare(conn, some)
        assert not plan_edits(conn, edits).steps
        conn.execute("INSERT INTO readings VALUES (1, now(), 'new')")
        run_policies(url, FORCED)
        assert conn.execute("SELECT n FROM hourly WHERE sort = 'old'").fetchall() == [(7,)]
        fresh = "SELECT sort, count(*) FROM readings GROUP BY 1"
        for rollup in ("hourly", "daily", "hourly_live"):
            sums = f"SELECT sort, sum(n) FROM {rollup} WHERE sort <> 'old' GROUP BY 1"
            assert (
                conn.execute(f"({sums} EXCEPT {fresh}) UNION ALL ({fresh} EXCEPT {sums})".encode()).fetchall()
                == []
            )
        assert conn.execute(f"TABLE kinds EXCEPT {fresh}".encode()).fetchall() == []


@pytest.mark.parametrize("engine", ["database", "timescale"])
def test_the_time_column_alone(engine: str, request: pytest.FixtureRequest) -> None:
    url = request.getfixturevalue(engine)
    with psycopg.connect(url, autocommit=True) as conn:
        conn.execute(TABLE)
        with conn.transaction():
            declare(conn, _edits("at", "kind"))
        conn.execute("ALTER TABLE readings RENAME at TO seen")
        with conn.transaction():
            # The rollups name no time column, and are no part of such a migration.
            declare(conn, [Edit(table=READINGS, policy=TimeSeries("seen", "1 day"))])
        conn.execute("INSERT INTO readings VALUES (1, now(), 'new')")
        assert not run_policies(url, FORCED).failed
        assert conn.execute("SELECT kind, n FROM hourly").fetchall() == [("new", 1)]
        assert not plan_edits(conn, _edits("seen", "kind")).steps


def test_continuous_aggregates_keep_their_history(timescale_community: str) -> None:
    with psycopg.connect(timescale_community, autocommit=True) as conn:
        conn.execute(TABLE)
        first, *others = _edits("at", "kind")
        summed = {"n": "count(*)", "most": "max(sort_2)"}
        sums = Rollup("sums", bucket="1 hour", group_by="kind", aggregates=summed, where="sort_2 <> 'at'")
        with conn.transaction():
            declare(conn, [first, KEPT, *others[:-1], Edit(table=READINGS, policy=sums)])
        rows = (
            "INSERT INTO readings SELECT i, now() - i * interval '1 day', 'k', 'x' FROM generate_series({}) i"
        )
        conn.execute(rows.format("1, 60").encode())
        assert not run_policies(timescale_community, FORCED).failed
        conn.execute("SELECT drop_chunks('readings', now() - interval '30 days')")
        for old, new in (("at", "seen"), ("kind", "sort"), ("sort_2", "third")):
            conn.execute(f"ALTER TABLE readings RENAME {old} TO {new}".encode())
        first, *others = _edits("seen", "sort")
        summed = {"n": "count(*)", "most": "max(third)"}
        sums = Rollup("sums", bucket="1 hour", group_by="sort", aggregates=summed, where="third <> 'at'")
        edits = [first, KEPT, *others[:-1], Edit(table=READINGS, policy=sums)]
        plan = plan_edits(conn, edits)
        assert not [h for step in plan.steps for h in step.hazards]
        with conn.transaction():
            declare(conn, edits)
        assert not plan_edits(conn, edits).steps
        conn.execute(rows.replace("now()", "now() + interval '6 days'").format("1, 5").encode())
        assert not run_policies(timescale_community, FORCED).failed
        for rollup in ("hourly", "hourly_live", "daily", "sums"):
            found = conn.execute(f"SELECT sort, sum(n) FROM {rollup} GROUP BY 1".encode()).fetchall()
            assert found == [("k", 65)], rollup
        with pytest.raises(PolicyError, match="sums would be made anew"), conn.transaction():
            sums = Rollup("sums", bucket="1 hour", aggregates=summed)
            declare(conn, [Edit(table=READINGS, policy=sums)])


def test_another_column_is_no_renamed_one(database: str) -> None:
    with psycopg.connect(database, autocommit=True) as conn:
        conn.execute(TABLE)
        with conn.transaction():
            declare(conn, _edits("at", "kind"))
        conn.execute("INSERT INTO readings VALUES (1, now(), 'a', 'b')")
        run_policies(database, FORCED)
        with conn.transaction():
            declare(conn, _edits("at", "sort_2"))
        run_policies(database, FORCED)
        assert (
            conn.execute("SELECT sort_2 FROM hourly UNION ALL SELECT sort_2 FROM kinds").fetchall()
            == [("b",)] * 2
        )
        # Its history is not given up for another rollup of its name, unless it is ended before.
        conn.execute("UPDATE pgwright.policy SET floor = now() WHERE name = 'hourly'")
        again = [edit for edit in _edits("at", "kind") if edit.policy.name == "hourly"]
        with pytest.raises(PolicyError, match="hourly would be made anew"), conn.transaction():
            declare(conn, again)
        daily, hourly = _edits("at", "sort_2")[2:0:-1]
        ended = [replace(edit, gone=True) for edit in (daily, hourly)]
        for edits in (ended, again):
            with conn.transaction():
                declare(conn, edits)


def test_a_refresh_ends_however_much_is_noted_meanwhile(
    database: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(refreshing, "_BUCKETS_AT_ONCE", 5)
    with psycopg.connect(database, autocommit=True) as conn:
        conn.execute(TABLE)
        with conn.transaction():
            declare(conn, _edits("at", "kind"))
        numbers = count()

        def write(*_: object) -> None:
            number = next(numbers)
            assert number < 10
            conn.execute(ROWS.format(number, 20).encode())

        write()
        declared = declarations(conn)
        (hourly,) = (r for r in declared.of("rollup") if r.name == "hourly")
        refreshing.refresh(conn, hourly, declared, progress=write)
        assert conn.execute("SELECT count(*) FROM hourly").fetchone() == (20,)

"""Views of rollups over rollups: they know every row at once, and read no more than they must."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import psycopg
import pytest

from pgwright.diff.apply import apply_plan
from pgwright.diff.comparison import Comparison
from pgwright.diff.proposal import propose
from pgwright.model.names import QualifiedName
from pgwright.model.policy import Policy, Rollup, TimeSeries
from pgwright.model.selection import Selection
from pgwright.sources.database import read_catalog
from pgwright.timeseries.declare import Edit, declare, edited
from pgwright.timeseries.run import Demand, run_policies
from pgwright.timeseries.status import policy_status
from tests.integration.timeseries.hammer import SCHEMA

HOURLY: dict[str, Any] = {"bucket": "1 hour", "group_by": "sensor_id", "aggregates": {"n": "count(*)"}}
DAILY: dict[str, Any] = {"bucket": "1 day", "group_by": "sensor_id", "aggregates": {"n": "sum(n)"}}
LEVELS: tuple[tuple[str, Policy], ...] = (
    ("readings", TimeSeries("at", "1 day", zone="Europe/Oslo")),
    ("readings", Rollup("hourly", realtime=True, **HOURLY)),
    ("hourly", Rollup("daily", realtime=True, **DAILY)),
    ("daily", Rollup("monthly", bucket="1 month", aggregates={"n": "sum(n)"}, realtime=True)),
    ("hourly", Rollup("by_sensor", group_by="sensor_id", aggregates={"n": "sum(n)"}, realtime=True)),
)
FRESH = {
    "hourly": "SELECT date_trunc('hour', at, 'Europe/Oslo'), sensor_id, count(*) FROM readings GROUP BY 1, 2",
    "daily": "SELECT date_trunc('day', at, 'Europe/Oslo'), sensor_id, count(*)::numeric FROM readings "
    "GROUP BY 1, 2",
    "monthly": "SELECT date_trunc('month', at, 'Europe/Oslo'), count(*)::numeric FROM readings GROUP BY 1",
    "by_sensor": "SELECT sensor_id, count(*)::numeric FROM readings GROUP BY 1",
}


def _declare(url: str, *edits: tuple[str, Policy]) -> None:
    with psycopg.connect(url) as conn:
        declare(conn, [Edit(table=QualifiedName("public", table), policy=policy) for table, policy in edits])


@pytest.fixture
def hierarchy(database: str) -> str:
    return _declared(database)


def _declared(database: str) -> str:
    with psycopg.connect(database, autocommit=True) as conn:
        conn.execute(SCHEMA)
    for level in LEVELS:
        _declare(database, level)
    with psycopg.connect(database, autocommit=True) as conn:
        conn.execute(
            "INSERT INTO readings SELECT i % 3, now() - i * interval '1 hour', 1 "
            "FROM generate_series(1, 200) AS i"
        )
    return database


def _refresh(url: str, *rollups: str) -> None:
    """Refresh some rollups, or all until nothing is left."""
    for _ in range(1 if rollups else 3):
        assert not run_policies(url, Demand(tasks=("refresh",), only=rollups, force=True)).failed


def _require_exact(conn: psycopg.Connection[Any]) -> None:
    """Require that each view shows what the rows add up to."""
    for name, fresh in FRESH.items():
        query = (
            f"((TABLE {name}_live) EXCEPT ALL ({fresh})) UNION ALL (({fresh}) EXCEPT ALL (TABLE {name}_live))"
        )
        assert not conn.execute(query.encode()).fetchall(), name


CHANGES = (
    "INSERT INTO readings VALUES (7, now(), 1)",
    "INSERT INTO readings VALUES (8, now() - interval '5 days', 1)",
    "UPDATE readings SET sensor_id = 9 WHERE sensor_id = 2 AND at > now() - interval '2 days'",
    "UPDATE readings SET at = at - interval '1 day' WHERE sensor_id = 7",
    "DELETE FROM readings WHERE sensor_id = 1 AND at < now() - interval '6 days'",
    "DELETE FROM readings WHERE sensor_id = 9",
)


def test_views_know_what_no_level_has_refreshed(engine: str) -> None:
    hierarchy = _declared(engine)
    with psycopg.connect(hierarchy, autocommit=True) as conn:
        _require_exact(conn)
        _refresh(hierarchy)
        _require_exact(conn)
        hypertable = conn.execute("SELECT 1 FROM pg_extension WHERE extname = 'timescaledb'").fetchone()
        # TimescaleDB lets no row leave its chunk.
        for change in (c for c in CHANGES if not (hypertable and "SET at" in c)):
            conn.execute(change.encode())
            _require_exact(conn)
        for number, name in enumerate(("hourly", "daily", "by_sensor", "monthly")):
            conn.execute("INSERT INTO readings VALUES (%s, now() - interval '30 hours', 1)", (10 + number,))
            _refresh(hierarchy, f"public.{name}")
            _require_exact(conn)
        conn.execute("TRUNCATE readings")
        _require_exact(conn)
        _refresh(hierarchy)
        _require_exact(conn)


def test_views_follow_a_rollup_that_changes_below_them(hierarchy: str) -> None:
    """Those over it read its columns: they go while these change, and come back."""
    _refresh(hierarchy)
    more = HOURLY | {"aggregates": {"n": "count(*)", "highest": "max(value)"}}
    with psycopg.connect(hierarchy, autocommit=True) as conn:
        for definition in (more, HOURLY, HOURLY | {"where": "sensor_id < 100"}, HOURLY):
            _declare(hierarchy, ("readings", Rollup("hourly", realtime=True, **definition)))
            conn.execute("INSERT INTO readings VALUES (1, clock_timestamp(), 1)")
            if "highest" not in definition["aggregates"]:
                _require_exact(conn)
        # Both levels in one plan.
        _declare(
            hierarchy,
            ("readings", Rollup("hourly", realtime=True, **more)),
            (
                "hourly",
                Rollup(
                    "daily", realtime=True, **DAILY | {"aggregates": {"n": "sum(n)", "h": "max(highest)"}}
                ),
            ),
        )
        conn.execute("INSERT INTO readings VALUES (1, clock_timestamp(), 500)")
        assert conn.execute("SELECT max(h) FROM daily_live").fetchone() == (500,)
        assert (
            conn.execute("SELECT sum(n) FROM monthly_live").fetchone()
            == conn.execute("SELECT count(*) FROM readings").fetchone()
        )


def test_a_view_reads_only_partitions_that_changed(hierarchy: str) -> None:
    _refresh(hierarchy)
    with psycopg.connect(hierarchy, autocommit=True) as conn:
        # In the last hour of a day, the end of its bucket would be the start of the next partition.
        noon = "date_trunc('day', now(), 'Europe/Oslo') + interval '12 hours 1 second'"
        conn.execute(f"INSERT INTO readings VALUES (1, {noon}, 1)".encode())
        for name in ("hourly", "daily", "monthly"):
            ((plan,),) = conn.execute(f"EXPLAIN (ANALYZE, FORMAT JSON) TABLE {name}_live".encode()).fetchall()
            read = {
                n["Relation Name"]
                for n in _nodes(plan[0]["Plan"])
                if n["Actual Loops"] and "Relation Name" in n
            }
            assert len({name for name in read if name.startswith("readings_p")}) == 1


def _nodes(plan: dict[str, Any]) -> Iterator[dict[str, Any]]:
    yield plan
    for part in plan.get("Plans", ()):
        yield from _nodes(part)


def test_views_of_an_earlier_version_are_replaced(hierarchy: str) -> None:
    with psycopg.connect(hierarchy, autocommit=True) as conn:
        assert {s.state for s in policy_status(conn) if "earlier" in s.state} == set()
        conn.execute("CREATE OR REPLACE VIEW daily_live AS SELECT bucket, sensor_id, n FROM daily")
        conn.execute("CREATE VIEW over AS SELECT n FROM daily_live")
        conn.execute("UPDATE pgwright.policy SET definition = definition - 'live' WHERE name = 'daily'")
        assert [s.name for s in policy_status(conn) if "earlier version" in s.state] == ["daily"]
        before = read_catalog(conn, source="live")
        daily = LEVELS[2]
        after = edited(before, [Edit(table=QualifiedName("public", daily[0]), policy=daily[1])])
        proposal = propose(Comparison(before=before, after=after, selection=Selection()))
        assert proposal.rehearsal is not None
        (made, _) = proposal.plan.steps
        assert made.sql.startswith("CREATE OR REPLACE VIEW public.daily_live AS")
        assert not apply_plan(hierarchy, proposal.plan, proposal.ends).remaining
        query = f"SELECT count(*) FROM (TABLE daily_live EXCEPT ALL ({FRESH['daily']})) AS d"
        assert conn.execute(query.encode()).fetchone() == (0,)
        assert conn.execute("SELECT sum(n) FROM over").fetchone() == (200,)


def test_views_of_users_come_back_over_a_live_view_that_changes(hierarchy: str) -> None:
    with psycopg.connect(hierarchy, autocommit=True) as conn:
        conn.execute("CREATE VIEW a_over AS SELECT n FROM daily_live; CREATE VIEW b_over AS TABLE a_over")
        conn.execute("GRANT SELECT ON a_over TO PUBLIC")
        before = read_catalog(conn, source="live")
        more = Rollup("daily", realtime=True, **DAILY | {"aggregates": {"n": "sum(n)", "h": "max(n)"}})
        after = edited(before, [Edit(table=QualifiedName("public", "hourly"), policy=more)])
        proposal = propose(Comparison(before=before, after=after, selection=Selection()))
        assert proposal.rehearsal is not None
        assert not apply_plan(hierarchy, proposal.plan, proposal.ends).remaining
        assert conn.execute("SELECT sum(n) FROM b_over").fetchone() == (200,)
        assert conn.execute("SELECT max(h) FROM daily_live").fetchone() == (1,)

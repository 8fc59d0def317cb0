"""Every option of every declaration comes about, is read back, changes with the code, and counts right."""

from __future__ import annotations

from pathlib import Path

import psycopg
import pytest

from pgwright.diff.apply import apply_plan
from pgwright.diff.comparison import compare_sources
from pgwright.diff.proposal import propose
from pgwright.model.policy import Rollup
from pgwright.sources.workshop import Workshop
from pgwright.timeseries.run import Demand, run_policies
from tests.integration.timeseries.options import CHANGES

WORKSHOP = Workshop(root=Path(__file__).parents[3])
ALLOWED = ("deletes-data", "locks-readers", "rewrites-table", "long-running")


def _bring(url: str, models: str) -> None:
    spec = f"sqlalchemy:tests.integration.timeseries.options:{models}"
    proposal = propose(compare_sources(url, spec, workshop=WORKSHOP))
    assert proposal.plan
    done = apply_plan(url, proposal.plan, proposal.ends, allow=ALLOWED)
    assert not done.remaining
    assert [str(c) for c in compare_sources(url, spec, workshop=WORKSHOP).changes] == []


def _fill(conn: psycopg.Connection) -> None:
    conn.execute("INSERT INTO visits SELECT 1 + i % 3, i % 4 FROM generate_series(1, 20) AS i")
    for table, *_ in CHANGES:
        conn.execute(
            f"INSERT INTO {table} SELECT 1 + i % 3, now() - i * interval '7 minutes', "
            "now() - i * interval '9 minutes', i % 2, i % 11 FROM generate_series(1, 600) AS i".encode()
        )


def _refresh(url: str, conn: psycopg.Connection) -> None:
    assert not run_policies(url, Demand(force=True)).failed
    if conn.execute("SELECT to_regclass('timescaledb_information.continuous_aggregates')").fetchone() == (
        None,
    ):
        return
    for (view,) in conn.execute(
        "SELECT view_name::text FROM timescaledb_information.continuous_aggregates "
        # Those of rows before those of other aggregates.
        "ORDER BY hypertable_name LIKE 'rollup%' DESC"
    ).fetchall():
        conn.execute(f"CALL refresh_continuous_aggregate('{view}', NULL, NULL)".encode())


@pytest.mark.parametrize("engine", ["native-18", "apache", "community"], indirect=True)
def test_every_option(engine: str) -> None:
    for which, models in enumerate(("FIRST", "THEN"), start=1):
        _bring(engine, models)
        with psycopg.connect(engine, autocommit=True) as conn:
            if which == 1:
                _fill(conn)
            _refresh(engine, conn)
            for change in CHANGES:
                assert conn.execute(f"SELECT count(*) FROM {change[0]}".encode()).fetchone() == (600,)
                for rollup in [declared.policy for declared in change[1:][which - 1]]:
                    if isinstance(rollup, Rollup) and not rollup.joins:
                        name, total = (
                            dict(rollup.aggregates),
                            f" WHERE {rollup.where}" if rollup.where else "",
                        )
                        assert "total" in name
                        counted = conn.execute(
                            f"SELECT (SELECT sum(total) FROM {rollup.name}), "
                            f"(SELECT sum(value) FROM {change[0]}{total})".encode()
                        ).fetchone()
                        assert counted is not None and counted[0] == counted[1] is not None, rollup
            where = " WHERE length > 1" if which == 2 else ""
            joined = conn.execute(
                "SELECT (SELECT sum(seen) FROM rollup_joins_all), (SELECT count(*) FROM rollup_joins "
                f"JOIN visits USING (sensor_id){where})".encode()
            ).fetchone()
            assert joined is not None
            # Each sensor of three has 200 rows; the rollup adds up the visits of each of them.
            assert joined[0] == joined[1] > 0

"""Tables over time in a database whose tables are all published: pgwright's own are written all the same."""

from __future__ import annotations

from typing import Any

import psycopg
import pytest

from pgwright.model.names import QualifiedName
from pgwright.model.policy import Policy, Retain, Rollup, TimeSeries
from pgwright.sources.workshop import Workshop
from pgwright.timeseries.convert.proposal import propose_way_back
from pgwright.timeseries.convert.run import convert
from pgwright.timeseries.declare import Edit, declare
from pgwright.timeseries.exactness import compare
from pgwright.timeseries.records import declarations
from pgwright.timeseries.run import Demand, run_policies
from tests.conftest import MakeDatabase
from tests.integration.cli.running import pgwright
from tests.integration.timeseries.test_convert import ROOT, SPEC, _prepare

READINGS = QualifiedName("public", "readings")
SUMS = {"n": "count(*)", "total": "sum(value)"}
POLICIES: tuple[Policy, ...] = (
    TimeSeries("at", "1 month"),
    Retain("6 months"),
    Rollup("hourly", bucket="1 hour", group_by="sensor_id", aggregates=SUMS),
    # Its key may be null, so that its table has no primary key.
    Rollup("by_place", group_by="place", aggregates=SUMS),
)
FILL = """
CREATE TABLE readings (sensor_id int NOT NULL, at timestamptz NOT NULL, value numeric NOT NULL, place text,
    PRIMARY KEY (sensor_id, at));
INSERT INTO readings SELECT 1 + i % 4, now() - i * interval '8 hours', i % 90, 'place ' || nullif(i % 3, 0)
    FROM generate_series(0, 3 * 400) AS i;
CREATE PUBLICATION everything FOR {}
"""
CHANGE = """
UPDATE readings SET value = value + 1, place = 'elsewhere'
    WHERE sensor_id = 3 AND at > now() - interval '60 days';
DELETE FROM readings WHERE sensor_id = 2 AND at > now() - interval '9 days'
"""


@pytest.mark.parametrize("published", ["ALL TABLES", "TABLES IN SCHEMA public, pgwright"])
def test_whatever_is_published_policies_run(
    published: str, make_database: MakeDatabase, server_12: Any, server_18: Any
) -> None:
    url = make_database(server_12 if published == "ALL TABLES" else server_18)
    with psycopg.connect(url, autocommit=True) as conn:
        conn.execute(b"CREATE SCHEMA pgwright")
        conn.execute(FILL.format(published).encode())
        for policy in POLICIES:
            with conn.transaction():
                declare(conn, [Edit(table=READINGS, policy=policy)])
        for _ in range(2):
            assert run_policies(url, Demand(force=True)).failed == ()
            conn.execute(CHANGE.encode())
            known = declarations(conn)
            assert [compare(conn, r, known).differing for r in known.of("rollup")] == [0, 0]
    back = propose_way_back(url, "readings", workshop=Workshop(root=ROOT))
    assert convert(url, back).remaining == ()


def test_who_subscribes_to_whole_schemas_is_told(database: str) -> None:
    _prepare(database, rows=5)
    with psycopg.connect(database, autocommit=True) as conn:
        conn.execute("DROP PUBLICATION outward; CREATE PUBLICATION everything FOR ALL TABLES")
        conn.execute("ALTER TABLE readings DISABLE ROW LEVEL SECURITY")
    done = pgwright("--url", database, "policy", "convert", "readings", SPEC, "--yes")
    assert done.returncode == 0, done.stderr
    said = " ".join(done.stderr.split())
    assert (
        "subscribers of everything, which sends whole schemas, stand still until they have "
        "public.readings_converting, pgwright.public_readings_changes, pgwright.policy, pgwright.run, "
        "and the partitions of public.readings_converting" in said
    )
    plan = pgwright("--url", database, "policy", "plan", SPEC.replace(":Base", ":Declared"))
    said = " ".join(plan.stdout.split())
    assert "stand still until they have public.hourly, pgwright.public_hourly_log" in said

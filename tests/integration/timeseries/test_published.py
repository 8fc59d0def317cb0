"""Tables over time in a database whose tables are all published: pgwright's own are written all the same."""

from __future__ import annotations

from typing import Any

import psycopg
import pytest

from pgwright.diff.apply import apply_plan
from pgwright.diff.comparison import Comparison
from pgwright.diff.ends import Ends
from pgwright.diff.proposal import propose
from pgwright.model.names import ObjectId, QualifiedName
from pgwright.model.policy import Policy, Retain, Rollup, TimeSeries
from pgwright.model.selection import Selection
from pgwright.sources.database import read_catalog
from pgwright.sources.workshop import Workshop
from pgwright.timeseries.convert.proposal import Conversion, propose_way_back
from pgwright.timeseries.convert.run import convert
from pgwright.timeseries.declare import Edit, declare, edited
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
        conn.execute("ALTER TABLE readings ADD CONSTRAINT warm CHECK (value > -300) NOT VALID")
    done = pgwright("--url", database, "policy", "convert", "readings", SPEC, "--yes")
    assert done.returncode == 0, done.stderr
    said = " ".join(done.stderr.split())
    assert "rows of public.readings that break warm, which was never validated, stop it" in said
    assert (
        "subscribers of everything, which sends whole schemas, stand still until they have "
        "public.readings_converting, pgwright.public_readings_changes, pgwright.policy, pgwright.run, "
        "and the partitions of public.readings_converting" in said
    )
    plan = pgwright("--url", database, "policy", "plan", SPEC.replace(":Base", ":Declared"))
    said = " ".join(plan.stdout.split())
    assert "stand still until they have public.hourly, pgwright.public_hourly_log" in said


WITHOUT_KEY = """
CREATE TABLE readings (id int NOT NULL, at timestamptz NOT NULL, value int);
CREATE UNIQUE INDEX readings_known ON readings (id, at);
ALTER TABLE readings REPLICA IDENTITY {};
INSERT INTO readings VALUES (1, now(), 1), (2, now() - interval '40 days', 1);
CREATE PUBLICATION everything FOR ALL TABLES
"""


@pytest.mark.parametrize("identity", ["FULL", "USING INDEX readings_known"])
@pytest.mark.parametrize("way", ["offline", "convert"])
def test_partitions_are_identified_as_their_table_is(database: str, identity: str, way: str) -> None:
    with psycopg.connect(database, autocommit=True) as conn:
        conn.execute(WITHOUT_KEY.format(identity).encode())
        before = read_catalog(conn, source="live")
        edit = Edit(table=READINGS, policy=TimeSeries("at", "1 day"))
        if way == "offline":
            with conn.transaction():
                declare(conn, [edit])
        else:
            after = edited(before, [edit])
            ends = Ends(before=before, after=after, selection=Selection())
            conversion = Conversion(table=ObjectId("table", READINGS), ends=ends, server=before.server)
            assert convert(database, conversion).remaining == ()
        with conn.transaction():
            declare(conn, [Edit(table=READINGS, policy=TimeSeries("at", "1 day", ahead=5))])
        assert not run_policies(database).failed
        conn.execute(
            "INSERT INTO readings SELECT 10 + i, now() + i * interval '1 day' FROM generate_series(0, 5) i"
        )
        assert conn.execute("UPDATE readings SET value = 2").rowcount == 8
        assert conn.execute("DELETE FROM readings").rowcount == 8


def test_another_identity_is_rehearsed_with_the_partitions(database: str) -> None:
    with psycopg.connect(database, autocommit=True) as conn:
        conn.execute(WITHOUT_KEY.format("DEFAULT").encode())
        with conn.transaction():
            declare(conn, [Edit(table=READINGS, policy=TimeSeries("at", "1 day"))])
        before = read_catalog(conn, source="live")
        for words, same in (("FULL", "f"), ("USING INDEX readings_known", "i"), ("DEFAULT", "d")):
            with conn.transaction(force_rollback=True):
                conn.execute(f"ALTER TABLE readings REPLICA IDENTITY {words}".encode())
                after = read_catalog(conn, source="wanted")
            proposal = propose(Comparison(before=before, after=after, selection=Selection()))
            assert not proposal.plan or proposal.rehearsal is not None
            if proposal.plan:
                assert not apply_plan(database, proposal.plan, proposal.ends).remaining
            told = "SELECT DISTINCT relreplident FROM pg_class WHERE relname ~ '^readings(_p|_h|$)'"
            told += " AND relkind <> 'i'"
            assert conn.execute(told.encode()).fetchall() == [(same,)]
            before = read_catalog(conn, source="live")

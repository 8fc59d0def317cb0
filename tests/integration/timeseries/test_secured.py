"""Rollups of a table whose rows not everybody may see are exact, or are not computed."""

from __future__ import annotations

import secrets
from dataclasses import replace

import psycopg
from psycopg.conninfo import make_conninfo

from pgwright.diff.planner import make_plan
from pgwright.kinds.row_security import RowSecurity
from pgwright.model.names import QualifiedName
from pgwright.model.policy import Rollup, TimeSeries
from pgwright.sources.database import read_catalog
from pgwright.timeseries.declare import Edit, declare
from pgwright.timeseries.exactness import compare
from pgwright.timeseries.records import declarations
from pgwright.timeseries.run import Demand, run_policies
from pgwright.timeseries.status import policy_status

READINGS = QualifiedName("public", "readings")
POLICIES = (TimeSeries("at", "1 day"), Rollup("hourly", bucket="1 hour", aggregates={"n": "count(*)"}))
SCHEMA = """
CREATE TABLE readings (owner text, at timestamptz, PRIMARY KEY (owner, at));
ALTER TABLE readings ENABLE ROW LEVEL SECURITY;
CREATE POLICY own ON readings USING (owner = current_setting('app.owner', true))
"""


def test_a_run_that_may_not_see_all_rows_computes_none(database: str) -> None:
    role, password = f"keeper_{secrets.token_hex(4)}", secrets.token_hex(8)
    url = make_conninfo(database, user=role, password=password)
    with psycopg.connect(database, autocommit=True) as conn:
        conn.execute(f"CREATE ROLE {role} LOGIN PASSWORD '{password}'".encode())
        try:
            conn.execute(f"GRANT ALL ON SCHEMA public TO {role}".encode())
            conn.execute(
                "DO $$ BEGIN EXECUTE format('GRANT CREATE ON DATABASE %I TO "
                f"{role}', current_database()); END $$".encode()
            )
            _in_use(conn, url)
        finally:
            conn.execute(f"DROP OWNED BY {role} CASCADE; DROP ROLE {role}".encode())


def _in_use(superuser: psycopg.Connection, url: str) -> None:
    with psycopg.connect(url, autocommit=True) as conn:
        conn.execute(SCHEMA.encode())
        for policy in POLICIES:
            with conn.transaction():
                declare(conn, [Edit(table=READINGS, policy=policy)])
        conn.execute("INSERT INTO readings VALUES ('one', now()), ('two', now())")
        # The owner sees all rows ...
        assert not run_policies(url, Demand(force=True)).failed
        assert conn.execute("SELECT n FROM hourly").fetchall() == [(2,)]
        # ... unless the policies are forced on it.
        conn.execute("ALTER TABLE readings FORCE ROW LEVEL SECURITY")
        superuser.execute("INSERT INTO readings VALUES ('three', now())")
        done = run_policies(url, Demand(force=True))
        assert [o.task for o in done.failed] == ["refresh"]
        assert "row-level security" in str(done.failed[0].error)
        assert conn.execute("SELECT n FROM hourly").fetchall() == [(2,)]
        declared = declarations(superuser)
        assert compare(superuser, declared.of("rollup")[0], declared).differing == 0


def test_a_refresh_that_would_delete_what_it_cannot_see_is_not_done(timescale_community: str) -> None:
    """TimescaleDB lets row-level security be forced where there is a continuous aggregate already."""
    role = f"owner_{secrets.token_hex(4)}"
    with psycopg.connect(timescale_community, autocommit=True) as conn:
        conn.execute(SCHEMA.partition("ALTER")[0].encode())
        conn.execute("INSERT INTO readings VALUES ('one', now()), ('two', now() - interval '1 day')")
        for policy in POLICIES:
            with conn.transaction():
                declare(conn, [Edit(table=READINGS, policy=policy)])
        assert not run_policies(timescale_community).failed
        conn.execute(f"CREATE ROLE {role}; GRANT ALL ON SCHEMA public TO {role}".encode())
        conn.execute(f"ALTER TABLE readings OWNER TO {role}".encode())
        conn.execute(f"ALTER MATERIALIZED VIEW hourly OWNER TO {role}".encode())
        try:
            conn.execute(f"ALTER {SCHEMA.partition('ALTER')[2]}".encode())
            assert {s.state for s in policy_status(conn)} == {"ok"}
            here = read_catalog(conn, source="here")
            forced = [replace(o, forced=True) if isinstance(o, RowSecurity) else o for o in here]
            (step,) = make_plan(here, here.replacing(forced)).steps
            assert "TimescaleDB deletes from hourly" in step.hazards[-1].message
            conn.execute(step.sql.encode())
            (said,) = (s.state for s in policy_status(conn) if s.kind == "rollup")
            assert f"hides rows from its owner {role}" in said and "policy refresh hourly --anew" in said
            (failed,) = run_policies(timescale_community, Demand(force=True)).failed
            assert f"ALTER ROLE {role} BYPASSRLS" in str(failed.error)
            assert conn.execute("SELECT sum(n) FROM hourly").fetchone() == (2,)
            conn.execute(f"ALTER ROLE {role} BYPASSRLS".encode())
            assert not run_policies(timescale_community, Demand(force=True, anew=True)).failed
            assert conn.execute("SELECT sum(n) FROM hourly").fetchone() == (2,)
        finally:
            conn.execute(f"REASSIGN OWNED BY {role} TO CURRENT_USER; DROP OWNED BY {role}".encode())
            conn.execute(f"DROP ROLE {role}".encode())

"""Roles that apply plans: what they lack, and what they own afterwards."""

from __future__ import annotations

import re

import psycopg
import pytest
from psycopg.conninfo import make_conninfo

from pgwright.diff.apply import apply_plan
from pgwright.errors import PrivilegeError
from pgwright.state.ledger import Ledger
from tests.conftest import MakeDatabase
from tests.integration.diff.ways import proposed, read, run
from tests.servers.running import Server

BEFORE = "CREATE TABLE t (id int PRIMARY KEY, x int)"


def test_a_role_that_may_make_nothing_is_told_what_it_lacks(database: str) -> None:
    run(database, BEFORE)
    plan, ends = proposed(database, BEFORE + "; CREATE TABLE more (id int)")
    run(database, "CREATE ROLE lowly LOGIN PASSWORD 'x'")
    try:
        with pytest.raises(PrivilegeError) as caught:
            apply_plan(make_conninfo(database, user="lowly", password="x"), plan, ends)
    finally:
        run(database, "DROP ROLE lowly")
    assert "runs are recorded in a schema pgwright" in str(caught.value.detail)
    assert re.search(r"GRANT CREATE ON DATABASE \w+ TO lowly$", str(caught.value.hint))
    assert read(database).digest == ends.before.digest


def test_who_has_fewer_privileges_on_what_is_made_anew_is_said(database: str) -> None:
    run(
        database,
        """CREATE TABLE t (id int, x text); CREATE VIEW v AS SELECT id, x FROM t;
        GRANT SELECT, INSERT ON v TO PUBLIC; GRANT UPDATE (x) ON v TO PUBLIC;
        CREATE FUNCTION f() RETURNS int LANGUAGE sql AS 'SELECT 1'""",
    )
    plan, _ = proposed(
        database,
        """CREATE TABLE t (id bigint, x text); CREATE VIEW v AS SELECT id, x FROM t;
        GRANT INSERT ON v TO PUBLIC; GRANT UPDATE (x) ON v TO PUBLIC;
        CREATE FUNCTION f() RETURNS bigint LANGUAGE sql AS 'SELECT 1';
        REVOKE EXECUTE ON FUNCTION f FROM PUBLIC""",
    )
    told = {(s.sql, h.message) for s in plan.steps for h in s.hazards if h.code.value == "loses-privileges"}
    assert told == {
        ("DROP VIEW public.v", "PUBLIC loses SELECT on view public.v"),
        ("DROP FUNCTION public.f()", "PUBLIC loses EXECUTE on function public.f()"),
    }


def test_a_role_that_may_not_use_the_ledger_is_told_both_grants(
    server_18: Server, database: str, make_database: MakeDatabase
) -> None:
    wanted = make_database(server_18)
    with psycopg.connect(database, autocommit=True) as conn:
        Ledger(conn=conn).prepare()
    run(database, "CREATE ROLE lowly LOGIN PASSWORD 'x'; GRANT CREATE ON SCHEMA public TO lowly")
    as_lowly = make_conninfo(database, user="lowly", password="x")
    try:
        run(wanted, "CREATE TABLE t (); ALTER TABLE t OWNER TO lowly; GRANT CREATE ON SCHEMA public TO lowly")
        plan, ends = proposed(as_lowly, read(wanted))
        for grant in ("SELECT", "GRANT USAGE ON SCHEMA pgwright TO lowly"):
            run(database, grant)
            with pytest.raises(PrivilegeError, match="the role lowly may not write down here") as caught:
                apply_plan(as_lowly, plan, ends)
        run(database, str(caught.value.hint).partition(": ")[2])
        assert apply_plan(as_lowly, plan, ends).remaining == ()
    finally:
        for url in (database, wanted):
            run(url, "DROP OWNED BY lowly")
        run(database, "DROP ROLE lowly")


def test_a_role_owns_what_it_makes_without_a_word(
    server_18: Server, database: str, make_database: MakeDatabase
) -> None:
    wanted = make_database(server_18)
    name = database.rpartition("/")[2]
    run(database, f"CREATE ROLE maker LOGIN PASSWORD 'x'; GRANT CREATE ON DATABASE {name} TO maker")
    as_maker = make_conninfo(database, user="maker", password="x")
    own = "CREATE TABLE a (id serial); CREATE VIEW b AS SELECT 1 AS x; CREATE TYPE c AS ENUM ('d');"
    owned = "ALTER TABLE a OWNER TO maker; ALTER VIEW b OWNER TO maker; ALTER TYPE c OWNER TO maker;"
    try:
        for url in (database, wanted):
            run(url, "GRANT ALL ON SCHEMA public TO maker")
        run(wanted, own + owned)
        plan, ends = proposed(as_maker, read(wanted), rehearsed=True)
        assert not any("OWNER" in step.sql for step in plan.steps)
        assert [int(step.id) for step in plan.steps] == list(range(1, len(plan.steps) + 1))
        by_another, _ = proposed(database, read(wanted))
        assert sum("OWNER TO maker" in step.sql for step in by_another.steps) == 3
        assert apply_plan(as_maker, plan, ends).remaining == ()
    finally:
        for url in (database, wanted):
            run(url, "DROP OWNED BY maker")
        run(database, "DROP ROLE maker")

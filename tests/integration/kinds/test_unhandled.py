"""What no kind reads is named; what a kind or an extension holds is not."""

from __future__ import annotations

from dataclasses import replace

import psycopg

from pgwright.diff.planner import make_plan
from pgwright.diff.script import script
from pgwright.diff.unread import named
from pgwright.sources.database import read_catalog
from tests.conftest import MakeDatabase
from tests.servers.running import Server

NAMED = """
CREATE TEXT SEARCH CONFIGURATION public.words (COPY = pg_catalog.english);
CREATE TEXT SEARCH DICTIONARY public.plain (TEMPLATE = pg_catalog.simple);
CREATE FOREIGN DATA WRAPPER wrapper;
CREATE SERVER remote FOREIGN DATA WRAPPER wrapper;
CREATE USER MAPPING FOR PUBLIC SERVER remote OPTIONS (password 'hush');
CREATE CONVERSION public.turn FOR 'UTF8' TO 'LATIN1' FROM utf8_to_iso8859_1;
CREATE TYPE public.shell;
CREATE TRUSTED LANGUAGE other HANDLER plpgsql_call_handler;
CREATE ACCESS METHOD second TYPE TABLE HANDLER heap_tableam_handler;
CREATE TABLE public.t (id int);
CREATE FUNCTION public.eq(public.t, public.t) RETURNS boolean LANGUAGE sql IMMUTABLE AS 'SELECT true';
CREATE OPERATOR public.=== (
    FUNCTION = public.eq, LEFTARG = public.t, RIGHTARG = public.t, NEGATOR = OPERATOR(public.!==)
);
CREATE OPERATOR public.>>> (
    FUNCTION = public.eq, LEFTARG = public.t, RIGHTARG = public.t, COMMUTATOR = OPERATOR(public.<<<)
);
DROP OPERATOR public.>>> (public.t, public.t);
CREATE OPERATOR CLASS public.hashed FOR TYPE public.t USING hash AS OPERATOR 1 public.===;
CREATE FUNCTION public.hashed(bigint) RETURNS int LANGUAGE sql IMMUTABLE AS 'SELECT 1';
ALTER OPERATOR FAMILY integer_ops USING hash ADD FUNCTION 1 (timetz) public.hashed(bigint);
CREATE MATERIALIZED VIEW public.m AS SELECT 'x'::text AS a;
ALTER MATERIALIZED VIEW public.m ALTER COLUMN a SET STATISTICS 7;
SELECT lo_create(0), lo_create(0);
-- As a module of labels would.
INSERT INTO pg_seclabel (classoid, objoid, objsubid, provider, label)
VALUES ('pg_class'::regclass, 'public.t'::regclass, 1, 'guard', 'secret');
"""
EXPECTED = {
    ("access method", "second"),
    ("conversion", "public.turn"),
    ("foreign data wrapper", "wrapper"),
    ("language", "other"),
    ("large objects", "2"),
    ("member of operator family", "pg_catalog.integer_ops using hash"),
    ("security label", "guard on table column public.t.id"),
    ("setting of a column of a materialized view", "public.m.a"),
    ("shell operator", "public.<<<"),
    ("shell type", "public.shell"),
    ("user mapping", "public on remote"),
}


def test_everything_without_a_kind_is_named(each_server: Server, make_database: MakeDatabase) -> None:
    with psycopg.connect(make_database(each_server), autocommit=True) as conn:
        conn.execute(NAMED)
        catalog = read_catalog(conn, source="test")
    assert {(u.what, u.name) for u in catalog.unhandled} == EXPECTED


def test_a_trigger_that_a_partition_has_switched_otherwise_is_named(
    each_server: Server, make_database: MakeDatabase
) -> None:
    with psycopg.connect(make_database(each_server), autocommit=True) as conn:
        conn.execute(
            "CREATE TABLE p (a int) PARTITION BY LIST (a);"
            "CREATE TABLE one PARTITION OF p FOR VALUES IN (1);"
            "CREATE TABLE two PARTITION OF p FOR VALUES IN (2);"
            "CREATE FUNCTION f() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RETURN NEW; END';"
            "CREATE TRIGGER t AFTER INSERT ON p FOR EACH ROW EXECUTE FUNCTION f();"
            "ALTER TABLE two DISABLE TRIGGER t"
        )
        catalog = read_catalog(conn, source="test")
    assert {(u.what, u.name) for u in catalog.unhandled} == {
        ("state of a trigger of a partition", "public.two.t")
    }


def test_what_stands_on_it_is_named_too(database: str) -> None:
    with psycopg.connect(database, autocommit=True) as conn:
        conn.execute(
            NAMED + "CREATE FUNCTION public.f() RETURNS int LANGUAGE other AS 'BEGIN RETURN 1; END';"
        )
        catalog = read_catalog(conn, source="test")
        nothing = replace(catalog, objects={}, unhandled=())
    found = {u.what: u for u in catalog.unhandled}
    assert found["language"].needed_by == ("function public.f()",)
    assert found["foreign data wrapper"].needed_by == ("foreign server remote",)
    assert found["user mapping"].needs == ("foreign server remote",)
    assert "not handled: language other, which must be there for function public.f()" in set(
        named(catalog.unhandled)
    )
    assert "-- not handled: language other, which" in script(catalog)
    (drop,) = [s for s in make_plan(catalog, nothing).steps if s.sql == "DROP SERVER remote"]
    assert any("user mapping public on remote stands on it" in h.message for h in drop.hazards)


def test_a_database_of_known_kinds_names_nothing(each_server: Server, make_database: MakeDatabase) -> None:
    with psycopg.connect(make_database(each_server), autocommit=True) as conn:
        conn.execute(
            """
            CREATE EXTENSION hstore; CREATE EXTENSION file_fdw;
            CREATE TYPE public.span AS RANGE (subtype = float8);
            CREATE DOMAIN public.positive AS int CHECK (VALUE > 0);
            CREATE TYPE public.mood AS ENUM ('a');
            CREATE TYPE public.pair AS (a int, b public.mood[]);
            CREATE TABLE public.t (id int PRIMARY KEY, s public.span, p public.pair, h public.hstore);
            CREATE MATERIALIZED VIEW public.m AS SELECT * FROM public.t;
            """
        )
        catalog = read_catalog(conn, source="test")
    assert catalog.unhandled == ()


def test_a_key_of_a_partition_that_is_checked_at_another_time_than_its_parents_is_named(
    each_server: Server, make_database: MakeDatabase
) -> None:
    with psycopg.connect(make_database(each_server), autocommit=True) as conn:
        conn.execute(
            "CREATE TABLE p (a int PRIMARY KEY DEFERRABLE) PARTITION BY LIST (a);"
            "CREATE TABLE one PARTITION OF p FOR VALUES IN (1);"
            "CREATE TABLE two (a int PRIMARY KEY);"
            "ALTER TABLE p ATTACH PARTITION two FOR VALUES IN (2)"
        )
        catalog = read_catalog(conn, source="test")
    what = "key of a partition that is checked at another time than its parent's"
    assert {(u.what, u.name) for u in catalog.unhandled} == {(what, "public.two.two_pkey")}

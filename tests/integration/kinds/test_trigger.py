"""Triggers that PostgreSQL makes, on partitions and for foreign keys, are told from those of users."""

from __future__ import annotations

import psycopg

from pgwright.sources.database import read_catalog
from tests.conftest import MakeDatabase
from tests.servers.running import Server

TABLES = """
CREATE TABLE public.p (id int, k int) PARTITION BY LIST (k);
CREATE TABLE public.p1 PARTITION OF public.p FOR VALUES IN (1);
CREATE TABLE public.t (id int PRIMARY KEY);
CREATE TABLE public.u (id int REFERENCES public.t);
CREATE FUNCTION public.f() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RETURN NEW; END';
CREATE TRIGGER shared AFTER INSERT ON public.p FOR EACH ROW EXECUTE FUNCTION public.f();
CREATE TRIGGER own AFTER INSERT ON public.p1 FOR EACH ROW EXECUTE FUNCTION public.f();
"""


def test_copies_on_partitions_are_derived(each_server: Server, make_database: MakeDatabase) -> None:
    with psycopg.connect(make_database(each_server), autocommit=True) as conn:
        conn.execute(TABLES)
        catalog = read_catalog(conn, source="test")
    planned = {o.id.path for o in catalog.of("trigger") if not o.derived}
    derived = {o.id.path for o in catalog.of("trigger") if o.derived}
    assert planned == {"public.p.shared", "public.p1.own"}
    # PostgreSQL 12 counts the copies among its own triggers.
    assert derived <= {"public.p1.shared"}


def test_those_of_a_hypertable_are_not_listed(timescale: str) -> None:
    with psycopg.connect(timescale, autocommit=True) as conn:
        conn.execute(TABLES)
        conn.execute("CREATE TABLE public.h (at timestamptz NOT NULL, v int)")
        conn.execute("SELECT public.create_hypertable('public.h', 'at')")
        conn.execute("CREATE TRIGGER mine BEFORE INSERT ON public.h FOR EACH ROW EXECUTE FUNCTION public.f()")
        catalog = read_catalog(conn, source="test", schemas=["public"])
    assert {o.id.path for o in catalog.of("trigger") if o.id.root.name.name == "h"} == {"public.h.mine"}

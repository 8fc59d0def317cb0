"""Values survive when a type is made anew under the columns that use it."""

from __future__ import annotations

from typing import Any

import psycopg
import pytest

from pgwright.diff.execute import execute_steps
from pgwright.diff.planner import make_plan
from pgwright.errors import PgwrightError
from pgwright.model.catalog import Catalog
from pgwright.pg.connect import connect
from pgwright.sources.database import read_catalog
from tests.conftest import MakeDatabase
from tests.servers.running import Server

MOOD = "CREATE TYPE mood AS ENUM ('sad', 'ok', 'happy')"
DIARY = """
    CREATE DOMAIN fine AS mood CHECK (VALUE <> 'sad');
    CREATE TYPE entry AS (at date, mood mood);
    CREATE TABLE diary (id int, mood mood, moods mood[], fine fine, entry entry, entries entry[]);
"""
ROWS = """
    INSERT INTO diary VALUES
        (1, 'ok', '{ok,NULL,happy}', 'happy', ROW('2024-01-02', 'ok'),
         ARRAY[ROW('2024-01-03', 'sad')::entry]),
        (2, NULL, NULL, NULL, NULL, NULL),
        (3, 'sad', '{}', 'ok', ROW(NULL, NULL), ARRAY[NULL::entry])
"""
CONTENTS = "SELECT id, mood::text, moods::text, fine::text, entry::text, entries::text FROM diary ORDER BY id"


def contents(url: str, query: str) -> list[tuple[Any, ...]]:
    with psycopg.connect(url) as conn:
        return conn.execute(query.encode()).fetchall()


def catalog_of(url: str, script: str) -> Catalog:
    with psycopg.connect(url, autocommit=True) as conn:
        conn.execute(script.encode())
    with connect(url) as conn:
        return read_catalog(conn, source="test")


def change(url: str, before: Catalog, after: Catalog) -> None:
    with connect(url, autocommit=True) as conn:
        execute_steps(conn, make_plan(before, after).steps)


def test_rows_keep_their_values_when_an_enum_is_reordered(
    each_server: Server, make_database: MakeDatabase
) -> None:
    live = make_database(each_server)
    before = catalog_of(live, MOOD + ";" + DIARY)
    with psycopg.connect(live) as conn:
        conn.execute(ROWS.encode())
    expected = contents(live, CONTENTS)
    target = "CREATE TYPE mood AS ENUM ('happy', 'ok', 'sad', 'new');" + DIARY
    change(live, before, catalog_of(make_database(each_server), target))
    assert contents(live, CONTENTS) == expected
    assert contents(live, "SELECT id FROM diary WHERE mood IS NOT NULL ORDER BY mood") == [(1,), (3,)]


def test_removing_a_value_in_use_stops_before_anything_changed(
    server_18: Server, make_database: MakeDatabase
) -> None:
    live = make_database(server_18)
    before = catalog_of(live, MOOD + ";" + DIARY)
    with psycopg.connect(live) as conn:
        conn.execute(ROWS.encode())
    after = catalog_of(make_database(server_18), "CREATE TYPE mood AS ENUM ('sad', 'ok');" + DIARY)
    with pytest.raises(PgwrightError, match="happy"):
        change(live, before, after)
    assert len(contents(live, "SELECT id FROM diary")) == 3
    with connect(live) as conn:
        assert read_catalog(conn, source="test").digest == before.digest


def test_attributes_of_a_composite_keep_their_values_in_another_order(
    server_18: Server, make_database: MakeDatabase
) -> None:
    table = "; CREATE TABLE t (id int, p pair)"
    live = make_database(server_18)
    before = catalog_of(live, "CREATE TYPE pair AS (a int, b text)" + table)
    with psycopg.connect(live) as conn:
        conn.execute(b"INSERT INTO t VALUES (1, ROW(7, 'x,\"y'))")
        conn.execute("INSERT INTO t VALUES (2, NULL), (3, ROW(NULL, NULL))")
    after = catalog_of(make_database(server_18), "CREATE TYPE pair AS (b text, c date, a bigint)" + table)
    change(live, before, after)
    assert contents(live, "SELECT id, (p).a, (p).b, (p).c FROM t ORDER BY id") == [
        (1, 7, 'x,"y', None),
        (2, None, None, None),
        (3, None, None, None),
    ]
    assert contents(live, "SELECT id FROM t WHERE p IS NOT DISTINCT FROM NULL") == [(2,)]


def test_domain_takes_another_base_type_with_its_values(
    server_18: Server, make_database: MakeDatabase
) -> None:
    table = "; CREATE TABLE t (n amount, ns amount[])"
    live = make_database(server_18)
    before = catalog_of(live, "CREATE DOMAIN amount AS int CHECK (VALUE >= 0)" + table)
    with psycopg.connect(live) as conn:
        conn.execute("INSERT INTO t VALUES (5, '{1,2}'), (NULL, '{NULL}')")
    after = catalog_of(
        make_database(server_18), "CREATE DOMAIN amount AS numeric(12,2) CHECK (VALUE >= 0)" + table
    )
    change(live, before, after)
    assert contents(live, "SELECT n::text, ns::text FROM t ORDER BY n") == [
        ("5.00", "{1.00,2.00}"),
        (None, "{NULL}"),
    ]

"""Damage in files of a server is found and named, with what mends it."""

from __future__ import annotations

import json
import secrets
from collections.abc import Iterator
from pathlib import Path

import psycopg
import pytest

from pgwright import server
from pgwright.backup.corruption import parse_report
from tests.conftest import MakeDatabase
from tests.integration.backup.running import pgwright
from tests.servers.running import Server


@pytest.fixture
def instance() -> Iterator[str]:
    name = f"damaged-{secrets.token_hex(3)}"
    try:
        server.start(name, durable=False)
        yield name
    finally:
        server.remove(name)


def test_a_damaged_table_and_index_are_named(instance: str, tmp_path: Path) -> None:
    url = server.url(instance)
    with psycopg.connect(url, autocommit=True) as conn:
        conn.execute("CREATE TABLE kept AS SELECT g AS id FROM generate_series(1, 1000) g")
        conn.execute("CREATE TABLE orders (id int PRIMARY KEY, note text)")
        conn.execute("INSERT INTO orders SELECT g, md5(g::text) FROM generate_series(1, 2000) g")
        conn.execute('CREATE INDEX "Note" ON orders (note)')
    missing = pgwright("backup", "corruption", cwd=tmp_path, DATABASE_URL=url)
    assert missing.returncode == 4 and "--install" in missing.stderr
    sound = pgwright("backup", "corruption", "--install", cwd=tmp_path, DATABASE_URL=url)
    assert sound.returncode == 0 and "no damage" in sound.stdout

    with psycopg.connect(url, autocommit=True) as conn:
        rows = conn.execute(
            "SELECT pg_relation_filepath('orders'), pg_relation_filepath('\"Note\"')"
        ).fetchone()
    assert rows is not None
    data = server.status(instance).data_dir
    server.stop(instance)
    for path in rows:
        file = data / path
        content = bytearray(file.read_bytes())
        content[3 * 8192 + 5000] ^= 0xFF
        file.write_bytes(content)
    server.start(instance)
    found = pgwright("backup", "corruption", "--json", cwd=tmp_path, DATABASE_URL=url)
    assert found.returncode == 1
    result = json.loads(found.stdout)
    named = {(d["kind"], d["name"]): d for d in result["damages"]}
    assert ("table", "public.orders") in named and ("index", 'public."Note"') in named
    assert "REINDEX INDEX CONCURRENTLY" in named["index", 'public."Note"']["remedy"]
    assert "public.kept" not in str(result)


def test_older_servers(server_12: Server, make_database: MakeDatabase, tmp_path: Path) -> None:
    url = make_database(server_12)
    with psycopg.connect(url, autocommit=True) as conn:
        conn.execute("CREATE TABLE t (a int PRIMARY KEY); INSERT INTO t SELECT generate_series(1, 100)")
    done = pgwright("backup", "corruption", "--install", cwd=tmp_path, DATABASE_URL=url)
    assert done.returncode == 0, done.stderr
    assert "no damage found" in done.stdout


def test_what_the_program_says() -> None:
    report = (
        'heap table "shop.public.orders", block 3, offset 7:\n    xmin 9 precedes relation freeze\n'
        'heap table "shop.public.orders", block 4:\n    again\n'
        'btree index "shop.public.orders_pkey":\n    ERROR:  item order invariant violated\n'
    )
    found = parse_report(report)
    assert [(d.kind, d.name) for d in found] == [
        ("table", "public.orders"), ("index", "public.orders_pkey"),
    ]  # fmt: skip
    assert "block 3, offset 7" in found[0].words and "invariant" in found[1].words

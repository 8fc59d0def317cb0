"""Damage in files of a server is found and named, with what mends it."""

from __future__ import annotations

import json
import secrets
from collections.abc import Iterator
from pathlib import Path

import psycopg
import pytest

from pgwright import server
from pgwright.backup.corruption import Places, parse_report
from pgwright.server import Binaries
from pgwright.server.account import run_as
from pgwright.server.instance import owner_of
from tests.conftest import MakeDatabase
from tests.integration.backup.running import pgwright
from tests.servers.builds import VERSIONS, Missing, find
from tests.servers.running import Server


@pytest.fixture(params=[14, 15, 16, 17, 18])
def instance(request: pytest.FixtureRequest) -> Iterator[str]:
    """Return the name of a server of its own, of each version whose tables pg_amcheck can read."""
    build = find(request.param) if request.param != VERSIONS[-1] else None
    if isinstance(build, Missing):
        pytest.skip(build.reason)
    name = f"damaged-{secrets.token_hex(3)}"
    try:
        server.start(name, durable=False, binaries=Binaries(bin_dir=build.bindir) if build else None)
        yield name
    finally:
        server.remove(name)


def test_damage_in_tables_long_values_and_indexes_is_named(instance: str, tmp_path: Path) -> None:
    url = server.url(instance)
    with psycopg.connect(url, autocommit=True) as conn:
        conn.execute("CREATE TABLE kept AS SELECT g AS id FROM generate_series(1, 1000) g")
        conn.execute("CREATE TABLE orders (id int PRIMARY KEY, note text)")
        conn.execute("INSERT INTO orders SELECT g, md5(g::text) FROM generate_series(1, 2000) g")
        conn.execute('CREATE INDEX "Note" ON orders (note)')
        conn.execute("CREATE TABLE letters (body text); ALTER TABLE letters ALTER body SET STORAGE EXTERNAL")
        conn.execute("INSERT INTO letters SELECT repeat(md5(g::text), 300) FROM generate_series(1, 20) g")
        # An index that lacks a row is sound in itself: only the comparison with its table finds that.
        conn.execute("CREATE TABLE listed AS SELECT g AS id FROM generate_series(1, 100) g")
        conn.execute("CREATE INDEX listed_id ON listed (id) WHERE id < 50")
    missing = pgwright("backup", "corruption", cwd=tmp_path, DATABASE_URL=url)
    assert missing.returncode == 4 and "--install" in missing.stderr
    sound = pgwright("backup", "corruption", "--install", cwd=tmp_path, DATABASE_URL=url)
    assert sound.returncode == 0 and "no damage" in sound.stdout

    with psycopg.connect(url, autocommit=True) as conn:
        conn.execute("UPDATE pg_index SET indpred = NULL WHERE indexrelid = 'listed_id'::regclass")
        conn.execute("CHECKPOINT")
        rows = conn.execute(
            "SELECT pg_relation_filepath('orders'), pg_relation_filepath('\"Note\"'), "
            "pg_relation_filepath(reltoastrelid) FROM pg_class WHERE relname = 'letters'"
        ).fetchone()
    assert rows is not None
    data = server.status(instance).data_dir
    stopped = server.find(instance)
    server.stop(instance)
    if stopped.version.startswith(("15.", "17.")):
        # Without checksums the damage must show by itself.
        program = stopped.bin_dir / "pg_checksums"
        done = run_as(owner_of(data), [program, "--disable", "-D", data], environment={}, timeout=60)
        assert done.returncode == 0, done.stdout
    # Of a table the pointer to a row, of an index the keys of some entries in its first leaf.
    for path, start, length in zip(
        rows, (3 * 8192 + 24, 8192 + 5000, 3 * 8192 + 24), (4, 64, 4), strict=True
    ):
        file = data / path
        content = bytearray(file.read_bytes())
        for byte in range(start, start + length):
            content[byte] ^= 0xFF
        file.write_bytes(content)
    server.start(instance)
    found = pgwright("backup", "corruption", "--json", cwd=tmp_path, DATABASE_URL=url)
    assert found.returncode == 1, found.stderr
    result = json.loads(found.stdout)
    named = {(d["kind"], d["name"]): d for d in result["damages"]}
    assert ("table", "public.orders") in named and "public.kept" not in str(result)
    if result["crashed"]:
        assert not result["checksums"], "with them, no page that is damaged is used"
        said = pgwright("backup", "corruption", cwd=tmp_path, DATABASE_URL=url)
        assert said.returncode == 1 and "was not read" in said.stdout
        return
    assert named.keys() >= {
        ("table", "public.orders"), ("index", 'public."Note"'),
        ("table", "public.letters"), ("index", "public.listed_id"),
    }  # fmt: skip
    # A table's page that is read through an index makes no index damaged.
    assert ("index", "public.orders_pkey") not in named or not result["checksums"]
    assert "restore" in named["table", "public.letters"]["remedy"]
    # What is said to mend an index does.
    for name in ('public."Note"', "public.listed_id"):
        assert named["index", name]["remedy"].startswith("REINDEX INDEX CONCURRENTLY")
    with psycopg.connect(url, autocommit=True) as conn:
        conn.execute(named["index", "public.listed_id"]["remedy"].partition(";")[0].encode())
    again = pgwright("backup", "corruption", "--json", cwd=tmp_path, DATABASE_URL=url)
    assert "listed_id" not in again.stdout


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
    found = parse_report(report, Places(owners={}, files={}))
    assert [(d.kind, d.name) for d in found] == [
        ("table", "public.orders"), ("index", "public.orders_pkey"),
    ]  # fmt: skip
    places = Places(owners={"pg_toast_5": "a.b"}, files={"base/5/16": ("table", "pg_toast", "pg_toast_5")})
    for read in ('heap table "shop.pg_toast.pg_toast_5", block 0', 'btree index "shop.a.b_pkey"'):
        lost = 'ERROR:  invalid page in block 5 of relation "base/5/16"'
        (toast,) = parse_report(f"{read}:\n    {lost}\n", places)
        assert (toast.name, toast.kind) == ("a.b", "table")
    system = parse_report('btree index "shop.pg_catalog.pg_class_oid_index":\n    lost\n', places)
    assert system[0].remedy.startswith("REINDEX INDEX pg_catalog.")
    assert "block 3, offset 7" in found[0].words and "invariant" in found[1].words

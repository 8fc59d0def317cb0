"""Two databases compared: equal ones of all versions, and every kind of difference, named."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import psycopg
import pytest
from psycopg import sql

from pgwright.errors import PgwrightError, UsageError
from pgwright.model.selection import Selection
from pgwright.verify.buckets import divide_first
from pgwright.verify.contents import Scope, verify_databases
from pgwright.verify.fingerprint import Fingerprint, compare_fingerprints, take_fingerprints
from pgwright.verify.hashing import common_ways
from pgwright.verify.result import RowDifference, TableResult, Verdict, Verification
from pgwright.verify.side import Side
from pgwright.verify.tables import Table, read_tables
from tests.conftest import MakeDatabase
from tests.integration.cli.running import pgwright
from tests.servers.running import Server

# Every way of hashing, keys of several forms, tables without one, and what hides rows from a plain SELECT.
SCHEMA = r"""
CREATE TYPE mood AS ENUM ('sad', 'ok');
CREATE DOMAIN positive AS int CHECK (VALUE > 0);
CREATE TABLE numbered (
    id bigint PRIMARY KEY, flag bool, small int2, n int, amount numeric, f4 float4, f8 float8, fixed char(9),
    words text, short varchar(20), day date, at timestamptz, clock time, span interval, uid uuid, raw bytea,
    net inet, doc jsonb, tags text[], feeling mood, plus positive);
INSERT INTO numbered
SELECT g - 2000, g % 2 = 0, g % 100, g, g * 1.10, g / 3.0, g / 7.0, 'f' || g, 'größe' || g, 's' || g,
    date '2000-02-29' + g, timestamptz '2020-01-01 00:00:00+00' + g * interval '1 minute', time '12:00',
    g * interval '1 hour', md5(g::text)::uuid, decode(md5(g::text), 'hex'), '10.0.0.1', '{"a": 1.0}',
    ARRAY['x', NULL, g::text], 'ok', 1
FROM generate_series(1, 4000) g;
INSERT INTO numbered (id, f8, at, day, amount, raw) VALUES
    (9223372036854775807, 'NaN', 'infinity', '-infinity', 'NaN', ''),
    (-9223372036854775808, '-0', NULL, '0044-03-15 BC', 0, NULL);
CREATE TABLE bare (a int, b text, j json, p point, big text);
INSERT INTO bare SELECT g % 50, 'v' || g % 7, '{"a":1}', '(1,2)', NULL FROM generate_series(1, 700) g;
CREATE TABLE pairs (lang text, "Key ""x"" é" uuid, v int, PRIMARY KEY (lang, "Key ""x"" é" ));
INSERT INTO pairs SELECT 't' || g % 5, md5(g::text)::uuid, g FROM generate_series(1, 900) g;
CREATE TABLE readings (at date NOT NULL, v int) PARTITION BY RANGE (at);
CREATE TABLE readings_2020 PARTITION OF readings FOR VALUES FROM ('2020-01-01') TO ('2021-01-01');
INSERT INTO readings SELECT date '2020-01-01' + g, g FROM generate_series(0, 300) g;
CREATE TABLE nothing ();
CREATE TABLE parent (id int); CREATE TABLE child () INHERITS (parent);
INSERT INTO parent VALUES (1); INSERT INTO child VALUES (2);
CREATE SEQUENCE numbers; SELECT setval('numbers', 7);
SELECT lo_from_bytea(4711, 'hello');
"""
DATA = Scope(schemas=False)


def execute(url: str, statements: str) -> None:
    with psycopg.connect(url, client_encoding="utf8") as conn:
        conn.execute(statements.encode())


@pytest.fixture
def twins(server_18: Server, make_database: MakeDatabase) -> tuple[str, str]:
    """Return two databases with the same contents."""
    urls = make_database(server_18), make_database(server_18)
    for url in urls:
        execute(url, SCHEMA)
    return urls


def tables_of(found: Verification) -> Mapping[str, TableResult]:
    return {table.name: table for table in found.tables}


def test_equal_contents_are_equal_from_every_version(
    each_server: Server, server_18: Server, make_database: MakeDatabase
) -> None:
    old, new = make_database(each_server), make_database(server_18)
    for url in (old, new):
        execute(url, SCHEMA)
    # The same rows in another order, in other blocks.
    execute(new, "CREATE TABLE moved AS SELECT * FROM bare ORDER BY a DESC; DROP TABLE bare")
    execute(new, "ALTER TABLE moved RENAME TO bare")
    found = verify_databases(old, new, Scope())
    assert found.agrees, found
    assert tables_of(found)["public.numbered"].a == tables_of(found)["public.numbered"].b
    assert {"sequences", "large objects", "public.nothing", "public.child"} <= tables_of(found).keys()
    execute(new, "UPDATE numbered SET doc = '{\"a\": 2}', f8 = 1 WHERE id = 1")
    changed = tables_of(verify_databases(old, new, DATA))["public.numbered"]
    assert [dict(row.key) for row in changed.rows] == [{"id": "1"}]
    assert set(changed.rows[0].columns) == {"doc", "f8"}


def test_every_difference_is_named(twins: tuple[str, str]) -> None:
    a, b = twins
    execute(
        b,
        "UPDATE numbered SET words = nullif('x', words) WHERE id IN (-7, 0, 9223372036854775807);"
        "UPDATE numbered SET id = 5000 WHERE id = 5;"
        "DELETE FROM bare WHERE ctid IN (SELECT ctid FROM bare WHERE a = 3 AND b = 'v3' LIMIT 2);"
        "INSERT INTO bare VALUES (-1, '', 'null', NULL, repeat('x', 100000));"
        "UPDATE pairs SET v = -v WHERE v = 450;"
        "UPDATE readings SET v = 9999 WHERE v = 200;"
        "DELETE FROM child; INSERT INTO nothing DEFAULT VALUES;"
        "SELECT nextval('numbers'); SELECT lo_put(4711, 0, 'J'); CREATE TABLE extra (x int);"
        "ALTER TABLE parent ADD y int",
    )
    found = tables_of(verify_databases(a, b, DATA))
    numbered = {row.key["id"]: row for row in found["public.numbered"].rows}
    assert numbered.keys() == {"-7", "0", "9223372036854775807", "5", "5000"}
    assert numbered["-7"].columns == {"words": ("größe1993", "x")}
    assert (numbered["5"].where, numbered["5000"].where) == (Verdict.ONLY_A, Verdict.ONLY_B)
    bare = {(row.where, row.key["a"]): row for row in found["public.bare"].rows}
    assert bare[Verdict.ONLY_A, "3"].copies == 2
    assert bare[Verdict.ONLY_B, "-1"].key["p"] is None
    assert [row.columns for row in found["public.pairs"].rows] == [{"v": ("450", "-450")}]
    assert sorted(row.key["v"] or "" for row in found["public.readings"].rows) == ["200", "9999"]
    assert found["public.child"].rows == (RowDifference(key={"id": "2"}, where=Verdict.ONLY_A),)
    assert found["public.nothing"].b is not None and found["public.nothing"].b.rows == 1
    assert found["public.extra"].verdict is Verdict.ONLY_B
    assert found["public.parent"].notes == ("column y is only in B",)
    assert found["sequences"].rows[0].columns["position"] == ("7 (used)", "8 (used)")
    assert found["large objects"].verdict is Verdict.DIFFERENT


def test_scattered_rows_are_named_in_one_reading(twins: tuple[str, str]) -> None:
    a, b = twins
    for url in twins:
        execute(
            url, "CREATE TABLE large AS SELECT g - 60000 AS id, g % 7 AS v FROM generate_series(1, 120000) g"
        )
        execute(url, "ALTER TABLE large ADD PRIMARY KEY (id)")
        execute(url, "ANALYZE large")
    execute(b, "UPDATE large SET v = -1 WHERE id % 1000 = 0; DELETE FROM large WHERE id IN (-59999, 60000)")
    found = tables_of(verify_databases(a, b, Scope(schemas=False, selection=Selection(include=("*.large",)))))
    named = {int(row.key["id"] or 0): row.where for row in found["public.large"].rows}
    assert named == {
        **dict.fromkeys(range(-59000, 60000, 1000), Verdict.DIFFERENT),
        -59999: Verdict.ONLY_A,
        60000: Verdict.ONLY_A,
    }
    with Side(a) as left, Side(b) as right, left.session() as one, right.session() as other:
        tables = (find(one, "large"), find(other, "large"))
        assert divide_first(left, right, tables, common_ways(*tables, fast=False)).column == "id"


def find(conn: psycopg.Connection[Any], name: str) -> Table:
    (table,) = (table for table in read_tables(conn) if table.name.name == name)
    return table


def test_strict_sees_what_equals_does_not(twins: tuple[str, str]) -> None:
    a, b = twins
    execute(b, "UPDATE numbered SET amount = 1.1000, span = '60 minutes', f8 = '-0' WHERE id = -1999")
    execute(a, "UPDATE numbered SET f8 = 0 WHERE id = -1999")
    (row,) = tables_of(verify_databases(a, b, DATA))["public.numbered"].rows
    assert row.columns == {"amount": ("1.10", "1.1000"), "f8": ("0", "-0")}
    assert verify_databases(a, b, Scope(schemas=False, fast=True)).agrees


def test_a_limit_a_sample_a_moment_and_a_selection(twins: tuple[str, str]) -> None:
    a, b = twins
    execute(b, "UPDATE numbered SET n = -n; UPDATE readings SET v = -1 WHERE at < '2020-03-01'")
    some = tables_of(verify_databases(a, b, Scope(schemas=False, limit=10)))["public.numbered"]
    assert len(some.rows) == 10 and not some.all_named
    part = verify_databases(a, b, Scope(schemas=False, sample=0.2, limit=9999))
    # Others write on the servers of the tests, which another note may tell.
    assert "only a sample of 20 % of the rows was compared" in part.notes
    sampled = tables_of(part)["public.numbered"]
    assert sampled.a is not None and 600 < sampled.a.rows < 1000
    assert len(sampled.rows) == sampled.a.rows and sampled.all_named
    since = tables_of(verify_databases(a, b, Scope(schemas=False, since=("at", "2020-06-01"))))
    assert since["public.readings"].verdict is Verdict.EQUAL
    assert since["public.readings"].a is not None and since["public.readings"].a.rows == 149
    assert since["public.pairs"].notes == ("no column at",)
    only = Selection(include=("public.pairs",))
    assert verify_databases(a, b, Scope(selection=only)).agrees
    with pytest.raises(UsageError, match="nothing to compare"):
        verify_databases(a, b, Scope(selection=Selection(include=("public.nosuch",)), schemas=False))
    with pytest.raises(UsageError, match=r"--since at=yesteryear .*invalid input syntax"):
        verify_databases(a, b, Scope(schemas=False, since=("at", "yesteryear")))
    with pytest.raises(UsageError) as caught:
        verify_databases(a, b, Scope(schemas=False, since=("att", "2020-06-01")))
    assert caught.value.detail == "no table has a column att"


def test_writers_are_mentioned_where_something_differs(twins: tuple[str, str]) -> None:
    a, b = twins

    def write(done: int, total: int) -> None:
        execute(b, "SELECT txid_current()")

    found = verify_databases(a, b, DATA, on_progress=write)
    assert found.agrees and not found.notes
    execute(a, "DELETE FROM pairs WHERE v = 1")
    found = verify_databases(a, b, DATA, on_progress=write)
    assert not found.agrees
    assert [note for note in found.notes if "B was written meanwhile" in note] == list(found.notes)


def test_what_failed_first_is_what_everyone_is_told(database: str) -> None:
    with Side(database, jobs=1) as side:
        asked = [side.submit(side.fetch, sql.SQL(query)) for query in ("SELECT 1 / 0", "SELECT 1")]
        for answer in asked:
            with pytest.raises(PgwrightError, match="division by zero"):
                answer.result()


def test_encodings_and_types_may_differ(server_18: Server, make_database: MakeDatabase) -> None:
    utf8, latin = make_database(server_18), make_database(server_18)
    name = psycopg.conninfo.conninfo_to_dict(latin)["dbname"]
    with psycopg.connect(server_18.url, autocommit=True) as conn:
        conn.execute(f"DROP DATABASE {name}".encode())
        conn.execute(f"CREATE DATABASE {name} TEMPLATE template0 ENCODING 'LATIN1' LOCALE 'C'".encode())
    execute(utf8, "CREATE TABLE t (id int PRIMARY KEY, w text); INSERT INTO t VALUES (1, 'größe')")
    execute(latin, "CREATE TABLE t (id bigint PRIMARY KEY, w varchar); INSERT INTO t VALUES (1, 'größe')")
    assert verify_databases(utf8, latin, DATA).agrees
    found = verify_databases(utf8, latin)
    assert found.changes and tables_of(found)["public.t"].agrees


def test_a_held_snapshot_and_hidden_rows(twins: tuple[str, str]) -> None:
    a, b = twins
    with psycopg.connect(a) as conn:
        conn.execute("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ READ ONLY")
        row = conn.execute("SELECT pg_export_snapshot()").fetchone()
        assert row is not None
        execute(a, "DELETE FROM pairs")
        taken = take_fingerprints(a, snapshot=row[0])
    kept = [Fingerprint.from_dict(fingerprint.as_dict()) for fingerprint in taken]
    assert all(result.agrees for result in compare_fingerprints(b, kept))
    execute(b, "UPDATE pairs SET v = 0 WHERE v = 1; ALTER TABLE numbered DROP doc; DROP TABLE bare")
    verdicts = {r.name: r for r in compare_fingerprints(b, kept) if not r.agrees}
    assert verdicts["public.pairs"].verdict is Verdict.DIFFERENT
    assert verdicts["public.numbered"].notes == ("column doc is missing",)
    assert verdicts["public.bare"].verdict is Verdict.ONLY_A
    assert len(verdicts) == 3


def test_row_policies_do_not_hide_rows_silently(server_18: Server, database: str, tmp_path: Path) -> None:
    role = f"{psycopg.conninfo.conninfo_to_dict(database)['dbname']}_reader"
    execute(
        database,
        "CREATE TABLE t (id int); INSERT INTO t VALUES (1); ALTER TABLE t ENABLE ROW LEVEL SECURITY;"
        f"CREATE ROLE {role} LOGIN PASSWORD 'x'; GRANT SELECT ON t TO {role}",
    )
    parts = psycopg.conninfo.conninfo_to_dict(database)
    limited = f"postgresql://{role}:x@{parts['host']}:{parts['port']}/{parts['dbname']}"
    try:
        done = pgwright("verify", database, limited, "--no-schema", cwd=tmp_path)
        assert done.returncode == 4
        assert "row-level security policy" in done.stderr
    finally:
        execute(database, f"DROP OWNED BY {role}; DROP ROLE {role}")


def test_command(twins: tuple[str, str], tmp_path: Path) -> None:
    a, b = twins
    (tmp_path / "pgwright.toml").write_text(
        f'[project]\nname = "x"\n[databases.old]\nurl = "{a}"\n[databases.new]\nurl = "{b}"\n'
    )
    done = pgwright("verify", "old", "new", cwd=tmp_path)
    assert done.returncode == 0, done.stderr
    assert "equal: 8 tables" in done.stdout and "0 schema differences" in done.stdout
    execute(b, "UPDATE pairs SET v = 0 WHERE v = 1; CREATE INDEX ON pairs (v)")
    done = pgwright("verify", "old", "new", cwd=tmp_path)
    assert done.returncode == 1
    for part in ("+ index public.pairs.pairs_v_idx", "public.pairs different", "v 1 -> 0", "1 row named"):
        assert part in done.stdout
    assert '"equal": false' in pgwright("verify", "old", "new", "--json", cwd=tmp_path).stdout
    execute(b, "UPDATE pairs SET v = v + 2")
    said = pgwright("verify", "old", "new", cwd=tmp_path).stdout
    assert "20 of 900 differing rows named; all of them: pgwright verify with --rows 900" in said
    said = pgwright("verify", "old", "new", "--rows", "900", cwd=tmp_path).stdout
    assert said.count(" -> ") == 900 and "900 rows named\n" in said
    (pairs,) = (
        table
        for table in json.loads(pgwright("verify", "old", "new", "--json", cwd=tmp_path).stdout)["tables"]
        if table["name"] == "public.pairs"
    )
    assert len(pairs["rows"]) == 900 and pairs["all_named"]
    assert all(set(row["columns"]) == {"v"} for row in pairs["rows"])
    execute(b, "UPDATE numbered SET n = n + 1")
    said = pgwright("verify", "old", "new", cwd=tmp_path).stdout
    assert "20 of more than 1,000 differing rows named; more of them: pgwright verify with --rows" in said
    for arguments, said in (
        (("old", "nwe"), "did you mean new?"),
        (("old", "new", "--sample", "0%"), "write 5% or 0.05"),
        (("old", "new", "--since", "x"), "--since created_at=2025-01-01"),
    ):
        done = pgwright("verify", *arguments, cwd=tmp_path)
        assert done.returncode == 2 and said in done.stderr

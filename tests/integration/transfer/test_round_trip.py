"""What is exported and imported again is what it was, in every format."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import psycopg
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pgwright.errors import (
    FormatCannotHold,
    ImportFailed,
    PgwrightError,
    StatementError,
    UnknownTableError,
    UsageError,
)
from pgwright.formats.csv import RowCounter, split
from pgwright.transfer.exports import ExportRequest, run_export
from tests.conftest import MakeDatabase
from tests.integration.transfer import every_type
from tests.integration.transfer.exporting import export
from tests.integration.transfer.importing import USERS, counts, execute, import_path, rows
from tests.servers.running import Server

FORMATS = ("csv", "json", "jsonl", "django", "parquet", "arrow")


def _texts(url: str, table: str = every_type.TABLE) -> list[str]:
    with psycopg.connect(url) as conn:
        conn.execute("SET TimeZone = 'UTC'")
        conn.execute("SET extra_float_digits = 3")
        return [row[0] for row in conn.execute(f"SELECT t::text FROM {table} t ORDER BY id".encode())]


def test_columns_may_be_called_as_the_parts_of_the_query(database: str, tmp_path: Path) -> None:
    execute(database, "CREATE TABLE short (id int PRIMARY KEY, o json, f int, r int, object text)")
    execute(database, """INSERT INTO short VALUES (1, '{"a": 1}', 2, 3, 'x')""")
    for kind in FORMATS[1:4]:
        export(database, tmp_path / kind, "short", format=kind)
    row = {"id": 1, "o": {"a": 1}, "f": 2, "r": 3, "object": "x"}
    assert json.loads((tmp_path / "json").read_bytes()) == [row]
    assert json.loads((tmp_path / "jsonl").read_bytes()) == row
    fields = {name: value for name, value in row.items() if name != "id"}
    (found,) = json.loads((tmp_path / "django").read_bytes())
    assert found == {"model": "short", "pk": 1, "fields": fields}


def test_lines_hold_whole_objects_wherever_json_has_line_ends(database: str, tmp_path: Path) -> None:
    execute(database, "CREATE TYPE noted AS (n int, j json)")
    execute(database, "CREATE TABLE t (id int PRIMARY KEY, many json[], one noted, several noted[])")
    document = "E'{\\n\"a\": 1\\r}'::json"
    execute(
        database,
        f"INSERT INTO t VALUES (1, ARRAY[{document}], (2, {document})::noted, ARRAY[(3, {document})::noted])",
    )
    plain = {"a": 1}
    row = {"id": 1, "many": [plain], "one": {"n": 2, "j": plain}, "several": [{"n": 3, "j": plain}]}
    table, query, anonymous = (tmp_path / name for name in ("table.jsonl", "query.jsonl", "anonymous.jsonl"))
    export(database, table, "t")
    export(database, query, query="SELECT * FROM t")
    export(database, anonymous, query=f"SELECT row(1, {document}) AS r, '[0:1]={{1,2}}'::int[] AS a")
    for path, expected in (
        (table, row),
        (query, row),
        (anonymous, {"r": {"f1": 1, "f2": plain}, "a": "[0:1]={1,2}"}),
    ):
        (line,) = path.read_bytes().splitlines()
        assert json.loads(line) == expected


def test_a_row_of_very_many_columns_is_one_object(database: str, tmp_path: Path) -> None:
    names = [f"c{number}" for number in range(400)]
    execute(database, f"CREATE TABLE wide (id int PRIMARY KEY, {', '.join(f'{name} int' for name in names)})")
    execute(database, "INSERT INTO wide (id, c0, c399) VALUES (1, 7, 8)")
    export(database, tmp_path / "wide.jsonl", "wide")
    expected = {"id": 1, **dict.fromkeys(names), "c0": 7, "c399": 8}
    assert json.loads((tmp_path / "wide.jsonl").read_bytes()) == expected


@pytest.mark.parametrize("kind", FORMATS)
def test_every_type_comes_back(database: str, tmp_path: Path, kind: str) -> None:
    execute(database, *every_type.SETUP)
    before = _texts(database)
    wishes: dict[str, Any] = {"as_text": every_type.NOT_COLUMNAR} if kind in ("parquet", "arrow") else {}
    compression = {"csv": "gzip", "jsonl": "zstd"}.get(kind, "none")
    path = tmp_path / "file"
    (done,) = export(database, path, every_type.NAME, format=kind, compression=compression, **wishes)
    assert done.rows == 3 and done.size == path.stat().st_size
    execute(database, f"DELETE FROM {every_type.TABLE}")
    outcome = import_path(database, path, format=kind, table=every_type.NAME)
    assert counts(outcome) == (3, 3, 0, 0, 0)
    assert _texts(database) == before
    careful = import_path(
        database, path, format=kind, table=every_type.NAME, conflict="update", key=("id",), max_rejects=1
    )
    assert counts(careful) == (3, 0, 3, 0, 0)
    assert _texts(database) == before


@pytest.mark.parametrize("kind", ["csv", "json"])
def test_every_server_exports_and_imports(
    each_server: Server, make_database: MakeDatabase, tmp_path: Path, kind: str
) -> None:
    url = make_database(each_server)
    execute(url, *every_type.SETUP)
    before = _texts(url)
    export(url, tmp_path / f"x.{kind}", every_type.NAME)
    execute(url, f"DELETE FROM {every_type.TABLE}")
    import_path(url, tmp_path / f"x.{kind}", table=every_type.NAME)
    assert _texts(url) == before


@pytest.mark.parametrize(
    ("column", "value", "kind"),
    [
        ("d date", "'infinity'", "parquet"),
        ("t timestamptz", "'0044-03-15 BC'", "parquet"),
        ("n numeric(10,2)", "'NaN'", "arrow"),
        ("j jsonb", "'null'", "json"),
    ],
)
def test_what_a_format_cannot_hold_is_refused(
    database: str, tmp_path: Path, column: str, value: str, kind: str
) -> None:
    execute(
        database, f"CREATE TABLE t (id integer PRIMARY KEY, {column})", f"INSERT INTO t VALUES (1, {value})"
    )
    path = tmp_path / f"t.{kind}"
    with pytest.raises(FormatCannotHold, match=rf"t\.{column[0]}") as failure:
        export(database, path, "t")
    assert f"--as-text {column[0]}" in str(failure.value)
    assert not path.exists()
    before = _texts(database, "t")
    if kind != "json":
        export(database, path, "t", as_text=(column[0],))
        execute(database, "DELETE FROM t")
        import_path(database, path)
        assert _texts(database, "t") == before


@pytest.mark.parametrize("kind", FORMATS)
def test_rows_of_many_megabytes_come_back(database: str, tmp_path: Path, kind: str) -> None:
    execute(database, "CREATE TABLE t (id int PRIMARY KEY, doc text, raw bytea)")
    execute(
        database,
        "INSERT INTO t SELECT g, repeat(E'a\n\"' || g, 1200000), decode(repeat('0a', 700000), 'hex')"
        " FROM generate_series(1, 3) g",
        "INSERT INTO t SELECT g, 'small', NULL FROM generate_series(4, 5000) g",
    )
    path = tmp_path / f"t.{kind}"
    export(database, path, "t", **({"format": "django", "model": "a.t"} if kind == "django" else {}))
    before = rows(database, "SELECT md5(string_agg(t::text, '|' ORDER BY id)) FROM t")
    execute(database, "DELETE FROM t")
    import_path(database, path, **({"format": "django", "table": "t"} if kind == "django" else {}))
    assert rows(database, "SELECT md5(string_agg(t::text, '|' ORDER BY id)) FROM t") == before


def test_a_value_too_large_to_be_written_is_named(database: str, tmp_path: Path) -> None:
    execute(
        database,
        'CREATE TABLE t ("Id" int PRIMARY KEY, doc bytea COMPRESSION lz4)',
        # In hexadecimal it takes twice as much.
        "INSERT INTO t VALUES (1, 'a'), (2, convert_to(repeat(repeat('a', 100000), 5400), 'UTF8')), (3, 'b')",
    )
    path = tmp_path / "t.csv"
    with pytest.raises(FormatCannotHold, match=r"t\.doc") as failure:
        export(database, path, "t", columns=("Id", "doc"))
    assert not path.exists()
    named = """NOT ("Id" = '2')"""
    assert named in (failure.value.hint or "")
    (done,) = export(database, path, "t", where=named)
    assert done.rows == 2


def test_rows_are_counted_while_they_come(database: str, tmp_path: Path) -> None:
    execute(
        database,
        "CREATE TABLE t (id int, a text, b text)",
        """INSERT INTO t SELECT g, E'"a"\n', repeat(E'\n""\n,"', g % 9) FROM generate_series(1, 30000) g""",
    )
    told: list[int] = []
    request = ExportRequest(tables=("t",), output=str(tmp_path / "t.csv"))
    (done,) = run_export(database, request, progress=lambda name, rows, total: told.append(rows))
    assert len(told) > 5 and sorted(told) == told and told[-2:] == [30000, 30000] == [done.rows] * 2


def test_an_empty_table_is_a_file_in_every_format(database: str, tmp_path: Path) -> None:
    execute(database, USERS)
    for kind in ("csv", "parquet", "arrow"):
        path = tmp_path / f"users.{kind}"
        (done,) = export(database, path, "users")
        assert done.rows == 0
        assert counts(import_path(database, path)) == (0, 0, 0, 0, 0)
    export(database, tmp_path / "users.json", "users")
    assert (tmp_path / "users.json").read_text() == "[\n]\n"


@settings(max_examples=60)
@given(
    st.lists(
        st.lists(st.text(alphabet='",\n\r\\.ab é\x0b', max_size=6) | st.none(), min_size=2, max_size=2),
        min_size=1,
        max_size=8,
    ),
    st.integers(1, 7),
)
def test_records_end_where_postgresql_ends_them(
    csv_writer: psycopg.Connection[Any], table: Any, size: int
) -> None:
    """Split what COPY writes into records; each one, read alone, must be one row, the very row."""
    csv_writer.execute("TRUNCATE t")
    with csv_writer.cursor() as cursor:
        cursor.executemany("INSERT INTO t VALUES (%s, %s)", table)
        with cursor.copy("COPY t TO STDOUT (FORMAT csv)") as copy:
            text = b"".join(bytes(block) for block in copy)
    pieces = [text[at : at + size] for at in range(0, len(text), size)]
    found = list(split(pieces, "test"))
    counter = RowCounter()
    assert max(counter.add(piece) for piece in pieces) == len(table)
    records = [row for batch in found for row in batch.rows]
    numbers = [number for batch in found for number in batch.numbers]
    assert b"\n".join(records) + b"\n" == text
    assert len(records) == len(table)
    assert numbers == [1 + b"".join(r + b"\n" for r in records[:n]).count(b"\n") for n in range(len(records))]
    csv_writer.execute("TRUNCATE t")
    for record in records:
        with csv_writer.cursor().copy("COPY t FROM STDIN (FORMAT csv)") as copy:
            copy.write(record + b"\n")
    assert csv_writer.execute("SELECT a, b FROM t").fetchall() == [tuple(row) for row in table]


@pytest.fixture(scope="module")
def csv_writer(server_18: Server, make_module_database: MakeDatabase) -> Any:
    with psycopg.connect(make_module_database(server_18), autocommit=True) as conn:
        conn.execute("CREATE TEMPORARY TABLE t (a text, b text)")
        yield conn


def test_several_tables_are_of_one_moment_and_go_to_a_folder(database: str, tmp_path: Path) -> None:
    execute(
        database,
        "CREATE TABLE a (id integer PRIMARY KEY)",
        "CREATE TABLE b (id integer PRIMARY KEY, a integer REFERENCES a)",
        "INSERT INTO a SELECT generate_series(1, 10)",
        "INSERT INTO b SELECT g, g FROM generate_series(1, 10) g",
    )
    found = run_export(
        database,
        ExportRequest(tables=("b", "a"), output=f"{tmp_path}/out/"),
        # After the snapshot, before the rows are read.
        confirm=lambda plan: execute(database, "DELETE FROM b", "DELETE FROM a"),
    )
    assert [(file.file, file.rows) for file in found] == [("public.a.csv", 10), ("public.b.csv", 10)]
    assert (tmp_path / "out" / "manifest.json").exists()


def test_a_subset_takes_along_all_that_it_refers_to(database: str, tmp_path: Path) -> None:
    execute(
        database,
        "CREATE TABLE country (id integer PRIMARY KEY)",
        "CREATE TABLE person (id integer PRIMARY KEY, boss integer REFERENCES person,"
        " country integer REFERENCES country, part text)",
        "CREATE TABLE visit (id integer, person integer REFERENCES person, d date) PARTITION BY RANGE (d)",
        "CREATE TABLE visit1 PARTITION OF visit FOR VALUES FROM ('2025-01-01') TO ('2026-01-01')",
        "INSERT INTO country SELECT generate_series(1, 5)",
        "INSERT INTO person SELECT g, nullif(g - 1, 0), g % 5 + 1 FROM generate_series(1, 100) g",
        "INSERT INTO visit SELECT g, g, '2025-06-01' FROM generate_series(1, 100) g",
    )
    found = run_export(
        database,
        ExportRequest(
            tables=("visit",), where="id IN (3, 5)", references=True, output=f"{tmp_path}/s/", format="jsonl"
        ),
    )
    assert {file.table: file.rows for file in found} == {
        "public.country": 5,
        "public.person": 5,
        "public.visit": 2,
    }
    assert (tmp_path / "s" / "public.visit.jsonl").read_text().count("\n") == 2


def test_queries_and_their_mistakes(database: str, tmp_path: Path) -> None:
    execute(database, USERS, "INSERT INTO users (email, age) VALUES ('a@x', 1)")
    path = tmp_path / "q.jsonl"
    run_export(
        database, ExportRequest(query="SELECT email, 1.50 AS n FROM users;", output=str(path), format="jsonl")
    )
    assert path.read_text() == '{"email":"a@x","n":1.50}\n'
    for wishes, error in (
        ({"query": "SELECT 1 AS a, 2 AS a"}, UsageError),
        ({"query": "SELECT nonsense"}, PgwrightError),
        ({"query": "DELETE FROM users RETURNING id"}, StatementError),
        ({"tables": ("users",), "where": "id = "}, UsageError),
        ({"tables": ("users",), "where": "age = 'old'"}, UsageError),
        ({"tables": ("users",), "columns": ("nope",)}, UnknownTableError),
        ({}, UsageError),
        ({"tables": ("users",), "query": "SELECT 1"}, UsageError),
        ({"query": "SELECT 1 / (id - 1) AS x FROM users"}, StatementError),
    ):
        with pytest.raises(error):
            run_export(database, ExportRequest(output=str(tmp_path / "bad.csv"), **wishes))
    for wish, value, near in (
        ("where", 'users."e mail" > 1', "e mail; did you mean email"),
        ("where", "emial LIKE 'a%'", "emial; did you mean email"),
        ("columns", ("nmae",), "nmae; did you mean name"),
    ):
        with pytest.raises(UnknownTableError, match=f"has no column {near}") as unknown:
            export(database, tmp_path / "bad.csv", "users", **{wish: value})
        assert unknown.value.hint == f"correct --{wish}"
    assert not (tmp_path / "bad.csv").exists()
    assert rows(database, "SELECT count(*) FROM users") == [(1,)]


@pytest.mark.parametrize("kind", ["csv", "jsonl", "parquet"])
def test_progress_never_tells_more_rows_than_there_are(database: str, tmp_path: Path, kind: str) -> None:
    execute(
        database,
        USERS,
        """INSERT INTO users (email, name) SELECT g || E'"\n', repeat(E'"\n\\\\', 40)
        FROM generate_series(1, 3000) g""",
    )
    told: list[int] = []
    request = ExportRequest(tables=("users",), output=str(tmp_path / "users"), format=kind)
    run_export(database, request, progress=lambda name, rows, total: told.append(rows))
    assert told == sorted(told) and told[-1] == 3000
    assert len(told) > 2 and 3000 - 100 < told[-2] <= 3000


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("users.parquet", b"PAR1 but nothing else"),
        ("users.arrow", b"ARROW1 is not enough"),
        ("users.json", b'[{"email": "a@x"}, {"email": '),
        ("users.json", b'{"email": "a@x"}'),
        ("users.json", b""),
        ("users.jsonl", b"not json\n"),
    ],
)
def test_a_file_that_is_not_one_is_refused(database: str, tmp_path: Path, name: str, text: bytes) -> None:
    execute(database, USERS)
    (tmp_path / name).write_bytes(text)
    with pytest.raises(PgwrightError) as failure:
        import_path(database, tmp_path / name)
    assert failure.value.code == "PW701"
    assert name in str(failure.value)
    assert rows(database, "SELECT count(*) FROM users") == [(0,)]


def test_bad_rows_of_json_are_named(database: str, tmp_path: Path) -> None:
    execute(database, USERS)
    path = tmp_path / "users.jsonl"
    path.write_text(
        '{"email": "a@x", "age": 1}\n\n{"email": "b@x", "age": "x"}\n[1]\n{"email": "c@x", "agee": 1}\n'
        '{"email": "d\\u0000@x"}\n{"email": null}\n'
    )
    with pytest.raises(ImportFailed, match="line 4"):
        import_path(database, path, mapping=(("agee", ""),))
    outcome = import_path(database, path, mapping=(("agee", ""),), max_rejects=9)
    assert counts(outcome) == (6, 2, 0, 0, 4)

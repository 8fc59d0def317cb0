"""Databases copied whole and in part: what pg_dump knows, from every version, as the user chose it."""

from __future__ import annotations

import secrets
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from difflib import unified_diff
from pathlib import Path

import psycopg
import pytest

import pgwright as library
from pgwright.errors import CopyFailed, NothingToResume, TargetNotEmpty, UsageError
from pgwright.server import embedded_binaries
from pgwright.transfer.copy.checklist import checklist
from pgwright.transfer.copy.choice import Choice
from pgwright.transfer.copy.copy import Manner, copy_database, resume_copy
from pgwright.transfer.copy.load import Progress
from pgwright.verify.contents import verify_databases
from tests.conftest import MakeDatabase
from tests.integration.cli.running import pgwright
from tests.servers.running import Server

SCHEMA = Path(__file__).with_name("shop.sql").read_text()
KINDS = Path(__file__).with_name("kinds.sql").read_text()
SMALL = Manner(least_part=64 * 1024)  # so that tables of a test are split as well


def execute(url: str, statements: str) -> None:
    with psycopg.connect(url) as conn:
        conn.execute(statements.encode())


def ask(url: str, query: str) -> object:
    with psycopg.connect(url) as conn:
        row = conn.execute(query.encode()).fetchone()
    assert row is not None
    return row[0]


@pytest.fixture
def source(server_18: Server, make_database: MakeDatabase) -> str:
    url = make_database(server_18)
    execute(url, SCHEMA)
    return url


def test_everything_arrives(server_12: Server, server_18: Server, make_database: MakeDatabase) -> None:
    old, new = make_database(server_12), make_database(server_18)
    execute(old, SCHEMA)
    seen: list[Progress] = []
    done = copy_database(old, new, manner=Manner(least_part=64 * 1024, on_progress=seen.append))
    found = done.verification
    assert found is not None
    assert "\n".join(map(str, found.changes or ())) == "" and found.agrees
    assert not any("large objects" in note for note in found.notes)
    names = {table.name for table in found.tables}
    assert {"public.counts", "public.total", "sequences", "large objects", "public.child"} <= names
    assert seen[-1].bytes == seen[-1].of_bytes > 0 and seen[-1].built == seen[-1].to_build > 10
    assert seen[-1].rows == done.rows > 5500
    assert ask(new, "SELECT obj_description(4711, 'pg_largeobject')") == "greeting"
    assert ask(new, "SELECT double FROM things WHERE id = 1") == 202
    assert ask(new, "INSERT INTO owners (name) VALUES ('next') RETURNING id") == 600
    assert ask(new, "SELECT count(*) FROM pgwright.copy_item") == 0
    assert ask(new, "SELECT reltuples FROM pg_class WHERE relname = 'things'") == 3000
    with pytest.raises(NothingToResume, match="no unfinished copy"):
        resume_copy(old, new)


def test_every_kind_arrives_with_owners_and_privileges(
    each_server: Server, server_18: Server, make_database: MakeDatabase
) -> None:
    old, new = make_database(each_server), make_database(server_18)
    with roles(each_server, server_18) as (owner, reader):
        execute(old, SCHEMA + KINDS.replace("its_owner", owner).replace("its_reader", reader))
        # The extension of the target brings its table, and the rows that are not the user's.
        execute(
            new,
            "CREATE EXTENSION hstore; CREATE TABLE settings (name text, own boolean);"
            "ALTER EXTENSION hstore ADD TABLE settings; INSERT INTO settings VALUES ('theirs', false)",
        )
        try:
            found = copy_database(old, new, manner=SMALL).verification
            assert found is not None
            assert "\n".join(map(str, found.changes or ())) == ""
            assert [table for table in found.tables if not table.agrees] == []
            if each_server.version >= 16:  # older ones write columns of views with the names of their tables
                # What PostgreSQL's own program sees, which pgwright's comparison might not.
                assert "\n".join(unified_diff(dumped(old), dumped(new), lineterm="", n=0)) == ""
            for question, answer in (
                ("SELECT array_agg(name ORDER BY name)::text FROM settings", "{mine,theirs}"),
                ("SELECT nextval('hers.tickets')", 42),
                ("SELECT relispopulated FROM pg_class WHERE relname = 'unfilled'", False),
                ("SELECT pay FROM hers.paid", 820),
                ("INSERT INTO hers.secrets DEFAULT VALUES RETURNING id", 501),
                ("SELECT length(lo_get(4712))", 10000),
                ("SELECT pg_get_userbyid(lomowner) FROM pg_largeobject_metadata WHERE oid = 4712", owner),
                (f"SELECT has_column_privilege('{reader}', 'hers.secrets', 'pay', 'UPDATE')", False),
            ):
                assert ask(new, question) == answer, question
        finally:
            for url in (old, new):
                # One after the other: both at once fail over a default privilege that names both.
                execute(url, f"DROP OWNED BY {reader} CASCADE; DROP OWNED BY {owner} CASCADE")


def test_an_older_extension_that_lacks_a_table(
    server_12: Server, server_18: Server, make_database: MakeDatabase
) -> None:
    old = make_database(server_18)
    execute(
        old,
        "CREATE EXTENSION hstore; CREATE TABLE settings (name text, own boolean);"
        "ALTER EXTENSION hstore ADD TABLE settings; INSERT INTO settings VALUES ('theirs', false);"
        "UPDATE pg_extension SET extconfig = ARRAY['settings'::regclass::oid],"
        " extcondition = ARRAY['WHERE own'] WHERE extname = 'hstore'",
    )
    # Without rows of users none is missed.
    done = copy_database(old, make_database(server_12))
    assert done.verification is not None and done.verification.agrees
    execute(old, "INSERT INTO settings VALUES ('mine', true)")
    with pytest.raises(CopyFailed, match=r"hstore of the target has no table public\.settings") as caught:
        copy_database(old, make_database(server_12))
    assert "version 1.6 there, 1.8 at the source; what is finished stays" in str(caught.value.detail)
    assert "install version 1.8 of it" in str(caught.value.hint)
    new = make_database(server_18)
    execute(
        new,
        "CREATE EXTENSION hstore VERSION '1.7'; CREATE TABLE settings (name text);"
        "ALTER EXTENSION hstore ADD TABLE settings",
    )
    (finding,) = (found for found in checklist(old, new, Choice(), jobs=2) if found.subject == "hstore")
    assert "older at the target (1.7, not 1.8)" in finding.message and "UPDATE" in str(finding.hint)
    with pytest.raises(CopyFailed, match=r"no column own in public\.settings") as caught:
        copy_database(old, new)
    assert "at the target: ALTER EXTENSION hstore UPDATE TO '1.8'; then" in str(caught.value.hint)
    execute(new, "ALTER EXTENSION hstore UPDATE TO '1.8'; ALTER TABLE settings ADD own boolean")
    assert resume_copy(old, new).rows == 1
    assert ask(new, "SELECT name FROM settings") == "mine"


@contextmanager
def roles(*servers: Server) -> Iterator[tuple[str, str]]:
    """Make an owner and a reader on servers that may be the same."""
    owner, reader = (f"pgwright_{secrets.token_hex(4)}_{name}" for name in ("owner", "reader"))
    urls = {server.url for server in servers}
    for url in urls:
        execute(url, f"CREATE ROLE {owner}; CREATE ROLE {reader}")
    try:
        yield owner, reader
    finally:
        for url in urls:
            execute(url, f"DROP ROLE {owner}, {reader}")


def dumped(url: str) -> list[str]:
    """Return the schema as pg_dump of the newest server writes it, without what it says of itself."""
    programs = embedded_binaries()
    done = subprocess.run(
        [programs.bin_dir / "pg_dump", "--schema-only", "--exclude-schema=pgwright", "--dbname", url],
        env=programs.environment(),
        capture_output=True,
        text=True,
        check=True,
    )
    # The order depends on when and where objects were made.
    entries = sorted(done.stdout.split("\n\n\n--\n"))
    lines = "\n".join(entries).splitlines()
    # Client settings, and what Debian's build notes at columns, are not the user's.
    return [line for line in lines if not line.startswith(("--", "\\", "SET ")) and "pg_attver" not in line]


def test_what_a_failed_build_left_is_no_difference(source: str, database: str) -> None:
    with psycopg.connect(source, autocommit=True) as conn:
        conn.execute("CREATE TABLE twice AS SELECT 1 AS n UNION ALL SELECT 1")
        with pytest.raises(psycopg.errors.UniqueViolation):
            conn.execute("CREATE UNIQUE INDEX CONCURRENTLY once ON twice (n)")
        conn.execute("CREATE TABLE parted (n int) PARTITION BY LIST (n)")
        conn.execute("CREATE TABLE parted_1 PARTITION OF parted FOR VALUES IN (1)")
        conn.execute("CREATE INDEX waiting ON ONLY parted (n)")
    notes: list[str] = []
    found = copy_database(source, database, manner=Manner(on_note=notes.append)).verification
    assert found is not None and found.agrees
    assert any("public.twice.once of the source is not valid" in note for note in notes)


def test_to_an_older_server(server_18: Server, server_15: Server, make_database: MakeDatabase) -> None:
    old, new = make_database(server_18), make_database(server_15)
    execute(old, "CREATE TABLE t (id int PRIMARY KEY, w text); INSERT INTO t VALUES (1, 'x'), (2, NULL)")
    done = library.copy_database(old, new, manner=library.CopyManner(jobs=1))
    assert done.verification is not None and done.verification.agrees


def test_parts_of_a_database(source: str, server_18: Server, make_database: MakeDatabase) -> None:
    schema = make_database(server_18)
    copy_database(source, schema, Choice(what="schema"))
    assert ask(schema, "SELECT count(*) FROM things") == 0
    # Triggers, foreign keys in a circle and rules stand in no way, and stay as they were.
    copied = copy_database(source, schema, Choice(what="data"), SMALL).verification
    assert copied is not None
    assert [table for table in copied.tables if not table.agrees] == []
    assert verify_databases(source, schema).agrees
    with pytest.raises(TargetNotEmpty, match="large objects of its own"):
        copy_database(source, schema, Choice(what="data"))
    with pytest.raises(psycopg.errors.RaiseException, match="a trigger ran"):
        execute(schema, "INSERT INTO things (owner) VALUES (100)")
    one = make_database(server_18)
    notes: list[str] = []
    part = Choice(include=("public.owners", 'Shop "1".readings', "public.nothing"))
    found = copy_database(source, one, part, Manner(on_note=notes.append)).verification
    assert found is not None and found.agrees and len(found.tables) == 3
    assert notes == ["foreign key owners owners_favourite_fkey is left out: it leads out of what is copied"]
    shop = make_database(server_18)
    found = copy_database(source, shop, Choice(schemas=('Shop "1"',))).verification
    assert found is not None and found.agrees and len(found.tables) == 1
    needed = make_database(server_18)
    with pytest.raises(CopyFailed) as failure:
        copy_database(source, needed, Choice(exclude=("public.things*",)))
    assert "--exclude public.counts" in (failure.value.hint or "")
    rest = make_database(server_18)
    without = Choice(exclude=("public.things*", "public.sad", "public.counts*", "public.total"))
    found = copy_database(source, rest, without).verification
    assert found is not None and all(table.agrees for table in found.tables)
    assert ask(rest, "SELECT to_regclass('things') IS NULL")


def test_the_target_is_looked_at_first(source: str, database: str) -> None:
    execute(database, "CREATE TABLE mine (id int); INSERT INTO mine VALUES (1)")
    with pytest.raises(TargetNotEmpty, match="not empty"):
        copy_database(source, database)
    with pytest.raises(CopyFailed, match="no table"):
        copy_database(source, database, Choice(what="data"))
    with pytest.raises(UsageError, match="the same database"):
        copy_database(source, source.replace("127.0.0.1", "localhost"))
    for wrong in (Choice(include=("ownres",)), Choice(schemas=("publc",)), Choice(include=("public.*x",))):
        with pytest.raises(UsageError, match="nothing that is called"):
            copy_database(source, database, wrong)
    assert ask(database, "SELECT to_regnamespace('pgwright') IS NULL")
    beside = Choice(existing=True, include=("public.owners",))
    assert copy_database(source, database, beside).rows == 500
    execute(database, "ALTER TABLE owners DROP name")
    with pytest.raises(CopyFailed, match=r"no column name of public\.owners"):
        copy_database(source, database, Choice(what="data", include=("public.owners",)))
    execute(database, "TRUNCATE owners; ALTER TABLE owners ADD name text, ADD more int NOT NULL")
    with pytest.raises(CopyFailed, match=r"copying public\.owners failed: null value") as refused:
        copy_database(source, database, Choice(what="data", include=("public.owners",)))
    assert str(refused.value).count("Failing row contains") == 1
    execute(database, "ALTER TABLE owners DROP more; INSERT INTO owners DEFAULT VALUES")
    with pytest.raises(TargetNotEmpty, match=r"table public\.owners of the target has rows"):
        copy_database(source, database, Choice(what="data", include=("public.owners",)))
    with pytest.raises(CopyFailed, match="owners") as known:
        copy_database(source, database, beside)
    assert "--data-only" in str(known.value.hint)
    with pytest.raises(TargetNotEmpty) as failure:
        copy_database(source, database)
    assert "--resume" in (failure.value.hint or "")


def test_a_rate_is_kept(source: str, database: str) -> None:
    execute(source, "INSERT INTO notes SELECT repeat('y', 100000) FROM generate_series(1, 20)")
    seen: list[Progress] = []
    choice = Choice(include=("public.notes",))
    began = ask(source, "SELECT extract(epoch FROM clock_timestamp())")
    copy_database(source, database, choice, Manner(rate=4_000_000, verify=False, on_progress=seen.append))
    ended = ask(source, "SELECT extract(epoch FROM clock_timestamp())")
    # 5 MB by one of two workers, each with half of the rate, less the second that it may run ahead.
    assert float(str(ended)) - float(str(began)) > 1.2
    assert len(seen) >= 2


def test_command(source: str, database: str, tmp_path: Path) -> None:
    (tmp_path / "pgwright.toml").write_text(
        f'[project]\nname = "x"\n[databases.old]\nurl = "{source}"\n'
        f'[databases.new]\nurl = "{database}"\nenvironment = "production"\n'
    )
    done = pgwright("copy", "old", "new", cwd=tmp_path)
    assert done.returncode == 3 and "--production new" in done.stderr
    done = pgwright("copy", "old", database, "--yes", cwd=tmp_path)
    assert done.returncode == 3, "a URL is no way around the name"
    done = pgwright("copy", "old", "new", "--production", "new", cwd=tmp_path)
    assert done.returncode == 3 and "--yes" in done.stderr
    execute(
        source, "UPDATE things SET owner = (SELECT max(id) FROM owners) WHERE id = 1"
    )  # unseen by its views
    done = pgwright("copy", "old", "new", "--production", "new", "--yes", cwd=tmp_path)
    assert done.returncode == 0, done.stderr
    for part in (
        "copied 5,",
        "public.counts: left out (filled here from the copied rows",
        "equal: 11 tables",
        "0 schema differences",
    ):
        assert part in done.stdout
    assert "plan: copy schema and rows from old into new" in done.stderr
    done = pgwright("copy", "old", "new", "--production", "new", "--resume", "--json", cwd=tmp_path)
    assert done.returncode == 2 and '"code": "PW752"' in done.stdout
    for arguments, said in (
        (("--schema-only", "--data-only"), "exclude each other"),
        (("--rate", "fast"), "write 20MB"),
    ):
        done = pgwright("copy", "old", "new", "--production", "new", *arguments, cwd=tmp_path)
        assert done.returncode == 2 and said in done.stderr

"""Logical backups: made, listed, verified and restored through the command line, on real servers."""

from __future__ import annotations

import json
import secrets
import subprocess
from collections.abc import Callable
from pathlib import Path

import psycopg
import pytest
from psycopg.conninfo import make_conninfo

from pgwright import server
from pgwright.model.names import QualifiedName
from pgwright.model.policy import Rollup
from pgwright.pg.address import parse_address
from pgwright.timeseries.declare import Edit, declare
from pgwright.timeseries.run import Demand, run_policies
from tests.conftest import MakeDatabase
from tests.integration.backup.running import at, one, pgwright
from tests.servers.running import Server

Run = Callable[..., subprocess.CompletedProcess[str]]

_SHOP = """
    CREATE TYPE mood AS ENUM ('good', 'bad');
    CREATE TABLE customer (id serial PRIMARY KEY, name text UNIQUE, mood mood);
    CREATE TABLE purchase (
        id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
        customer int NOT NULL REFERENCES customer, note text CHECK (note <> ''), price numeric
    );
    CREATE INDEX purchase_note ON purchase (note);
    CREATE VIEW spent AS SELECT customer, sum(price) FROM purchase GROUP BY 1;
    CREATE TABLE "Odd name" (a int);
    INSERT INTO customer (name, mood) SELECT 'customer ' || g, 'good' FROM generate_series(1, 50) g;
    INSERT INTO purchase (customer, note, price)
        SELECT 1 + g % 50, md5(g::text), g FROM generate_series(1, 2000) g;
    INSERT INTO "Odd name" VALUES (1), (2);
"""


def fill(url: str) -> None:
    with psycopg.connect(url, autocommit=True) as conn:
        conn.execute(_SHOP)


@pytest.fixture
def run(tmp_path: Path) -> Run:
    """Run a command of pgwright in a project whose repository is a folder, and expect an exit code."""
    (tmp_path / "pgwright.toml").write_text(
        '[databases.default]\nurl = "${DATABASE_URL}"\n\n[backup]\nrepository = "repository"\njobs = 2\n'
        """\n[groups]\nsmall = ["customer", '"Odd name"']\n"""
    )

    def call(
        *arguments: str, url: str, code: int = 0, **environment: str
    ) -> subprocess.CompletedProcess[str]:
        done = pgwright(*arguments, cwd=tmp_path, DATABASE_URL=url, **environment)
        assert done.returncode == code, done.stdout + done.stderr
        return done

    return call


@pytest.mark.parametrize("form", ["plain", "custom", "parallel"])
def test_a_database_comes_back_whole(form: str, database: str, run: Run) -> None:
    fill(database)
    made = json.loads(run("backup", "create", "--format", form, "--checksums", "--json", url=database).stdout)
    assert {(t["name"], t["rows"]) for t in made["databases"][0]["tables"]} == {
        ("customer", 50), ("purchase", 2000), ('Odd name', 2),
    }  # fmt: skip
    listed = json.loads(run("backup", "list", "--json", url=database).stdout)
    assert [b["id"] for b in listed["backups"]] == [made["id"]]
    assert "whole" in run("backup", "verify", url=database).stdout

    # As long as a name may be: what it grows under is not longer.
    copy = f"{parse_address(database).dbname}_copy".ljust(63, "x")
    assert "too long" in run("backup", "restore", "--as", f"{copy}x", "--yes", url=database, code=2).stderr
    try:
        result = run("backup", "restore", "--as", copy, "--yes", url=database)
        assert "3 tables, 2,052 rows" in result.stdout
        run("verify", database, at(database, copy), url=database)
    finally:
        with psycopg.connect(database, autocommit=True) as conn:
            conn.execute(f'DROP DATABASE IF EXISTS "{copy}"'.encode())


def test_the_old_database_is_kept_and_only_gives_way_by_name(database: str, run: Run) -> None:
    fill(database)
    name = parse_address(database).dbname
    run("backup", "create", url=database)
    refused = run("backup", "restore", "--yes", url=database, code=3)
    assert f"--replace {name}" in refused.stderr
    with psycopg.connect(database, autocommit=True) as conn:
        conn.execute("DELETE FROM purchase")
    result = json.loads(run("backup", "restore", "--replace", name, "--yes", "--json", url=database).stdout)
    try:
        assert one(database, "SELECT count(*) FROM purchase") == 2000
        assert one(at(database, result["kept"]), "SELECT count(*) FROM purchase") == 0
    finally:
        with psycopg.connect(at(database, "postgres"), autocommit=True) as conn:
            conn.execute(f'DROP DATABASE IF EXISTS "{result["kept"]}"'.encode())


def test_the_database_that_everybody_connects_to_gives_way_too(run: Run) -> None:
    name = f"replaced-{secrets.token_hex(3)}"
    try:
        url = server.url(server.start(name, durable=False))
        fill(url)
        assert parse_address(url).dbname == "postgres"
        run("backup", "create", url=url)
        with psycopg.connect(url, autocommit=True) as conn:
            conn.execute("DELETE FROM purchase")
        run("backup", "restore", "--replace", "postgres", "--yes", url=url)
        assert one(url, "SELECT count(*) FROM purchase") == 2000
    finally:
        server.remove(name)


def test_production_gives_way_only_by_its_name_and_rows_are_of_the_same_database(
    database: str, run: Run, tmp_path: Path
) -> None:
    name = parse_address(database).dbname
    fill(database)
    run("backup", "create", url=database)
    with (tmp_path / "pgwright.toml").open("a") as file:
        file.write(f'\n[databases.live]\nurl = "{database}"\nenvironment = "production"\n')
    # The server is named by another database of it.
    beside = at(database, "postgres")
    for place in ((), ("--url", beside)):
        refused = run(*place, "backup", "restore", "--replace", name, "--yes", url=beside, code=3)
        assert "--production live" in refused.stderr
    lacks = run("backup", "restore", "--table", "customer", "--yes", url=beside, code=2)
    assert "no backup of database postgres" in lacks.stderr


def test_rows_alone_go_back_whatever_their_order(database: str, run: Run) -> None:
    fill(database)
    run("backup", "create", url=database)
    refused = run("backup", "restore", "--table", "purchase", "--yes", url=database, code=3)
    assert "holds rows already" in refused.stderr
    with psycopg.connect(database, autocommit=True) as conn:
        conn.execute("TRUNCATE customer, purchase")
        conn.execute('TRUNCATE "Odd name"')
    run("backup", "restore", "--data-only", "--yes", url=database)
    assert one(database, "SELECT count(*) FROM purchase") == 2000
    assert one(database, "SELECT convalidated FROM pg_constraint WHERE conname = 'purchase_customer_fkey'")
    assert one(database, "INSERT INTO customer (name) VALUES ('new') RETURNING id") == 51


def test_rows_alone_leave_the_records_of_pgwright_as_they_are(database: str, run: Run) -> None:
    fill(database)
    counts = Rollup("by_customer", group_by="customer", aggregates={"n": "count(*)"})
    with psycopg.connect(database, autocommit=True) as conn:
        with conn.transaction():
            declare(conn, [Edit(table=QualifiedName("public", "purchase"), policy=counts)])
        run_policies(database)
        run("backup", "create", url=database)
        conn.execute('TRUNCATE customer, purchase, by_customer, "Odd name"')
    run("backup", "restore", "--data-only", "--yes", url=database)
    assert not run_policies(database, Demand(force=True)).failed
    assert one(database, "SELECT sum(n) FROM by_customer") == 2000


def test_a_table_that_is_gone_comes_back_with_all_that_belongs_to_it(database: str, run: Run) -> None:
    fill(database)
    before = json.loads(run("backup", "create", "--format", "parallel", "--json", url=database).stdout)
    with psycopg.connect(database, autocommit=True) as conn:
        conn.execute("DROP TABLE purchase CASCADE")
    run("backup", "restore", before["id"], "--table", "public.purchase", "--yes", url=database)
    with psycopg.connect(database, autocommit=True) as conn:
        found = conn.execute(
            "SELECT conname FROM pg_constraint WHERE conrelid = 'purchase'::regclass AND contype <> 'n' "
            "UNION SELECT indexname FROM pg_indexes WHERE tablename = 'purchase' ORDER BY 1"
        ).fetchall()
        assert [row[0] for row in found] == [
            "purchase_customer_fkey", "purchase_note", "purchase_note_check", "purchase_pkey",
        ]  # fmt: skip
        conn.execute("INSERT INTO purchase (customer, note) VALUES (1, 'x')")


def test_a_restore_that_does_not_fit_changes_nothing(database: str, run: Run) -> None:
    fill(database)
    run("backup", "create", "--group", "small", "--data-only", url=database)
    (made,) = json.loads(run("backup", "list", "--json", url=database).stdout)["backups"]
    assert {t["name"] for t in made["databases"][0]["tables"]} == {"customer", "Odd name"}
    with psycopg.connect(database, autocommit=True) as conn:
        conn.execute('TRUNCATE customer, purchase; TRUNCATE "Odd name"')
        conn.execute(
            "CREATE FUNCTION swallow() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RETURN NULL; END'; "
            'CREATE TRIGGER swallow BEFORE INSERT ON "Odd name" FOR EACH ROW EXECUTE FUNCTION swallow(); '
            'ALTER TABLE "Odd name" ENABLE ALWAYS TRIGGER swallow; DROP TABLE purchase CASCADE; '
            "ALTER TABLE customer DROP COLUMN mood"
        )
    failed = run("backup", "restore", made["id"], "--yes", url=database, code=4)
    assert 'column "mood"' in failed.stderr
    assert one(database, 'SELECT count(*) FROM "Odd name"') == 0
    assert one(database, "SELECT tgenabled FROM pg_trigger WHERE tgname = 'swallow'") in ("A", b"A")


def test_age_only_the_private_key_opens(database: str, run: Run, tmp_path: Path) -> None:
    pyrage = pytest.importorskip("pyrage")
    fill(database)
    right, wrong = (pyrage.x25519.Identity.generate() for _ in range(2))
    for name, key in (("right", right), ("wrong", wrong)):
        (tmp_path / name).write_text(f"# a key\n{key}\n")
    run("backup", "create", "--recipient", str(right.to_public()), "--role-passwords", url=database)
    stored = b"".join(path.read_bytes() for path in (tmp_path / "repository").rglob("*.age"))
    assert stored and b"PGDMP" not in stored
    assert "not opened" in run("backup", "verify", url=database).stdout
    assert (
        "not opened"
        not in run("backup", "verify", "--identity", str(tmp_path / "right"), url=database).stdout
    )
    lost = run("backup", "restore", "--as", "nowhere", "--yes", url=database, code=4)
    assert "PW807" in lost.stderr and "--identity" in lost.stderr
    other = run(
        "backup",
        "restore",
        "--as",
        "nowhere",
        "--yes",
        "--identity",
        str(tmp_path / "wrong"),
        url=database,
        code=4,
    )
    assert "PW807" in other.stderr
    key = ("--identity", str(tmp_path / "wrong"))
    unfit = run("backup", "verify", *key, url=database, code=1).stdout
    assert "KEY DOES NOT FIT" in unfit and "DAMAGED" not in unfit
    # That a key is missing says nothing about the backup: it is no failed drill.
    assert "PW807" in run("backup", "drill", *key, url=database, code=4).stderr
    assert not (tmp_path / "repository" / "drills").exists()
    assert one(database, "SELECT count(*) FROM pg_database WHERE datname LIKE 'nowhere%'") == 0
    bad = run("backup", "create", "--recipient", "age1nonsense", url=database, code=2)
    assert "public key" in bad.stderr


def test_gpg_with_a_passphrase(database: str, run: Run, tmp_path: Path) -> None:
    fill(database)
    ring = {"GNUPGHOME": str(tmp_path / "ring")}
    (tmp_path / "ring").mkdir(mode=0o700)
    secret = {**ring, "PGWRIGHT_PASSPHRASE": "correct horse"}
    run("backup", "create", "--recipient", "passphrase", url=database, **secret)
    assert "not opened" not in run("backup", "verify", url=database, **secret).stdout
    bad = run("backup", "verify", url=database, code=1, **{**ring, "PGWRIGHT_PASSPHRASE": "wrong"})
    assert "cannot be opened" in bad.stdout
    lost = run("backup", "restore", "--as", "nowhere", "--yes", url=database, code=4, **ring)
    assert "give it with PGWRIGHT_PASSPHRASE" in lost.stderr
    no = run("backup", "create", "--recipient", "passphrase", url=database, code=4, **ring)
    assert "PGWRIGHT_PASSPHRASE" in no.stderr


def test_each_version_is_dumped_and_restored(
    each_server: Server, make_database: MakeDatabase, server_18: Server, run: Run
) -> None:
    """Also from each older PostgreSQL to the newest, where drills compare the structure as well."""
    old, new = make_database(each_server), make_database(server_18)
    fill(old)
    run("backup", "create", url=old)
    assert "can be restored" in run("backup", "drill", url=old).stdout
    copy = f"{parse_address(old).dbname}_copy"
    for url in (old, new):
        try:
            run("backup", "restore", "--as", copy, "--yes", url=url)
            assert one(at(url, copy), "SELECT sum FROM spent WHERE customer = 1") == 40 * 1025
        finally:
            with psycopg.connect(url, autocommit=True) as conn:
                conn.execute(f'DROP DATABASE IF EXISTS "{copy}"'.encode())


def test_a_role_learns_what_it_lacks_before_anything_is_dumped(database: str, run: Run) -> None:
    fill(database)
    clerk = make_conninfo(database, user="backup_clerk", password="not-a-secret")
    with psycopg.connect(database, autocommit=True) as conn:
        conn.execute(
            "DROP ROLE IF EXISTS backup_clerk; CREATE ROLE backup_clerk LOGIN PASSWORD 'not-a-secret'"
        )
        try:
            conn.execute("GRANT SELECT ON customer TO backup_clerk")
            for form in ("custom", "parallel"):
                refused = run("backup", "create", "--format", form, url=clerk, code=4)
                assert "may not read public.Odd name, public.purchase" in refused.stderr
                assert "GRANT pg_read_all_data TO" in refused.stderr
            conn.execute(
                "GRANT pg_read_all_data TO backup_clerk; ALTER TABLE purchase ENABLE ROW LEVEL SECURITY"
            )
            refused = run("backup", "create", url=clerk, code=4)
            assert "does not see all rows of public.purchase" in refused.stderr
            assert 'ALTER ROLE "backup_clerk" BYPASSRLS' in refused.stderr
            conn.execute("ALTER ROLE backup_clerk BYPASSRLS")
            run("backup", "create", url=clerk)
        finally:
            conn.execute("DROP OWNED BY backup_clerk; DROP ROLE backup_clerk")


def test_tables_are_counted_as_their_users_do(database: str, run: Run) -> None:
    """A partitioned one is one, and records of pgwright are none: as `verify` counts them."""
    with psycopg.connect(database, autocommit=True) as conn:
        conn.execute(
            "CREATE TABLE sale (id int, at date) PARTITION BY RANGE (at);"
            "CREATE TABLE sale_a PARTITION OF sale FOR VALUES FROM ('2024-01-01') TO ('2025-01-01');"
            "CREATE TABLE sale_b PARTITION OF sale FOR VALUES FROM ('2025-01-01') TO ('2026-01-01');"
            "CREATE TABLE \"a.b\" (a int); INSERT INTO sale VALUES (1, '2024-05-01'), (2, '2025-05-01')"
        )
        counts = Rollup("by_id", group_by="id", aggregates={"n": "count(*)"})
        with conn.transaction():
            declare(conn, [Edit(table=QualifiedName("public", "sale"), policy=counts)])
    run_policies(database)
    made = run("backup", "create", url=database)
    compared = json.loads(run("verify", database, database, "--json", url=database).stdout)
    assert f"{len(compared['tables'])} tables, 4 rows, " in made.stdout and " MB in " in made.stdout
    schema = run("backup", "create", "--schema-only", url=database).stdout
    assert (
        f"{len(compared['tables'])} tables, without rows, " in schema and " in " not in schema.splitlines()[1]
    )


def test_roles_are_required_created_or_mapped(database: str, run: Run) -> None:
    fill(database)
    copy = f"{parse_address(database).dbname}_copy"
    with psycopg.connect(database, autocommit=True) as conn:
        conn.execute("DROP ROLE IF EXISTS backup_shop; CREATE ROLE backup_shop; CREATE ROLE backup_heir")
        try:
            conn.execute("ALTER TABLE purchase OWNER TO backup_shop; GRANT SELECT ON customer TO backup_shop")
            run("backup", "create", url=database)
            conn.execute("REASSIGN OWNED BY backup_shop TO postgres; DROP OWNED BY backup_shop")
            conn.execute("DROP ROLE backup_shop")
            missing = run("backup", "restore", "--as", copy, "--yes", url=database, code=4)
            assert "--map-role backup_shop=ROLE" in missing.stderr
            owner = "SELECT relowner::regrole::text FROM pg_class WHERE relname = 'purchase'"
            for options, wanted in (
                (("--no-owner",), "postgres"),
                (("--map-role", "backup_shop=backup_heir"), "backup_heir"),
                (("--create-roles",), "backup_shop"),
            ):
                run("backup", "restore", "--as", copy, "--yes", *options, url=database)
                assert one(at(database, copy), owner) == wanted
                conn.execute(f'DROP DATABASE "{copy}"'.encode())
        finally:
            conn.execute(f'DROP DATABASE IF EXISTS "{copy}"'.encode())
            for role in ("backup_shop", "backup_heir"):
                conn.execute(f"REASSIGN OWNED BY {role} TO postgres; DROP OWNED BY {role}".encode())
                conn.execute(f"DROP ROLE IF EXISTS {role}".encode())


def test_hypertables_come_back(timescale: str, run: Run) -> None:
    with psycopg.connect(timescale, autocommit=True) as conn:
        conn.execute("CREATE TABLE reading (at timestamptz NOT NULL, sensor int, value float)")
        conn.execute("SELECT create_hypertable('reading', 'at', chunk_time_interval => interval '1 day')")
        conn.execute(
            "INSERT INTO reading SELECT '2025-01-01'::timestamptz + g * interval '1 h', g % 3, g "
            "FROM generate_series(1, 200) g"
        )
    run("backup", "create", "--format", "parallel", url=timescale)
    # The embedded server does not have the extension, which says nothing about the backup.
    drilled = json.loads(run("backup", "drill", "--json", url=timescale, code=1).stdout)
    assert "does not have timescaledb" in drilled["prevented"] and not drilled["problems"]
    copy = f"{parse_address(timescale).dbname}_copy"
    try:
        run("backup", "restore", "--as", copy, "--yes", url=timescale)
        assert one(at(timescale, copy), "SELECT count(*) FROM reading") == 200
        assert one(at(timescale, copy), "SELECT count(*) FROM show_chunks('reading')") == 9
        # As a table of its own it would come back without its rows.
        alone = run("backup", "restore", "-t", "reading", "--yes", url=timescale, code=2)
        assert "is a hypertable" in alone.stderr and "--as NAME" in alone.stderr
        assert "is a hypertable" in run("backup", "restore", "--data-only", url=timescale, code=2).stderr
        assert (
            one(at(timescale, copy), "INSERT INTO reading VALUES ('2025-03-01', 1, 1) RETURNING sensor") == 1
        )
    finally:
        with psycopg.connect(at(timescale, "postgres"), autocommit=True) as conn:
            conn.execute(f'DROP DATABASE IF EXISTS "{copy}" WITH (FORCE)'.encode())


def test_nothing_to_do_and_bad_input(database: str, run: Run, tmp_path: Path) -> None:
    assert "no backups" in run("backup", "list", url=database).stdout
    assert "backup create" in run("backup", "restore", "--yes", url=database, code=2).stderr
    assert "no table nothing" in run("backup", "create", "-t", "nothing", url=database, code=2).stderr
    assert "known: small" in run("backup", "create", "--group", "large", url=database, code=2).stderr
    assert not [
        path for path in (tmp_path / "repository").rglob("*") if path.is_file() and "json" not in path.name
    ]

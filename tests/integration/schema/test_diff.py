"""What a comparison leaves alone, and what it does not take for an answer."""

from __future__ import annotations

import subprocess
from pathlib import Path

import psycopg

from pgwright.sources.database import read_catalog
from tests.integration.schema.command import pgwright

TABLE = "CREATE TABLE ships (id bigint PRIMARY KEY);"
RECORD = "CREATE TABLE alembic_version (version_num varchar(32) PRIMARY KEY);"


def test_a_script_without_the_migrations_record_leaves_it_alone(database: str, tmp_path: Path) -> None:
    with psycopg.connect(database, autocommit=True) as conn:
        conn.execute(TABLE.encode() + RECORD.encode())
    (tmp_path / "schema.sql").write_text(TABLE)
    equal = pgwright("--url", database, "schema", "diff", "schema.sql", "--no-owner", folder=tmp_path)
    assert (equal.returncode, equal.stdout) == (0, "")
    assert "no differences" in equal.stderr
    (tmp_path / "schema.sql").write_text(TABLE + RECORD.replace("32", "64"))
    other = pgwright("--url", database, "schema", "diff", "schema.sql", "--no-owner", folder=tmp_path)
    assert "column public.alembic_version.version_num" in other.stdout
    assert "schema validate schema.sql --no-owner" in other.stderr


def test_a_selection_that_fits_nothing_is_no_equality(database: str, tmp_path: Path) -> None:
    (tmp_path / "schema.sql").write_text(TABLE)
    for option, name in (("--schema", "pubic"), ("--include", "public.boats*")):
        refused = pgwright("--url", database, "schema", "diff", "schema.sql", option, name, folder=tmp_path)
        assert refused.returncode == 2
        assert f"nothing is called {name}" in refused.stderr
    found = pgwright(
        "--url", database, "schema", "diff", "schema.sql", "--include", "public.s*", folder=tmp_path
    )
    assert found.returncode == 1


def test_a_name_that_nothing_has_gets_the_nearest(database: str, tmp_path: Path) -> None:
    (tmp_path / "schema.sql").write_text(TABLE)
    (tmp_path / "pgwright.toml").write_text(
        '[project]\nname = "harbour"\n[databases.default]\nurl = "${DATABASE_URL}"\n'
        '[databases.production]\nurl = "postgresql://nowhere.invalid/x"\n'
    )
    for source, near in (("schem.sql", "schema.sql?"), ("prodction", "production?"), ("model", "models?")):
        refused = pgwright("schema", "diff", source, folder=tmp_path, DATABASE_URL=database)
        assert refused.returncode == 2
        assert f"did you mean {tmp_path}/{near}" in refused.stderr or f"did you mean {near}" in refused.stderr


def test_production_is_not_taken_back_unnamed(database: str, tmp_path: Path) -> None:
    (tmp_path / "schema.sql").write_text(TABLE)
    (tmp_path / "pgwright.toml").write_text(
        '[project]\nname = "harbour"\nmodels = "file:schema.sql"\n'
        '[databases.default]\nurl = "${DATABASE_URL}"\nenvironment = "production"\n'
    )

    def run(*words: str) -> subprocess.CompletedProcess[str]:
        return pgwright("schema", *words, "--production", "default", folder=tmp_path, DATABASE_URL=database)

    assert run("apply", "--yes").returncode == 0
    undo = ("schema", "resume", "--undo", "--allow", "deletes-data")
    refused = pgwright(*undo, folder=tmp_path, DATABASE_URL=database)
    assert refused.returncode == 3
    assert "add: --production default" in refused.stderr
    unasked = run(*undo[1:])
    assert unasked.returncode == 3
    assert "drop table public.ships" in unasked.stdout
    assert "Take it back in 1 step? Nobody is there to answer" in unasked.stderr
    assert run(*undo[1:], "--yes").returncode == 0


def test_who_may_not_use_the_schema_of_pgwright_compares_all_the_same(database: str) -> None:
    with psycopg.connect(database) as conn:
        conn.execute(TABLE.encode())
        conn.execute("CREATE SCHEMA pgwright")
        conn.execute("SET ROLE pg_monitor")
        assert [o.id.path for o in read_catalog(conn, source="here").of("table")] == ["public.ships"]


def test_a_lost_column_is_filled_on_the_way_back(database: str, tmp_path: Path) -> None:
    """A way back that needs values lets them be missing, says so, and goes on when they are there."""
    with psycopg.connect(database, autocommit=True) as conn:
        conn.execute("CREATE TABLE ships (id bigint PRIMARY KEY, name text NOT NULL)")
        conn.execute("INSERT INTO ships VALUES (1, 'Argo')")
        (tmp_path / "schema.sql").write_text(TABLE)

        def run(*words: str) -> subprocess.CompletedProcess[str]:
            return pgwright("--url", database, "schema", *words, folder=tmp_path)

        summary = run("validate", "schema.sql", "--summary", "--no-owner")
        assert (summary.returncode, summary.stdout.split()[-3:]) == (1, ["drop", "column", "1"])
        apply = ("apply", "schema.sql", "--yes", "--no-owner", "--allow", "deletes-data")
        assert run(*apply).returncode == 0
        equal = run("validate", "schema.sql", "--summary", "--no-owner")
        assert (equal.returncode, equal.stdout) == (0, "")
        undone = run("resume", "--undo", "--yes")
        assert undone.returncode == 0
        said = undone.stdout + undone.stderr
        assert "column public.ships.name may be null until it has values again" in said
        assert conn.execute("SELECT * FROM ships").fetchall() == [(1, None)]
        conn.execute("UPDATE ships SET name = 'Argo'")
        assert run("resume").returncode == 0
        assert conn.execute("SELECT * FROM ships").fetchall() == [(1, "Argo")]
        assert run("resume").returncode == 2

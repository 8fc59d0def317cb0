"""`pgwright status`, `pgwright inspect` and `pgwright doctor` on a real database."""

from __future__ import annotations

import json
import sys
from pathlib import Path

import psycopg
import pytest

from tests.integration.cli.running import pgwright

CONFIG = """
[project]
name = "shop"
models = "file:schema.sql"
[databases.default]
url = "${DATABASE_URL}"
[databases.gone]
url = "postgresql://jo:hidden-word@127.0.0.1:1/app"
[checks]
ignore = ["statement_statistics", "server_version", "durability:*"]
"""
SCHEMA = "CREATE TABLE users (id int PRIMARY KEY);"
TABLES = "tables", "--json"


@pytest.fixture
def project(tmp_path: Path) -> Path:
    (tmp_path / "pgwright.toml").write_text(CONFIG)
    (tmp_path / "schema.sql").write_text(SCHEMA)
    return tmp_path


def execute(url: str, statements: str) -> None:
    with psycopg.connect(url) as conn:
        conn.execute(statements.encode())


def test_status_says_what_it_is_and_what_is_wrong(project: Path, database: str) -> None:
    execute(database, SCHEMA + "CREATE TABLE bare (a int)")
    done = pgwright("status", cwd=project, DATABASE_URL=database)
    assert done.returncode == 0, done.stderr
    name = psycopg.conninfo.conninfo_to_dict(database)["dbname"]
    for part in (
        f"shop: {name} at 127.0.0.1",
        "PostgreSQL 18",
        "primary",
        "connections",
        "not checked; run: pgwright schema diff",
        "backups       none known",
        "1 warning in",
        "table public.bare has no primary key",
        "ALTER TABLE public.bare ADD PRIMARY KEY",
    ):
        assert part in done.stdout
    assert len(done.stdout.splitlines()) <= 24
    # Nothing at all means the same.
    assert "table public.bare" in pgwright(cwd=project, DATABASE_URL=database).stdout


def test_status_as_json_with_drift(project: Path, database: str) -> None:
    execute(database, SCHEMA)
    facts = json.loads(pgwright("status", "--drift", "--json", cwd=project, DATABASE_URL=database).stdout)
    assert (facts["drift"], facts["findings"], facts["migrations"]) == (0, [], None)
    execute(database, "DROP TABLE users")
    facts = json.loads(pgwright("status", "--drift", "--json", cwd=project, DATABASE_URL=database).stdout)
    assert facts["drift"] > 0
    assert [f["check"] for f in facts["findings"]] == ["schema_drift"]


def test_status_of_all_goes_on_past_one_that_is_down(project: Path, database: str) -> None:
    done = pgwright("status", "--all", cwd=project, DATABASE_URL=database)
    assert done.returncode == 4
    assert "PostgreSQL 18" in done.stdout
    assert "error[PW200]: no server is listening at 127.0.0.1:1" in done.stdout
    assert "hidden-word" not in done.stdout + done.stderr
    facts = json.loads(pgwright("status", "--all", "--json", cwd=project, DATABASE_URL=database).stdout)
    assert [fact.get("code") for fact in facts] == [None, "PW200"]


@pytest.mark.parametrize(
    ("words", "code"),
    [(("status",), 4), (("doctor",), 1), (("doctor", "--format", "nagios"), 2), (("inspect", "tables"), 4)],
)
def test_no_server(project: Path, words: tuple[str, ...], code: int) -> None:
    done = pgwright(*words, "--database", "gone", cwd=project, DATABASE_URL="")
    assert done.returncode == code
    assert "no server is listening at 127.0.0.1:1" in done.stdout + done.stderr
    assert "Traceback" not in done.stderr


def test_doctor_exit_codes_and_severity(project: Path, database: str) -> None:
    assert pgwright("doctor", "--quick", cwd=project, DATABASE_URL=database).returncode == 0
    execute(database, "CREATE TABLE bare (a int)")
    done = pgwright("doctor", "--quick", cwd=project, DATABASE_URL=database)
    assert done.returncode == 1
    assert "no_primary_key:public.bare" in done.stdout
    assert "ignored" in done.stdout
    done = pgwright("doctor", "--quick", "--severity", "critical", cwd=project, DATABASE_URL=database)
    assert done.returncode == 0
    assert "public.bare" not in done.stdout
    done = pgwright("doctor", "--skip", "no_primary_key", "--quick", cwd=project, DATABASE_URL=database)
    assert done.returncode == 0


def test_doctor_for_other_programs(project: Path, database: str) -> None:
    execute(database, "CREATE TABLE bare (a int)")
    words = ("doctor", "--only", "no_primary_key")
    facts = json.loads(pgwright(*words, "--format", "json", cwd=project, DATABASE_URL=database).stdout)
    assert facts["checked"] == ["no_primary_key"]
    assert facts["findings"][0]["key"] == "no_primary_key:public.bare"
    nagios = pgwright(*words, "--format", "nagios", cwd=project, DATABASE_URL=database)
    assert nagios.returncode == 1
    assert nagios.stdout.startswith("PGWRIGHT WARNING - table public.bare")
    sarif = json.loads(pgwright(*words, "--format", "sarif", cwd=project, DATABASE_URL=database).stdout)
    assert sarif["runs"][0]["results"][0]["ruleId"] == "no_primary_key"


def test_doctor_unknown_check_names_the_nearest(project: Path, database: str) -> None:
    done = pgwright("doctor", "--only", "no_primary", cwd=project, DATABASE_URL=database)
    assert done.returncode == 2
    assert "did you mean no_primary_key?" in done.stderr
    assert "wraparound" in pgwright("doctor", "--list", cwd=project, DATABASE_URL="").stdout


def test_inspect(project: Path, database: str) -> None:
    def look(*words: str) -> str:
        done = pgwright("inspect", *words, cwd=project, DATABASE_URL=database)
        assert done.returncode == 0, done.stderr
        return done.stdout

    for words, text in (
        (("tables",), "no tables in this database"),
        (("indexes",), "no indexes in this database"),
        (("locks",), "nobody waits for a lock"),
        (("activity", "--longer", "86400"), "nothing runs longer than that"),
        (("settings", "--name", "no_such"), "no setting matches"),
    ):
        assert look(*words).strip() == text
    execute(
        database,
        "CREATE TABLE small (id int PRIMARY KEY); CREATE TABLE large AS SELECT generate_series(1, 9999) a;"
        "CREATE INDEX large_a ON large (a)",
    )
    assert [row["name"] for row in json.loads(look(*TABLES))] == ["large", "small"]
    assert [row["name"] for row in json.loads(look(*TABLES, "--limit", "1"))] == ["large"]
    assert [row["name"] for row in json.loads(look(*TABLES, "--sort", "name"))] == ["large", "small"]
    assert "public.large" in look("tables")
    assert "public.large_a" in look("indexes", "--sort", "table")
    assert [row["name"] for row in json.loads(look("indexes", "--unused", "--json"))] == ["large_a"]
    assert "plpgsql" in look("extensions")
    assert "fsync" in look("settings")
    facts = json.loads(look("database", "--json"))
    assert facts["overview"]["size_bytes"] > 0
    assert "cache hit" in look("database")
    with psycopg.connect(database, application_name="shop") as other:
        other.execute("SELECT 1")
        assert "shop" in look("activity", "--limit", "0")


def test_status_loads_no_heavy_library(project: Path, database: str) -> None:
    heavy = ("sqlalchemy", "alembic", "django", "rich", "pg0", "asyncio.base_events")
    program = (
        "import sys\nfrom pgwright.cli import main\nmain(['status'])\n"
        f"print('loaded:', sorted(set({heavy!r}) & set(sys.modules)), file=sys.stderr)"
    )
    import os
    import subprocess

    done = subprocess.run(
        [sys.executable, "-c", program],
        cwd=project,
        env={**os.environ, "DATABASE_URL": database},
        capture_output=True,
        text=True,
        check=False,
    )
    assert "PostgreSQL 18" in done.stdout, done.stderr
    # psycopg itself brings asyncio.
    assert done.stderr.splitlines()[-1] in ("loaded: []", "loaded: ['asyncio.base_events']")

"""`schema_generator.py`: the guide's two modes, and what it says when it cannot work."""

from __future__ import annotations

import os
import secrets
import subprocess
from collections.abc import Iterator
from pathlib import Path

import psycopg
import pytest
from psycopg import sql

from tests.servers import databases
from tests.servers.running import Server

from .system import TABLES, Skycaster
from .test_schema_sql import psql

SCRIPT = "schema_generator.py"


def generate(
    url: str | None, mode: str, report: Path, **environment: str
) -> subprocess.CompletedProcess[str]:
    given = {"SCHEMA_DB_URL": url} if url is not None else {}
    home = {name: os.environ[name] for name in ("HOME", "PGWRIGHT_HOME") if name in os.environ}
    # DATABASE_URL must not matter: it may name production.
    environment = {**home, "DATABASE_URL": "postgresql://nobody@localhost:1/wrong", **given, **environment}
    return Skycaster(url="").run(SCRIPT, f"--mode={mode}", f"--report={report}", **environment)


@pytest.fixture
def missing(server_18: Server) -> Iterator[str]:
    """Return the URL of a database that does not exist yet."""
    name = f"sky_{secrets.token_hex(6)}"
    yield databases.at(server_18.url, name)
    with psycopg.connect(server_18.url, autocommit=True) as conn:
        conn.execute(sql.SQL("DROP DATABASE IF EXISTS {} WITH (FORCE)").format(sql.Identifier(name)))


def test_create_builds_reports_and_repeats(missing: str, tmp_path: Path) -> None:
    report = tmp_path / "schema_report.txt"
    done = generate(missing, "create", report)
    assert done.returncode == 0, done.stderr
    assert set(Skycaster(url=missing).tables()) == TABLES
    text = report.read_text(encoding="utf-8")
    for said in (
        "Schema report: skycaster\n",
        "  table                   14\n",
        "public.usage_logs  (9 columns, ",
        "  public.user_role (enum): user, admin\n",
        "Differences from the models\n---------------------------\n  none\n",
    ):
        assert said in text, said
    again = generate(missing, "create", report)
    assert again.returncode == 0
    assert again.stdout.startswith("nothing to do: the database is what it should be\n")
    silent = generate(missing, "validate", report)
    assert (silent.returncode, silent.stdout) == (0, "")


def test_what_alembic_made_validates(migrated: Skycaster, tmp_path: Path) -> None:
    done = generate(migrated.url, "validate", tmp_path / "r")
    assert (done.returncode, done.stdout) == (0, "")


def test_validate_prints_sql_that_mends_the_drift(
    server_18: Server, migrated: Skycaster, tmp_path: Path
) -> None:
    with migrated.connect() as connection:
        connection.execute("INSERT INTO users (email) VALUES ('kept@example.com')")
        connection.execute("DROP INDEX idx_api_keys_user_id")
        connection.execute("ALTER TABLE invoices ALTER COLUMN number TYPE varchar(90)")
        connection.execute("ALTER TABLE users DROP COLUMN company")
        connection.execute("ALTER TYPE user_role RENAME VALUE 'admin' TO 'root'")
    done = generate(migrated.url, "validate", tmp_path / "r")
    assert done.returncode == 1
    for said in ("CREATE INDEX CONCURRENTLY idx_api_keys_user_id", "ADD COLUMN company", "user_role"):
        assert said in done.stdout, said
    changes = tmp_path / "schema_changes.sql"
    changes.write_text(done.stdout)
    applied = psql(server_18, migrated.url, changes)
    assert applied.returncode == 0, applied.stderr
    clean = generate(migrated.url, "validate", tmp_path / "r")
    assert (clean.returncode, clean.stdout) == (0, "")
    assert migrated.names("SELECT email FROM users") == ["kept@example.com"]


def test_create_refuses_a_database_that_holds_something_else(database: str, tmp_path: Path) -> None:
    with psycopg.connect(database, autocommit=True) as connection:
        connection.execute("CREATE TABLE precious (id int)")
    done = generate(database, "create", tmp_path / "report")
    assert done.returncode == 3
    assert "precious" in done.stderr
    assert not (tmp_path / "report").exists()
    assert Skycaster(url=database).names("SELECT relname FROM pg_stat_user_tables") == ["precious"]


@pytest.mark.parametrize(
    ("url", "code", "says"),
    [
        (None, 2, "SCHEMA_DB_URL is not set"),
        ("", 2, "SCHEMA_DB_URL is not set"),
        ("hunter2", 2, "SCHEMA_DB_URL is malformed: expected postgresql://"),
        ("mysql://u:hunter2@h/d", 2, "SCHEMA_DB_URL is malformed: it must start with postgresql://"),
        ("postgresql://u:hunter2@h", 2, "names no database"),
        ("postgresql://u:hunter2@localhost:1/d", 4, "no server is listening at localhost:1"),
    ],
)
@pytest.mark.parametrize("mode", ["create", "validate"])
def test_a_url_that_cannot_be_used(url: str | None, code: int, says: str, mode: str, tmp_path: Path) -> None:
    done = generate(url, mode, tmp_path / "report")
    assert done.returncode == code
    assert says in done.stderr
    assert "hunter2" not in done.stdout + done.stderr
    assert "Traceback" not in done.stderr
    assert not (tmp_path / "report").exists()


def test_a_report_that_cannot_be_written(migrated: Skycaster, tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    done = generate(migrated.url, "create", tmp_path / "file" / "report")
    assert done.returncode == 4
    assert "error[PW103]: cannot write" in done.stderr


def test_mode_is_needed() -> None:
    done = Skycaster(url="").run(SCRIPT)
    assert done.returncode == 2
    assert "--mode" in done.stderr

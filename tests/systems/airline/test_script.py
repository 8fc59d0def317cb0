"""The guide's commands, word for word."""

from __future__ import annotations

import json
import os
import pty
import shutil
import subprocess
import sys
from pathlib import Path
from urllib.parse import urlsplit

import psycopg
import pytest

from tests.conftest import MakeDatabase
from tests.servers.running import Server
from tests.systems.airline.project import FOLDER, HEAD, REVISIONS, SCRIPT, environ, run, succeed
from tests.systems.airline.structure import EMPTY, structure

PRODUCTION = {"ENVIRONMENT": "production"}


def execute(url: str, statement: str) -> None:
    with psycopg.connect(url, autocommit=True) as connection:
        connection.execute(statement)


def count_users(url: str) -> int:
    with psycopg.connect(url) as connection:
        row = connection.execute("SELECT count(*) FROM users").fetchone()
    assert row is not None
    return int(row[0])


def add_user(url: str) -> None:
    execute(url, "INSERT INTO users (email, full_name, password_hash) VALUES ('a@b.example', 'A', '!')")


def status(url: str) -> tuple[int, dict[str, object]]:
    done = run(url, *SCRIPT, "status", "--json")
    return done.returncode, json.loads(done.stdout)


def newest(checkout: Path) -> Path:
    return max((checkout / "alembic/versions").glob("*.py"), key=lambda path: path.stat().st_mtime_ns)


@pytest.fixture
def checkout(tmp_path: Path) -> Path:
    """Return a copy of the system in which a test may write."""
    ignore = shutil.ignore_patterns("__pycache__", ".env")
    return Path(shutil.copytree(FOLDER, tmp_path / "airline", ignore=ignore))


def test_status_of_an_empty_database(database: str) -> None:
    code, state = status(database)
    assert code == 1
    assert state["current"] == []
    assert state["heads"] == [HEAD]
    pending = state["pending"]
    assert isinstance(pending, list)
    assert [revision["id"] for revision in pending] == list(REVISIONS)
    text = run(database, *SCRIPT, "status").stdout
    assert "PostgreSQL 18" in text
    assert "pgwright migrate upgrade" in text


def test_status_of_a_migrated_database(migrated: str) -> None:
    done = succeed(migrated, *SCRIPT, "status")
    name = urlsplit(migrated).path.lstrip("/")
    assert name in done.stdout
    assert f"applied   {len(REVISIONS)} of {len(REVISIONS)}" in done.stdout
    assert "drift     none" in done.stdout
    password = urlsplit(migrated).password
    assert password
    assert password not in done.stdout + done.stderr


@pytest.mark.parametrize(
    ("change", "says"),
    [
        ("ALTER TABLE users ADD COLUMN nickname text", "users.nickname"),
        ("DROP INDEX ix_bookings_flight_id", "ix_bookings_flight_id"),
        ("ALTER TABLE bookings ALTER COLUMN passengers DROP NOT NULL", "bookings.passengers"),
        ("ALTER TABLE bookings ALTER COLUMN currency SET DEFAULT 'EUR'", "bookings.currency"),
        ("CREATE TABLE notes (id int PRIMARY KEY)", "notes"),
        ("ALTER TABLE flights DROP CONSTRAINT fk_flights_tail_number_aircraft", "fk_flights_tail_number"),
    ],
)
def test_status_names_drift(migrated: str, change: str, says: str) -> None:
    execute(migrated, change)
    code, state = status(migrated)
    assert code == 1
    drift = state["drift"]
    assert isinstance(drift, list)
    assert len(drift) == 1
    assert says in drift[0]


def test_production_migrates(database: str) -> None:
    assert run(database, *SCRIPT, "migrate", "upgrade", settings=PRODUCTION).returncode == 3
    succeed(database, *SCRIPT, "migrate", "upgrade", "--yes", settings=PRODUCTION)
    named = ("--database", "default", "--allow", "deletes-data")
    assert run(database, *SCRIPT, "migrate", "downgrade", "-1", "--yes", settings=PRODUCTION).returncode == 3
    succeed(database, *SCRIPT, "migrate", "downgrade", "-1", *named, settings=PRODUCTION)


def test_show_marks_what_is_applied(database: str) -> None:
    succeed(database, *SCRIPT, "migrate", "upgrade", REVISIONS[1])
    lines = succeed(database, *SCRIPT, "migrate", "show").stdout.splitlines()[1:]
    assert [line.split()[1] for line in lines] == list(reversed(REVISIONS))
    assert [line.split()[0] for line in lines] == ["pending"] * (len(REVISIONS) - 2) + ["current", "applied"]


def test_create_writes_a_migration_that_works(database: str, checkout: Path) -> None:
    succeed(database, *SCRIPT, "migrate", "upgrade", folder=checkout)
    nothing = succeed(
        database, *SCRIPT, "migrate", "create", "-m", "Nothing", "--autogenerate", folder=checkout
    )
    assert "nothing changed" in nothing.stdout
    assert len(list((checkout / "alembic/versions").glob("*.py"))) == len(REVISIONS)

    model = checkout / "app/models/account.py"
    code = model.read_text()
    model.write_text(
        code.replace("    last_login_at:", "    nickname: Mapped[str | None]\n    last_login_at:")
    )
    made = succeed(
        database, *SCRIPT, "migrate", "create", "-m", "Add nickname", "--autogenerate", folder=checkout
    )
    assert "nickname" in newest(checkout).read_text(), made.stdout
    assert run(database, *SCRIPT, "status", folder=checkout).returncode == 1
    succeed(database, *SCRIPT, "migrate", "upgrade", folder=checkout)
    succeed(database, *SCRIPT, "status", folder=checkout)
    succeed(database, *SCRIPT, "migrate", "downgrade", HEAD, folder=checkout)
    succeed(database, *SCRIPT, "status")


def test_create_without_autogenerate_is_empty(database: str, checkout: Path) -> None:
    made = succeed(database, *SCRIPT, "migrate", "create", "-m", "By hand", folder=checkout)
    assert "op." not in newest(checkout).read_text(), made.stdout


def test_create_compares_with_the_migrations_and_not_with_the_database(database: str, checkout: Path) -> None:
    done = succeed(database, *SCRIPT, "migrate", "create", "-m", "Early", "--autogenerate", folder=checkout)
    assert "nothing changed: the migrations lead to what the models say" in done.stdout


def test_init_loads_data_and_reset_starts_over(database: str) -> None:
    succeed(database, *SCRIPT, "init", "--scale", "0.002")
    loaded = count_users(database)
    assert loaded == 41
    add_user(database)
    execute(database, "CREATE TABLE of_somebody_else (id int PRIMARY KEY)")
    succeed(database, *SCRIPT, "reset", "--yes", "--scale", "0.002")
    assert count_users(database) == loaded
    with psycopg.connect(database) as connection:
        assert connection.execute("SELECT count(*) FROM of_somebody_else").fetchone() == (0,)


def test_init_on_the_oldest_server(server_12: Server, make_database: MakeDatabase) -> None:
    url = make_database(server_12)
    succeed(url, *SCRIPT, "init", "--scale", "0.002")
    succeed(url, *SCRIPT, "status")
    assert count_users(url) == 41


def test_init_without_data(database: str) -> None:
    succeed(database, *SCRIPT, "init", "--no-data")
    assert count_users(database) == 0


def test_migrate_reset_empties_the_tables(migrated: str) -> None:
    add_user(migrated)
    succeed(migrated, *SCRIPT, "migrate", "reset", "--yes")
    assert count_users(migrated) == 0
    assert succeed(migrated, *SCRIPT, "status").returncode == 0


RESETS = [("reset", "--no-data"), ("migrate", "reset")]


@pytest.mark.parametrize("command", RESETS, ids=" ".join)
def test_reset_refuses_where_nobody_can_be_asked(migrated: str, command: tuple[str, ...]) -> None:
    add_user(migrated)
    done = run(migrated, *SCRIPT, *command)
    assert done.returncode == 3
    assert "--allow deletes-data" in done.stderr
    assert count_users(migrated) == 1


@pytest.mark.parametrize("command", RESETS, ids=" ".join)
def test_reset_refuses_in_production_even_with_yes(migrated: str, command: tuple[str, ...]) -> None:
    add_user(migrated)
    done = run(migrated, *SCRIPT, *command, "--yes", settings=PRODUCTION)
    assert done.returncode == 3
    assert "production" in done.stderr
    assert count_users(migrated) == 1


@pytest.mark.parametrize("command", [("init",), ("migrate", "downgrade", "base")], ids=" ".join)
def test_production_keeps_its_data_and_gets_no_test_data(migrated: str, command: tuple[str, ...]) -> None:
    add_user(migrated)
    assert run(migrated, *SCRIPT, *command, settings=PRODUCTION).returncode == 3
    assert count_users(migrated) == 1


@pytest.mark.parametrize("right", [True, False])
def test_reset_asks(migrated: str, right: bool) -> None:
    add_user(migrated)
    answer = "y" if right else "n"
    keyboard, terminal = pty.openpty()
    try:
        os.write(keyboard, f"{answer}\n".encode())
        done = subprocess.run(
            (sys.executable, *SCRIPT, "migrate", "reset"),
            cwd=FOLDER,
            env=environ(migrated),
            stdin=terminal,
            capture_output=True,
            text=True,
            check=False,
            timeout=120,
        )
    finally:
        os.close(terminal)
        os.close(keyboard)
    assert done.returncode == (0 if right else 3), done.stderr
    assert count_users(migrated) == (0 if right else 1)


def test_reset_mends_a_database_of_an_unknown_revision(migrated: str) -> None:
    execute(migrated, "UPDATE alembic_version SET version_num = 'deadbeef0000'")
    refused = run(migrated, *SCRIPT, "reset", "--yes", "--no-data")
    assert "pgwright migrate repair" in refused.stderr
    succeed(migrated, "-m", "pgwright", "migrate", "repair", "--yes")
    succeed(migrated, *SCRIPT, "reset", "--yes", "--no-data")
    assert structure(migrated) != EMPTY
    assert succeed(migrated, *SCRIPT, "status").returncode == 0


def test_usage_errors_end_with_2(database: str) -> None:
    assert run(database, *SCRIPT, "migrate", "downgrade").returncode == 2
    assert run(database, *SCRIPT, "migrate", "create").returncode == 2
    assert run(database, *SCRIPT, "explode").returncode == 2

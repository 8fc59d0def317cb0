"""Each trouble is named, with its mend, without a traceback and without the password."""

from __future__ import annotations

import socket
from pathlib import Path
from urllib.parse import quote, urlsplit

import psycopg
import pytest
from psycopg import sql

from tests.systems.airline.project import ALEMBIC, DEMO, FOLDER, REVISIONS, SCRIPT, Done, run, succeed

SECRET = "hunter2"
STATUS = (*SCRIPT, "status")
EVERY_COMMAND = pytest.mark.parametrize(
    "command", [STATUS, (*SCRIPT, "migrate", "upgrade"), (*ALEMBIC, "current"), DEMO], ids=" ".join
)


def assert_clear(done: Done, *says: str) -> None:
    """Check that a command failed in words for people."""
    output = done.stdout + done.stderr
    assert done.returncode != 0
    assert "Traceback" not in output
    assert SECRET not in output
    for words in (*says, "hint: "):
        assert words in output
    # Alembic's own command line ends with -1 for whatever went wrong.
    assert done.returncode in {2, 3, 4, 255}


@EVERY_COMMAND
def test_server_down(command: tuple[str, ...]) -> None:
    with socket.socket() as listener:
        # Bound but not listening: nothing can answer on this port while the test runs.
        listener.bind(("127.0.0.1", 0))
        port = listener.getsockname()[1]
        url = f"postgresql://ann:{SECRET}@127.0.0.1:{port}/airline"
        assert_clear(run(url, *command), f"127.0.0.1:{port}", "pgwright server start")


def test_unknown_host() -> None:
    done = run(f"postgresql://ann:{SECRET}@nowhere.invalid/airline", *STATUS)
    assert_clear(done, "unknown host nowhere.invalid", "getent hosts nowhere.invalid")


@EVERY_COMMAND
def test_wrong_password(database: str, command: tuple[str, ...]) -> None:
    # A role of its own, reached over TCP: a superuser's socket may ask for no password.
    role = f"ann_{urlsplit(database).path.rpartition('_')[2]}"
    with psycopg.connect(database, autocommit=True) as connection:
        host, port = connection.info.hostaddr or connection.info.host, connection.info.port
        connection.execute(sql.SQL("CREATE ROLE {} LOGIN PASSWORD 'right'").format(sql.Identifier(role)))
        name = connection.info.dbname
    try:
        url = f"postgresql://{role}:{SECRET}@/{name}?host={quote(host, safe='')}&port={port}"
        done = run(url, *command)
        assert_clear(done, f'password authentication failed for user "{role}"', ".env")
    finally:
        with psycopg.connect(database, autocommit=True) as connection:
            connection.execute(sql.SQL("DROP ROLE {}").format(sql.Identifier(role)))


def test_unknown_database(database: str) -> None:
    url = urlsplit(database)._replace(path="/not_there").geturl()
    assert_clear(run(url, *STATUS), "database not_there does not exist", "createdb -h ", " not_there")


@pytest.mark.parametrize(
    ("url", "says"),
    [
        (SECRET, "cannot be read as a URL"),
        (f"mysql://ann:{SECRET}@localhost/airline", "does not begin with postgresql://"),
        (f"postgresql://ann:{SECRET}@localhost:port/airline", "cannot be read as a URL"),
        (f"postgresql://ann:{SECRET}@localhost:99999/airline", "its port"),
        (f"postgresql://ann:{SECRET}@localhost", "names no database"),
        (f"postgresql://ann:x@{SECRET}@localhost/airline", "its host"),
    ],
)
def test_wrong_url(url: str, says: str) -> None:
    done = run(url, *STATUS)
    assert done.returncode == 2
    assert_clear(done, says)


@EVERY_COMMAND
def test_missing_url(command: tuple[str, ...]) -> None:
    assert_clear(run("", *command), "DATABASE_URL is not set", ".env.example")


@pytest.mark.parametrize(
    ("name", "value"),
    [("ENVIRONMENT", "prod"), ("DB_POOL_SIZE", "0"), ("DB_POOL_SIZE", "many"), ("DB_MAX_OVERFLOW", "-1")],
)
def test_wrong_setting(name: str, value: str) -> None:
    done = run("postgresql:///airline", *STATUS, settings={name: value})
    assert done.returncode == 2
    assert_clear(done, f"{name} is {value!r}")


@pytest.mark.parametrize("loss", ["DELETE FROM alembic_version", "DROP TABLE alembic_version"])
def test_lost_alembic_version(database: str, loss: str) -> None:
    succeed(database, *SCRIPT, "migrate", "upgrade", REVISIONS[3])
    with psycopg.connect(database, autocommit=True) as connection:
        connection.execute(loss)
    done = run(database, *SCRIPT, "status")
    assert done.returncode == 1
    assert "alembic_version records no revision" in done.stdout
    assert "pgwright migrate repair" in done.stdout
    assert_clear(run(database, *SCRIPT, "migrate", "upgrade"), "already exists", "pgwright migrate repair")
    succeed(database, "-m", "pgwright", "migrate", "repair", "--yes")
    with psycopg.connect(database) as connection:
        assert connection.execute("SELECT version_num FROM alembic_version").fetchall() == [(REVISIONS[3],)]
    succeed(database, *SCRIPT, "migrate", "upgrade")
    succeed(database, *SCRIPT, "status")


def test_unknown_revision_in_the_database(migrated: str) -> None:
    with psycopg.connect(migrated, autocommit=True) as connection:
        connection.execute("UPDATE alembic_version SET version_num = 'deadbeef0000'")
    shown = run(migrated, *SCRIPT, "status")
    assert "the database records deadbeef0000, and no file has it" in shown.stdout
    assert "pgwright migrate repair" in shown.stdout
    for command in (("upgrade",), ("downgrade", "base")):
        refused = run(migrated, *SCRIPT, "migrate", *command)
        assert refused.returncode == 3
        assert_clear(refused, "the database records deadbeef0000, and no file has it")
    listed = succeed(migrated, *SCRIPT, "migrate", "show").stdout
    assert "unknown  deadbeef0000" in listed
    succeed(migrated, "-m", "pgwright", "migrate", "repair", "--yes")
    succeed(migrated, *SCRIPT, "status")


def test_unknown_revision_as_argument(database: str) -> None:
    done = run(database, *SCRIPT, "migrate", "upgrade", "deadbeef0000")
    assert done.returncode == 3
    assert_clear(done, "deadbeef0000", "pgwright migrate history")


def test_tables_missing_for_the_demo(database: str) -> None:
    assert_clear(run(database, *DEMO), "has no tables yet", "migrate upgrade")


def test_missing_privilege(database: str) -> None:
    role = f"bob_{urlsplit(database).path.rpartition('_')[2]}"
    with psycopg.connect(database, autocommit=True) as connection:
        connection.execute(
            sql.SQL("CREATE ROLE {} LOGIN PASSWORD {}").format(sql.Identifier(role), sql.Literal(SECRET))
        )
        connection.execute("REVOKE CREATE ON SCHEMA public FROM PUBLIC")
        host, port = connection.info.hostaddr or connection.info.host, connection.info.port
        name = connection.info.dbname
    try:
        url = f"postgresql://{role}:{SECRET}@/{name}?host={quote(host, safe='')}&port={port}"
        done = run(url, *SCRIPT, "migrate", "upgrade")
        assert_clear(done, "permission denied for database", "GRANT CREATE ON DATABASE")
    finally:
        with psycopg.connect(database, autocommit=True) as connection:
            connection.execute(sql.SQL("DROP ROLE {}").format(sql.Identifier(role)))


def test_nothing_is_written_into_the_folder(database: str) -> None:
    def files() -> set[Path]:
        return {path for path in FOLDER.rglob("*") if "cache" not in str(path)}

    before = files()
    succeed(database, *SCRIPT, "init", "--scale", "0.001")
    run(database, *SCRIPT, "status")
    assert files() == before

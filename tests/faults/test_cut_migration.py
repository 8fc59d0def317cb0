"""Migrations whose process, connections or server go away: an error that says so, then the same end."""

from __future__ import annotations

import os
import signal
from collections.abc import Callable
from pathlib import Path

import psycopg
import pytest

from pgwright.errors import MigrationError, PgwrightError
from pgwright.migrate.audience import Audience
from pgwright.migrate.run import migrate
from pgwright.migrate.runs import last_run
from pgwright.migrate.way import UP, Way
from pgwright.model.run import RunStatus
from pgwright.pg.address import parse_address
from pgwright.server import start, status, url
from tests.faults.test_killed_migration import DJANGO_STEPS, ROWS, TEN_STEPS
from tests.integration.migrate.projects import alembic_project, django_project, rows
from tests.integration.server.conftest import fresh_home

HEAD, ALL = Way(direction=UP, target="head"), Way(direction=UP, target="")
# Whoever strikes hears of a statement while it runs already: the last ones must not end before.
ALEMBIC = f'{TEN_STEPS}op.execute("SELECT pg_sleep(1.5)")\n'
DJANGO = f'{DJANGO_STEPS}migrations.RunSQL("SELECT pg_sleep(1.5)"),\n'
END = [(1, "open", 2, "was open")]


class AtStatement(Audience):
    """Do something, once, when the statement of that number begins."""

    wants_statements = True

    def __init__(self, number: int, strike: Callable[[], None]) -> None:
        self._left = number
        self._strike = strike

    def statement(self, sql: str) -> None:
        self._left -= 1
        if not self._left:
            self._strike()


def kill_runner() -> None:
    """Kill the process that runs the project's migrations."""
    (pid,) = (
        int(pid)
        for path in Path("/proc/self/task").glob("*/children")
        for pid in path.read_text().split()
        if b"pgwright.contrib" in Path(f"/proc/{pid}/cmdline").read_bytes()
    )
    os.kill(pid, signal.SIGKILL)


def cut_connections(url: str) -> None:
    """End every session of the database, as a firewall or a failover would."""
    with psycopg.connect(url, autocommit=True) as conn:
        conn.execute(
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity "
            "WHERE datname = current_database() AND pid <> pg_backend_pid()"
        )


@pytest.mark.parametrize("number", [2, 6, 9])
def test_the_project_process_is_killed(tmp_path: Path, database: str, number: int) -> None:
    project = alembic_project(tmp_path, [("ten", None, ALEMBIC, "")])
    with pytest.raises(MigrationError, match="SIGKILL"):
        migrate(project, database, HEAD, audience=AtStatement(number, kill_runner))
    assert rows(database, "SELECT status FROM pgwright.run") == [("failed",)]
    migrate(project, database, HEAD)
    assert rows(database, f"{ROWS} LIMIT 1") == END


@pytest.mark.parametrize("number", [2, 6, 9])
def test_all_connections_are_cut(tmp_path: Path, database: str, number: int) -> None:
    project = django_project(tmp_path, {"0001_ten": (False, DJANGO)})
    with pytest.raises(PgwrightError):
        migrate(project, database, ALL, audience=AtStatement(number, lambda: cut_connections(database)))
    migrate(project, database, ALL)
    assert rows(database, f"{ROWS} LIMIT 1") == END


def test_the_server_is_killed(tmp_path: Path) -> None:
    project = alembic_project(tmp_path, [("ten", None, ALEMBIC, "")])
    with fresh_home():
        server = url(start())
        for number in (2, 5, 9):
            place = parse_address(server).with_database(f"at_{number}").text
            with psycopg.connect(server, autocommit=True) as conn:
                conn.execute(f"CREATE DATABASE at_{number}".encode())
            with pytest.raises((PgwrightError, psycopg.Error), match="connection"):
                migrate(project, place, HEAD, audience=AtStatement(number, kill_server))
            start()
            with psycopg.connect(place, autocommit=True) as conn:
                run = last_run(conn)
            assert run is not None
            assert run.status is RunStatus.ABANDONED
            migrate(project, place, HEAD)
            assert rows(place, f"{ROWS} LIMIT 1") == END


def kill_server() -> None:
    """Kill the main process of the server."""
    pid = status().pid
    assert pid is not None
    os.kill(pid, signal.SIGKILL)

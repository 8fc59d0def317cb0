"""Imports whose connection, lock or disk fails: nothing is half-done, and the error says what to do."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from pathlib import Path
from typing import Any

import asyncpg
import psycopg
import pytest

from pgwright.errors import ConnectError, StatementError
from pgwright.transfer.exports.flow import Flow, _explained
from tests.faults.proxy import proxy
from tests.faults.small_disk import small_disk
from tests.integration.cli.running import pgwright
from tests.integration.diff.ways import until
from tests.integration.transfer.importing import USERS, counts, execute, import_path, rows
from tests.servers.running import Server

ROWS = 20_000


@pytest.fixture
def users(database: str) -> str:
    execute(database, USERS, "INSERT INTO users (email, age) VALUES ('u5@x', 1)")
    return database


@pytest.fixture
def file(tmp_path: Path) -> Path:
    path = tmp_path / "users.csv"
    path.write_text("email,name,age\n" + "".join(f"u{n}@x,name of {n},{n}\n" for n in range(1, ROWS + 1)))
    return path


@pytest.mark.parametrize(
    "wishes",
    [
        {},
        {"conflict": "update", "key": ("email",)},
        {"conflict": "skip", "max_rejects": 5},
    ],
    ids=["at once", "staged", "row by row"],
)
def test_a_cut_connection_leaves_nothing(users: str, file: Path, wishes: dict[str, Any]) -> None:
    execute(users, "DELETE FROM users WHERE age = 1" if not wishes else "SELECT 1")
    before = rows(users, "SELECT id, email, age FROM users")
    with (
        proxy(users, cut_after=file.stat().st_size // 2) as through,
        pytest.raises(ConnectError, match="the connection was lost") as caught,
    ):
        import_path(through, file, **wishes)
    assert "nothing was imported" in str(caught.value.detail)
    assert rows(users, "SELECT id, email, age FROM users") == before
    assert counts(import_path(users, file, **wishes))[0] == ROWS


def test_a_cut_connection_keeps_the_batches(users: str, file: Path) -> None:
    wishes: dict[str, Any] = {"conflict": "update", "key": ("email",), "batch_rows": 1000}
    with (
        proxy(users, cut_after=file.stat().st_size // 2) as through,
        pytest.raises(ConnectError, match="the connection was lost") as caught,
    ):
        import_path(through, file, **wishes)
    [(kept,)] = rows(users, "SELECT count(*) FROM users WHERE name IS NOT NULL")
    assert kept % 1000 == 0 and 0 < kept < ROWS
    assert f"what is committed stays, {kept:,} rows" in str(caught.value.detail)
    # The place of the file is the same for who comes by another port.
    outcome = import_path(users, file, **wishes)
    assert (outcome.resumed_at, counts(outcome)) == (kept, (ROWS, ROWS - 1, 1, 0, 0))
    assert rows(users, "SELECT count(*), sum(age) FROM users") == [(ROWS, ROWS * (ROWS + 1) // 2)]


@pytest.mark.parametrize("lock", ["LOCK TABLE users IN SHARE MODE", "UPDATE users SET age = 2"])
def test_a_lock_on_the_table(users: str, file: Path, lock: str) -> None:
    words = ("data", "import", str(file), "--on-conflict", "update", "--key", "email", "--yes")
    with psycopg.connect(users) as conn:
        conn.execute(lock.encode())
        done = pgwright(*words, "--lock-timeout", "0.3", PGWRIGHT_URL=users)
        conn.rollback()
    assert done.returncode == 4 and "lock timeout" in done.stderr
    assert "nothing was imported" in done.stderr and "pgwright inspect locks" in done.stderr
    assert rows(users, "SELECT email, age FROM users") == [("u5@x", 1)]
    done = pgwright(*words, "--lock-timeout", "0.3", PGWRIGHT_URL=users)
    assert done.returncode == 0, done.stderr


@pytest.mark.parametrize(("number", "code"), [(signal.SIGTERM, 143), (signal.SIGINT, 130)])
def test_a_signal_ends_it_without_noise(users: str, file: Path, number: signal.Signals, code: int) -> None:
    file.write_text("email,age\n" + "".join(f"u{n}@x,{'old' if n % 2 else n}\n" for n in range(ROWS)))
    words = ("data", "import", str(file), "--max-rejects", str(ROWS), "--yes")
    with psycopg.connect(users, autocommit=True) as conn:
        process = subprocess.Popen(
            # What is started in the background ignores SIGINT, and so do its children.
            ["env", "--default-signal=INT", sys.executable, "-m", "pgwright", *words],
            stdout=subprocess.DEVNULL,
            stderr=subprocess.PIPE,
            text=True,
            env={**os.environ, "PGWRIGHT_URL": users},
        )
        staged = (
            "SELECT FROM pg_stat_activity WHERE datname = current_database()"
            " AND pid <> pg_backend_pid() AND query ~ 'SAVEPOINT|COPY'"
        )
        until(lambda: conn.execute(staged.encode()).fetchone() is not None, "rows to be staged", patience=60)
        process.send_signal(number)
        _, err = process.communicate(timeout=30)
    assert process.returncode == code
    assert "rollback" not in err and "in progress" not in err and "Traceback" not in err
    assert rows(users, "SELECT email, age FROM users") == [("u5@x", 1)]


def test_a_full_disk(server_18: Server, file: Path) -> None:
    with small_disk(server_18, megabytes=1) as (database, enlarge):
        execute(database, USERS)
        with pytest.raises(StatementError, match="No space left on device") as caught:
            import_path(database, file)
        assert "nothing was imported" in str(caught.value.detail)
        enlarge()
        assert counts(import_path(database, file)) == (ROWS, ROWS, 0, 0, 0)


def test_an_export_says_what_nobody_expected(database: str) -> None:
    # The driver's thread fails before the server hears of anything: whoever reads must not wait for ever.
    flow = Flow(url=database, queries=["SELECT '\udcff'"])
    with pytest.raises(UnicodeEncodeError):
        list(flow)


def test_an_ended_session_fails_an_export_as_a_lost_connection(database: str) -> None:
    execute(database, "CREATE TABLE wide AS SELECT repeat('x', 1000) w FROM generate_series(1, 30000)")
    ended = (
        "SELECT count(pg_terminate_backend(pid)) FROM pg_stat_activity"
        " WHERE datname = current_database() AND application_name = 'pgwright export'"
    )
    # What the driver says depends on where its protocol is just then.
    for blocks in range(1, 9):
        flow = iter(Flow(url=database, queries=["SELECT * FROM wide"] * 2, jobs=2))
        for _ in range(blocks):
            next(flow)
        execute(database, ended)
        with pytest.raises((ConnectError, StatementError)):
            list(flow)
    told = _explained(asyncpg.InternalClientError("cannot switch to state 18"), None)
    assert isinstance(told, ConnectError) and "no file was written" in str(told.detail)


def test_a_cut_export_writes_no_file(users: str, tmp_path: Path) -> None:
    execute(users, "INSERT INTO users (email) SELECT 'w' || g FROM generate_series(1, 50000) g")
    path = tmp_path / "users.csv"
    path.write_text("the old one")
    with proxy(users, cut_after=300_000) as through:
        done = pgwright("data", "export", "users", "--output", str(path), PGWRIGHT_URL=through)
    assert done.returncode == 4 and "the connection was lost" in done.stderr
    assert [found.name for found in tmp_path.iterdir()] == ["users.csv"]
    assert path.read_text() == "the old one"

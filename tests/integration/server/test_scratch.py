"""Scratch databases: unique, dropped at the end, cleaned up after killed processes."""

from __future__ import annotations

import re
import subprocess
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import quote, urlsplit

import psycopg
import pytest
from psycopg import sql

from pgwright.errors import (
    AuthenticationError,
    ConfigError,
    ConnectError,
    ExtensionMissingError,
    PrivilegeError,
    ServerError,
    StatementError,
    UnknownDatabaseError,
)
from pgwright.server import ensure_roles, is_running, scratch_database, start, status, stop, url
from pgwright.server.scratch import SCRATCH_SETTINGS, is_scratch_name, with_database
from tests.conftest import MakeDatabase
from tests.integration.server.conftest import Spawn, fresh_home, until
from tests.servers.running import Server

_HOLD = """
import sys, pgwright.server as s
with s.scratch_database(server=sys.argv[1] if len(sys.argv) > 1 else "embedded") as d:
    print(d.name, flush=True)
    sys.stdin.readline()
"""


@pytest.fixture(scope="module")
def shared_home() -> Iterator[Path]:
    """Return a home whose scratch server is made once for this module."""
    with fresh_home() as path:
        yield path


@pytest.fixture
def scratch_home(shared_home: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Return that home with the scratch server in it running."""
    monkeypatch.setenv("PGWRIGHT_HOME", str(shared_home))
    if not is_running("scratch"):
        start("scratch", durable=False, settings=SCRATCH_SETTINGS)
    return shared_home


def _databases(address: str) -> set[str]:
    with psycopg.connect(address) as connection:
        rows = connection.execute("SELECT datname FROM pg_database").fetchall()
    return {row[0] for row in rows if is_scratch_name(row[0])}


def _held(spawn: Spawn) -> tuple[subprocess.Popen[str], str]:
    process = spawn(_HOLD)
    assert process.stdout is not None
    name = process.stdout.readline().strip()
    assert is_scratch_name(name)
    return process, name


def test_a_scratch_database_is_empty_unique_and_gone_afterwards(home: Path) -> None:
    with scratch_database() as one, scratch_database(extensions=["pg_trgm", "vector"]) as two:
        assert one.name != two.name
        assert one.embedded and one.server_version == 180001
        with psycopg.connect(one.url) as connection:
            tables = "SELECT count(*) FROM pg_class WHERE relnamespace = 'public'::regnamespace"
            assert connection.execute(tables).fetchone() == (0,)
            assert connection.execute("SELECT current_database()").fetchone() == (one.name,)
            assert connection.execute("SHOW fsync").fetchone() == ("off",)
        with psycopg.connect(two.url) as connection:
            found = connection.execute("SELECT extname FROM pg_extension ORDER BY 1").fetchall()
        assert found == [("pg_trgm",), ("plpgsql",), ("vector",)]
        password = urlsplit(one.url).password
        assert password is not None and password not in repr(one)
    assert _databases(url("scratch")) == set()


def test_the_next_is_ready_before_it_is_asked_for_and_taken_by_one(scratch_home: Path) -> None:
    spare = "SELECT oid FROM pg_database WHERE datname = 'pgwright_spare'"
    with psycopg.connect(url("scratch"), autocommit=True) as admin:

        def ready() -> object:
            row = admin.execute(spare).fetchone()
            return row[0] if row else None

        with scratch_database():
            pass
        until(lambda: ready() is not None, "the server to make the spare")
        made = ready()
        with scratch_database() as one, scratch_database() as two:
            named = "SELECT datname FROM pg_database WHERE oid = %s"
            assert admin.execute(named, [made]).fetchone() == (one.name,)
            assert ready() is None and two.name in _databases(url("scratch"))
        until(lambda: ready() not in (None, made), "the server to make another")
        assert _databases(url("scratch")) == set()


def test_a_database_of_that_name_on_a_server_of_somebody_is_left_alone(server_18: Server) -> None:
    with psycopg.connect(server_18.url, autocommit=True) as admin:
        admin.execute("CREATE DATABASE pgwright_spare")
        try:
            with scratch_database(server=server_18.url) as one:
                found = admin.execute(
                    "SELECT datname FROM pg_database WHERE datname LIKE 'pgwright_s%'"
                ).fetchall()
                assert {("pgwright_spare",), (one.name,)} <= set(found)
        finally:
            admin.execute("DROP DATABASE IF EXISTS pgwright_spare")


def test_it_is_dropped_after_an_error_and_under_open_connections(scratch_home: Path) -> None:
    with pytest.raises(ZeroDivisionError), scratch_database() as made:
        held = psycopg.connect(made.url)
        held.execute("CREATE TABLE t ()")
        raise ZeroDivisionError
    with pytest.raises(psycopg.OperationalError):
        held.execute("SELECT 1")
    held.close()
    assert _databases(url("scratch")) == set()


def test_a_template_is_copied(scratch_home: Path) -> None:
    with scratch_database() as model:
        with psycopg.connect(model.url) as connection:
            connection.execute("CREATE TABLE marker ()")
        with scratch_database(template=model.name) as copy, psycopg.connect(copy.url) as connection:
            assert connection.execute("SELECT to_regclass('marker') IS NOT NULL").fetchone() == (True,)
    with pytest.raises(StatementError, match="scratch database"), scratch_database(template="absent"):
        pass


def test_what_a_killed_process_left_is_dropped_and_nothing_else(scratch_home: Path, spawn: Spawn) -> None:
    living, kept = _held(spawn)
    victim, doomed = _held(spawn)
    assert {kept, doomed} <= _databases(url("scratch"))
    lookalike = "pgwright_scratch_1_0123456789abcdef"
    with psycopg.connect(url("scratch"), autocommit=True) as admin:
        admin.execute(sql.SQL("CREATE DATABASE {}").format(sql.Identifier(lookalike)))
        holder = "SELECT pid FROM pg_locks WHERE locktype = 'advisory'"
        before = len(admin.execute(holder).fetchall())
        victim.kill()
        victim.wait()
        until(lambda: len(admin.execute(holder).fetchall()) < before, "the server to miss its client")
        with scratch_database() as mine:
            assert _databases(url("scratch")) == {kept, mine.name}
        names = admin.execute("SELECT datname FROM pg_database").fetchall()
        assert (lookalike,) in names
    assert living.communicate("\n")[1] == ""
    assert _databases(url("scratch")) == set()


def test_a_database_that_a_child_of_a_killed_process_still_uses_is_left_alone(
    scratch_home: Path, spawn: Spawn
) -> None:
    victim, name = _held(spawn)
    with psycopg.connect(with_database(url("scratch"), name), autocommit=True) as child:
        victim.kill()
        victim.wait()
        locks = "SELECT 1 FROM pg_locks WHERE locktype = 'advisory'"
        until(lambda: child.execute(locks).fetchone() is None, "the server to miss its client")
        with scratch_database():
            assert name in _databases(url("scratch"))
        assert child.execute("SELECT 1").fetchone() == (1,)
    with scratch_database() as mine:
        assert _databases(url("scratch")) == {mine.name}


def test_a_server_that_dies_inside_the_block_is_no_second_error(scratch_home: Path) -> None:
    with pytest.raises(ZeroDivisionError), scratch_database():
        stop("scratch", mode="immediate")
        raise ZeroDivisionError
    with scratch_database() as mine:
        assert _databases(url("scratch")) == {mine.name}


def test_a_holder_whose_session_was_ended_still_drops(scratch_home: Path) -> None:
    with psycopg.connect(url("scratch"), autocommit=True) as admin:
        with scratch_database():
            admin.execute("SELECT pg_terminate_backend(pid) FROM pg_locks WHERE locktype = 'advisory'")
        assert _databases(url("scratch")) == set()


def test_roles_are_made_on_scratch_servers_only(scratch_home: Path, server_18: Server) -> None:
    with scratch_database() as made:
        assert ensure_roles(made.url, ["app owner", "reader", "app owner"]) == ("app owner", "reader")
        assert ensure_roles(made.url, ["reader", "postgres"]) == ()
        with psycopg.connect(made.url) as connection:
            query = "SELECT rolcanlogin, rolsuper FROM pg_roles WHERE rolname = 'app owner'"
            assert connection.execute(query).fetchone() == (False, False)
        with pytest.raises(StatementError, match="pg_nonsense"):
            ensure_roles(made.url, ["pg_nonsense"])
    with pytest.raises(ServerError, match="own scratch servers only"):
        ensure_roles(server_18.url, ["reader"])


def test_roles_asked_for_at_once(scratch_home: Path, spawn: Spawn) -> None:
    code = (
        "import sys, pgwright.server as s\n"
        "u = s.url('scratch')\nprint(flush=True)\nsys.stdin.readline()\n"
        "s.ensure_roles(u, [f'r{n}' for n in range(50)])\n"
    )
    processes = [spawn(code) for _ in range(3)]
    for process in processes:
        assert process.stdout is not None
        process.stdout.readline()
    assert [process.communicate("\n")[1] for process in processes] == ["", "", ""]
    with psycopg.connect(url("scratch")) as connection:
        count = connection.execute(r"SELECT count(*) FROM pg_roles WHERE rolname ~ '^r\d+$'").fetchone()
    assert count == (50,)


def test_the_users_own_server_of_any_version(each_server: Server) -> None:
    with scratch_database(server=each_server.url, extensions=["pg_trgm"]) as made:
        assert not made.embedded
        assert made.server_version // 10000 == each_server.version
        held = psycopg.connect(made.url)
    with pytest.raises(psycopg.OperationalError):
        held.execute("SELECT 1")
    held.close()
    assert made.name not in _databases(each_server.url)


def test_other_forms_of_the_address(server_18: Server) -> None:
    parts = urlsplit(server_18.url)
    pairs = f"host={parts.hostname} port={parts.port} user={parts.username} password={parts.password}"
    for address in (
        f"{pairs} dbname=postgres",
        server_18.url.replace("postgresql://", "postgresql+psycopg://"),
    ):
        with scratch_database(server=address) as made, psycopg.connect(made.url) as connection:
            assert connection.execute("SELECT current_database()").fetchone() == (made.name,)


def test_errors_name_the_cause_and_no_password(server_18: Server, make_database: MakeDatabase) -> None:
    parts = urlsplit(server_18.url)
    secret = "hush/hush"
    at = f"{parts.hostname}:{parts.port}"
    with psycopg.connect(server_18.url, autocommit=True) as admin:
        admin.execute("DROP ROLE IF EXISTS scratch_less")
        admin.execute("CREATE ROLE scratch_less LOGIN PASSWORD 'hush/hush'")
    cases: list[tuple[str, type[Exception], str]] = [
        (f"postgresql://scratch_less:{quote(secret, safe='')}@{at}/postgres", PrivilegeError, "CREATEDB"),
        (f"postgresql://postgres:{quote(secret, safe='')}@{at}/postgres", AuthenticationError, "password"),
        (with_database(server_18.url, "absent"), UnknownDatabaseError, "absent"),
        (f"postgresql://postgres:{quote(secret, safe='')}@127.0.0.1:1/postgres", ConnectError, "refused"),
        (f"postgresql://postgres:{secret}@{at}/postgres", ConnectError, ""),
        (f"hush/hush {secret}", ConfigError, "embedded"),
    ]
    try:
        for address, kind, words in cases:
            with pytest.raises(kind) as caught, scratch_database(server=address):
                pass
            assert re.search(words, str(caught.value))
            assert secret not in str(caught.value) and quote(secret, safe="") not in str(caught.value)
    finally:
        with psycopg.connect(server_18.url, autocommit=True) as admin:
            admin.execute("DROP ROLE scratch_less")
    with (
        pytest.raises(ExtensionMissingError, match="no_such_extension"),
        scratch_database(server=server_18.url, extensions=["no_such_extension"]),
    ):
        pass


def test_the_embedded_server_is_started_on_demand(home: Path) -> None:
    assert not status("scratch").exists
    with scratch_database() as made:
        assert status("scratch").running
        assert made.embedded

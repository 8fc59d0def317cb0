"""Settings, advisory locks and the report of blockers, on a real server."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator
from typing import Any

import psycopg
import pytest

from pgwright.errors import LockTimeoutError
from pgwright.pg import advisory_lock, blockers, connect, settings, statement_error, watch_blockers

Connection = psycopg.Connection[tuple[Any, ...]]


@pytest.fixture
def pair(database: str) -> Iterator[tuple[Connection, Connection]]:
    with (
        connect(database, application_name="first") as one,
        connect(database, application_name="second") as two,
    ):
        yield one, two


def setting(conn: Connection, name: str) -> str:
    row = conn.execute("select current_setting(%s, true)", [name]).fetchone()
    assert row is not None
    return str(row[0])


def wait_until(condition: Callable[[], bool]) -> None:
    deadline = time.monotonic() + 10
    while not condition():
        assert time.monotonic() < deadline, "it did not come about in 10 s"
        time.sleep(0.01)


def has_asked(conn: Connection, other: Connection) -> bool:
    """Tell whether the other session's last statement asked for an advisory lock."""
    row = conn.execute(
        "select query from pg_stat_activity where pid = %s", [other.info.backend_pid]
    ).fetchone()
    conn.rollback()
    return row is not None and "pg_try_advisory_lock" in row[0]


@pytest.mark.parametrize("autocommit", [True, False])
def test_settings_are_put_back(database: str, autocommit: bool) -> None:
    with connect(database, autocommit=autocommit) as conn:
        before = setting(conn, "search_path")
        conn.rollback()
        with settings(conn, search_path="pg_catalog", **{"app.user": "7"}):
            assert setting(conn, "search_path") == "pg_catalog"
            assert setting(conn, "app.user") == "7"
            conn.commit()
            assert setting(conn, "app.user") == "7"
            conn.rollback()
        assert setting(conn, "search_path") == before
        assert setting(conn, "app.user") == ""


def test_settings_are_put_back_after_an_error(database: str) -> None:
    with connect(database) as conn:
        before = setting(conn, "search_path")
        conn.rollback()
        with pytest.raises(psycopg.errors.DivisionByZero), settings(conn, search_path="pg_catalog"):
            conn.execute("select 1/0")
        assert setting(conn, "search_path") == before


def test_settings_within_a_transaction_leave_with_it(database: str) -> None:
    with connect(database) as conn:
        before = setting(conn, "search_path")
        with pytest.raises(psycopg.errors.DivisionByZero), settings(conn, search_path="pg_catalog"):
            conn.execute("select 1/0")
        conn.rollback()
        assert setting(conn, "search_path") == before


def test_advisory_lock_excludes_and_names_its_holder(pair: tuple[Connection, Connection]) -> None:
    one, two = pair
    with advisory_lock(one, "migrate"):
        for wait in (0, 0.05):
            with pytest.raises(LockTimeoutError) as caught, advisory_lock(two, "migrate", wait=wait):
                pytest.fail("both hold it")
            assert caught.value.detail is not None
            assert f"pid {one.info.backend_pid}" in caught.value.detail
            assert "first" in caught.value.detail
        with advisory_lock(two, "another"):
            pass
        one.execute("select 1")
        one.rollback()
        with pytest.raises(LockTimeoutError), advisory_lock(two, "migrate"):
            pytest.fail("a rollback of the holder let it go")
    with advisory_lock(two, "migrate"):
        pass


@pytest.mark.parametrize("wait", [None, 10])
def test_advisory_lock_waits_its_turn(pair: tuple[Connection, Connection], wait: float | None) -> None:
    one, two = pair
    two.autocommit = True
    got = threading.Event()

    def second() -> None:
        with advisory_lock(two, "migrate", wait=wait):
            got.set()

    with advisory_lock(one, "migrate"):
        thread = threading.Thread(target=second)
        thread.start()
        wait_until(lambda: has_asked(one, two))
        assert not got.is_set()
    thread.join(10)
    assert got.is_set()


def test_waiting_for_the_advisory_lock_does_not_stall_a_concurrent_build(
    database: str, pair: tuple[Connection, Connection]
) -> None:
    _, two = pair
    two.autocommit = True
    waited = threading.Event()

    def second() -> None:
        with advisory_lock(two, "build", wait=10):
            waited.set()

    with connect(database, autocommit=True) as one, advisory_lock(one, "build"):
        one.execute("create table t (x int)")
        thread = threading.Thread(target=second)
        thread.start()
        wait_until(lambda: has_asked(one, two))
        one.execute("set statement_timeout = '5s'")
        one.execute("create index concurrently i on t (x)")
        assert not waited.is_set()
    thread.join(10)
    assert waited.is_set()


def test_advisory_lock_ends_with_its_session(pair: tuple[Connection, Connection]) -> None:
    one, two = pair
    with pytest.raises(psycopg.OperationalError), advisory_lock(one, "migrate"):
        two.execute("select pg_terminate_backend(%s)", [one.info.backend_pid])
        two.rollback()
        one.execute("select 1")
    with advisory_lock(two, "migrate", wait=10):
        pass


def test_advisory_lock_is_let_go_after_an_error(pair: tuple[Connection, Connection]) -> None:
    one, two = pair
    with pytest.raises(psycopg.errors.DivisionByZero), advisory_lock(one, "migrate"):
        one.execute("select 1/0")
    with advisory_lock(two, "migrate"):
        pass


def test_advisory_lock_inside_a_transaction_is_refused(pair: tuple[Connection, Connection]) -> None:
    one, _ = pair
    one.execute("select 1")
    with pytest.raises(ValueError, match="outside a transaction"), advisory_lock(one, "migrate"):
        pass


def test_blockers_up_to_the_root(database: str, pair: tuple[Connection, Connection]) -> None:
    one, two = pair
    one.execute("create table t (x int)")
    one.commit()
    one.execute("lock table t in row exclusive mode")
    with connect(database) as third, connect(database, autocommit=True) as watching:
        threads = [
            threading.Thread(target=conn.execute, args=("lock table t in access exclusive mode",))
            for conn in (two, third)
        ]
        threads[0].start()
        wait_until(lambda: bool(blockers(watching, two.info.backend_pid)))
        threads[1].start()
        wait_until(lambda: len(blockers(watching, third.info.backend_pid)) == 2)
        middle, root = blockers(watching, third.info.backend_pid)
        assert (middle.pid, middle.is_root) == (two.info.backend_pid, False)
        assert (root.pid, root.is_root, root.application) == (one.info.backend_pid, True, "first")
        assert root.state == "idle in transaction"
        assert "lock table t" in root.query
        assert str(root.pid) in str(root)
        one.rollback()
        threads[0].join(10)
        two.rollback()
        threads[1].join(10)
        third.rollback()
        assert blockers(watching, third.info.backend_pid) == ()


def test_lock_timeout_names_who_was_in_the_way(database: str, pair: tuple[Connection, Connection]) -> None:
    one, two = pair
    one.execute("create table t (x int)")
    one.commit()
    one.execute("insert into t values (1)")
    two.execute("set local lock_timeout = '700ms'")
    statement = "alter table t add column y int"
    with watch_blockers(database, two) as watch, pytest.raises(psycopg.errors.LockNotAvailable) as caught:
        two.execute(statement)
    error = statement_error(caught.value, statement, conn=two, blockers=watch.blockers)
    assert isinstance(error, LockTimeoutError)
    assert error.detail is not None
    assert f"pid {one.info.backend_pid}" in error.detail
    assert "idle in transaction" in error.detail
    assert error.hint is not None
    assert f"pg_terminate_backend({one.info.backend_pid})" in error.hint

"""Checks of sessions and privileges, with sessions of several roles at once."""

from __future__ import annotations

import secrets
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from urllib.parse import urlsplit

import psycopg
import pytest
from psycopg import sql

from pgwright.checks import (
    blocking_chain,
    idle_in_transaction,
    long_transaction,
    prepared_transaction,
    run_checks,
)
from pgwright.model.finding import Finding, Severity
from pgwright.observe.locks import LockSession, locks
from tests.servers.running import Server

PATIENCE = 15.0


def eventually(look: Callable[[], tuple[Finding, ...]], count: int = 1) -> tuple[Finding, ...]:
    """Look until there are `count` findings: another session needs a moment to begin its wait."""
    deadline = time.monotonic() + PATIENCE
    while time.monotonic() < deadline:
        if len(found := look()) >= count:
            return found
        time.sleep(0.02)
    raise AssertionError(f"no {count} findings within {PATIENCE} s")


def here(conn: psycopg.Connection) -> tuple[LockSession, ...]:
    """Return who waits in this database: other tests share the server."""
    return tuple(s for s in locks(conn) if s.database == conn.info.dbname)


def await_the_wait(url: str, pid: int) -> None:
    """Return when the session waits for a lock or sleeps. Who comes next could overtake it otherwise."""
    query = b"SELECT wait_event_type FROM pg_catalog.pg_stat_activity WHERE pid = %s"
    deadline = time.monotonic() + PATIENCE
    with psycopg.connect(url, autocommit=True) as conn:
        while conn.execute(query, [pid]).fetchone() not in {("Lock",), ("Timeout",)}:
            assert time.monotonic() < deadline, f"session {pid} does not wait"
            time.sleep(0.02)


@contextmanager
def waiting(url: str, *statements: str) -> Iterator[tuple[psycopg.Connection, threading.Thread]]:
    """Run statements in a session of their own and give it back when the last one waits, as it must."""
    with psycopg.connect(url, application_name="waiter") as conn:

        def run() -> None:
            try:
                for statement in statements:
                    conn.execute(statement.encode())
                conn.commit()
            except psycopg.Error:
                conn.rollback() if not conn.broken else None

        thread = threading.Thread(target=run)
        thread.start()
        try:
            await_the_wait(url, conn.info.backend_pid)
            yield conn, thread
        finally:
            if thread.is_alive():
                conn.cancel()
            thread.join(PATIENCE)


@pytest.fixture
def rows(each_server: Server, make_database: Callable[[Server], str]) -> str:
    url = make_database(each_server)
    with psycopg.connect(url) as conn:
        conn.execute(
            "CREATE TABLE stock (id int PRIMARY KEY, n int); INSERT INTO stock VALUES (1, 0), (2, 0)"
        )
    return url


def test_blocking_chain_leads_to_its_root(rows: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(blocking_chain, "LEAST_SECONDS", 0.0)

    def look() -> tuple[Finding, ...]:
        found = run_checks(rows, only=["blocking_chain"]).findings
        return tuple(f for f in found if len(f.evidence["victims"]) == 2 and "forgetful" in f.message)

    assert look() == ()
    with closing(psycopg.connect(rows, application_name="forgetful")) as root:
        root.execute("UPDATE stock SET n = 1 WHERE id = 1")
        first = "UPDATE stock SET n = 2 WHERE id = 2", "UPDATE stock SET n = 2 WHERE id = 1"
        with (
            waiting(rows, *first) as (middle, thread),
            waiting(rows, "UPDATE stock SET n = 3 WHERE id = 2") as (last, other),
        ):
            (finding,) = eventually(look)
            pid = root.info.backend_pid
            assert finding.subject == f"pid {pid}"
            assert set(finding.evidence["victims"]) == {middle.info.backend_pid, last.info.backend_pid}
            assert "forgetful" in finding.message
            assert "blocks 2 sessions over stock" in finding.message
            assert finding.hint
            with psycopg.connect(rows, autocommit=True) as conn:
                found = here(conn)
                assert [s.pid for s in found] == [pid, middle.info.backend_pid, last.info.backend_pid]
                assert [s.depth for s in found] == [0, 1, 2]
                assert [s.victims for s in found] == [2, 1, 0]
                # The hint's own words end it.
                conn.execute(finding.hint.partition(";")[0].encode())
            thread.join(PATIENCE)
            other.join(PATIENCE)
            assert not thread.is_alive() and not other.is_alive()
        with psycopg.connect(rows) as conn:
            assert conn.execute("SELECT array_agg(n ORDER BY id) FROM stock").fetchone() == ([2, 3],)


def test_table_lock_names_the_table_and_mode(rows: str) -> None:
    with psycopg.connect(rows) as holder, psycopg.connect(rows, autocommit=True) as conn:
        holder.execute("LOCK TABLE stock")
        with waiting(rows, "SELECT * FROM stock"):
            deadline = time.monotonic() + PATIENCE
            while not (found := here(conn)) and time.monotonic() < deadline:
                time.sleep(0.02)
            assert [(s.waits_for, s.relation) for s in found] == [(None, None), ("AccessShareLock", "stock")]
            holder.rollback()


def test_idle_in_transaction(rows: str, monkeypatch: pytest.MonkeyPatch) -> None:
    with psycopg.connect(rows, application_name="dreamer") as idle:
        idle.execute("SELECT 1 AS password")
        # What has just begun to idle is no finding yet.
        found = run_checks(rows, only=["idle_in_transaction"]).findings
        assert f"pid {idle.info.backend_pid}" not in {f.subject for f in found}
        monkeypatch.setattr(idle_in_transaction, "LEAST_SECONDS", 0.0)
        mine = [
            f
            for f in run_checks(rows, only=["idle_in_transaction"]).findings
            if f.subject == f"pid {idle.info.backend_pid}"
        ]
        assert len(mine) == 1
        assert "dreamer" in mine[0].message
        assert mine[0].severity is Severity.WARNING


def test_long_transaction(rows: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(long_transaction, "LEAST_SECONDS", 0.0)
    with waiting(rows, "SELECT pg_sleep(60)") as (conn, _):
        subject = f"pid {conn.info.backend_pid}"
        found = eventually(
            lambda: tuple(
                f for f in run_checks(rows, only=["long_transaction"]).findings if f.subject == subject
            )
        )
        assert found[0].hint and f"pg_cancel_backend({conn.info.backend_pid})" in found[0].hint


def test_prepared_transaction(database: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(prepared_transaction, "LEAST_SECONDS", 0.0)
    gid = f"it's {secrets.token_hex(4)}"
    with psycopg.connect(database, autocommit=True) as conn:
        conn.execute("CREATE TABLE t (a int)")
        conn.execute("BEGIN")
        conn.execute("INSERT INTO t VALUES (1)")
        conn.execute(sql.SQL("PREPARE TRANSACTION {}").format(gid))
        found = run_checks(database, only=["prepared_transaction"]).findings
        (mine,) = (f for f in found if f.subject == gid)
        assert mine.hint
        conn.execute(mine.hint.partition(": ")[2].encode())
        assert gid not in {f.subject for f in run_checks(database, only=["prepared_transaction"]).findings}


@pytest.fixture
def weak_role(rows: str) -> Iterator[str]:
    """Return the URL of the same database for a role without any privilege."""
    name = f"weak_{secrets.token_hex(4)}"
    role = sql.Identifier(name)
    with psycopg.connect(rows, autocommit=True) as conn:
        conn.execute(sql.SQL("CREATE ROLE {} LOGIN PASSWORD 'weak-secret'").format(role))
        conn.execute(sql.SQL("GRANT USAGE ON SCHEMA public TO {}").format(role))
    parts = urlsplit(rows)
    place = parts.netloc.rpartition("@")[2]
    yield parts._replace(netloc=f"{name}:weak-secret@{place}").geturl()
    with psycopg.connect(rows, autocommit=True) as conn:
        conn.execute(sql.SQL("DROP OWNED BY {}").format(role))
        conn.execute(sql.SQL("DROP ROLE {}").format(role))


@pytest.mark.parametrize("id", ["blocking_chain", "idle_in_transaction", "long_transaction"])
def test_what_a_role_cannot_see_is_skipped_and_not_fine(weak_role: str, id: str) -> None:
    (finding,) = run_checks(weak_role, only=[id]).findings
    assert finding.severity is Severity.SKIPPED
    assert finding.message.startswith("needs GRANT pg_monitor TO weak_")
    assert finding.hint and "GRANT pg_monitor" in finding.hint


def test_missing_privileges_are_named_with_their_grant(rows: str, weak_role: str) -> None:
    with psycopg.connect(rows, autocommit=True) as owner:
        owner.execute("CREATE TABLE counted (id serial PRIMARY KEY)")
        role = sql.Identifier(urlsplit(weak_role).username or "")
        owner.execute(sql.SQL("GRANT INSERT ON counted TO {}").format(role))
        report = run_checks(weak_role, only=["privileges_missing"])
        kinds = {finding.evidence["kind"]: finding for finding in report.findings}
        assert kinds["table"].evidence["names"] == ["stock"]
        assert kinds["sequence"].evidence["names"] == ["counted_id_seq"]
        for finding in report.findings:
            assert finding.hint
            owner.execute(finding.hint.removeprefix("as the owner: ").partition(";")[0].encode())
        assert run_checks(weak_role, only=["privileges_missing"]).findings == ()


def test_sequences_that_cannot_be_read_are_skipped(rows: str, weak_role: str) -> None:
    with psycopg.connect(rows, autocommit=True) as owner:
        owner.execute("CREATE SEQUENCE hidden")
        (finding,) = run_checks(weak_role, only=["sequence_exhaustion"]).findings
        assert finding.severity is Severity.SKIPPED
        assert finding.hint
        owner.execute(finding.hint.removeprefix("as the owner: ").encode())
    assert run_checks(weak_role, only=["sequence_exhaustion"]).findings == ()

"""What a session holds for a while: settings and advisory locks."""

from __future__ import annotations

import hashlib
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from psycopg import sql
from psycopg.pq import TransactionStatus

from pgwright.errors import LockTimeoutError

if TYPE_CHECKING:
    from psycopg import Connection

_IDLE = TransactionStatus.IDLE
_FIRST_PAUSE, _LONGEST_PAUSE = 0.02, 0.5  # seconds between two attempts


@contextmanager
def settings(conn: Connection[Any], **values: str | None) -> Iterator[None]:
    """Run the block under other settings (``search_path="app, public"``) and put the old ones back.

    A name with a dot is given by mapping: ``settings(conn, **{"app.user": "7"})``; None leaves one alone.
    Inside a transaction the settings are local to it, so a rollback takes them back as well. Outside of
    one they belong to the session: not for a connection through a pooler in transaction mode.
    """
    wanted = {name: value for name, value in values.items() if value is not None}
    if not wanted:
        yield
        return
    began_idle = conn.info.transaction_status is _IDLE
    before = _apply(conn, wanted, local=not began_idle)
    try:
        yield
    finally:
        if not conn.closed:
            if began_idle and conn.info.transaction_status is TransactionStatus.INERROR:
                conn.rollback()
            # In a failed transaction the rollback that must follow restores local settings by itself.
            if conn.info.transaction_status is not TransactionStatus.INERROR:
                _apply(conn, before, local=not began_idle)


def _apply(conn: Connection[Any], values: dict[str, str], *, local: bool) -> dict[str, str]:
    """Set `values` and return what they replace, in one round trip; leaves an idle connection idle."""
    pick = sql.SQL(", ").join([sql.SQL("current_setting(%s, true)")] * len(values))
    put = sql.SQL(", ").join([sql.SQL("set_config(%s, %s, {})").format(sql.Literal(local))] * len(values))
    # The subquery is evaluated first only because the outer query reads its row.
    query = sql.SQL("with old as materialized (select array[{}] as v) select v, {} from old").format(
        pick, put
    )
    args = [*values, *(text for pair in values.items() for text in pair)]
    with _own_transaction(conn):
        row = conn.execute(query, args).fetchone()
    assert row is not None
    return {name: old or "" for name, old in zip(values, row[0], strict=True)}


@contextmanager
def _own_transaction(conn: Connection[Any]) -> Iterator[None]:
    if conn.info.transaction_status is _IDLE and not conn.autocommit:
        with conn.transaction():
            yield
    else:
        yield


def lock_key(name: str) -> int:
    """Return the advisory lock's key for a name: 64 bits of its BLAKE2b hash, the same on every machine."""
    digest = hashlib.blake2b(f"pgwright:{name}".encode(), digest_size=8).digest()
    return int.from_bytes(digest, "big", signed=True)


@contextmanager
def advisory_lock(conn: Connection[Any], name: str, *, wait: float | None = 0) -> Iterator[None]:
    """Hold the lock called `name` in this database while the block runs.

    `wait` is in seconds: 0 asks once, None waits for ever. The lock belongs to the session, so it outlives
    transactions of the block and ends with the connection when the process dies. Needs a direct connection
    (no pooler in transaction mode) that is outside a transaction; it raises `ValueError` inside one.

    Raises `LockTimeoutError` with the holder's pid when the lock is not free in time.
    """
    if conn.info.transaction_status is not _IDLE:
        raise ValueError("advisory_lock needs a connection outside a transaction")
    key = lock_key(name)
    if not _take(conn, key, wait):
        raise LockTimeoutError(
            f"{name} is already being done by another session",
            detail=f"{_holder(conn, key)}; nothing was changed",
            hint="wait until it has finished, or look at it with: pgwright inspect activity",
        )
    try:
        yield
    finally:
        if not conn.closed:
            if conn.info.transaction_status is TransactionStatus.INERROR:
                conn.rollback()
            with _own_transaction(conn):
                conn.execute("select pg_advisory_unlock(%s)", [key])


def _take(conn: Connection[Any], key: int, wait: float | None) -> bool:
    """Ask until the lock is free, in a short transaction each time.

    Waiting inside ``pg_advisory_lock`` would keep a snapshot, and an index that the holder builds
    concurrently waits for every older snapshot: the two would wait for each other for ever.
    """
    deadline = None if wait is None else time.monotonic() + wait
    pause = _FIRST_PAUSE
    while True:
        with _own_transaction(conn):
            row = conn.execute("select pg_try_advisory_lock(%s)", [key]).fetchone()
        if row is not None and row[0]:
            return True
        left = _LONGEST_PAUSE if deadline is None else deadline - time.monotonic()
        if left <= 0:
            return False
        time.sleep(min(pause, left))
        pause = min(pause * 1.5, _LONGEST_PAUSE)


def is_locked(conn: Connection[Any], name: str) -> bool:
    """Tell whether another session holds the lock called `name` in this database; it is not waited for."""
    return _holder_of(conn, lock_key(name)) is not None


def _holder(conn: Connection[Any], key: int) -> str:
    row = _holder_of(conn, key)
    if row is None:
        return "it has just ended"
    pid, user, application, client = row
    return f"held by pid {pid} ({user or 'unknown user'}, {application or 'unnamed'}, {client or 'local'})"


def _holder_of(conn: Connection[Any], key: int) -> tuple[Any, ...] | None:
    unsigned = key & 0xFFFF_FFFF_FFFF_FFFF
    with _own_transaction(conn):
        return conn.execute(
            "select l.pid, a.usename, a.application_name, a.client_addr from pg_catalog.pg_locks l"
            " left join pg_catalog.pg_stat_activity a using (pid)"
            " where l.locktype = 'advisory' and l.granted and l.objsubid = 1"
            " and l.database = (select oid from pg_catalog.pg_database where datname = current_database())"
            " and l.classid::bigint = %s and l.objid::bigint = %s",
            [unsigned >> 32, unsigned & 0xFFFF_FFFF],
        ).fetchone()

"""One migration of a database at a time, from however many machines."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from pgwright.errors import LockTimeoutError
from pgwright.migrate.messages import HELD_VARIABLE
from pgwright.pg.connect import connect
from pgwright.pg.session import advisory_lock

if TYPE_CHECKING:
    from psycopg import Connection

JOB = "migrate"
# Each session that a run opens holds this one shared; it outlives a program that is killed, for as long as
# the server is busy with the session's statement.
WORK_LOCK = "migrate: session at work"


@contextmanager
def migration_lock(url: str, *, wait: float = 3600.0) -> Iterator[None]:
    """Hold the lock of `pgwright migrate` on the database at `url` while the block runs.

    For an env.py or a script of the project's own: whatever is done inside never meets a run of pgwright, nor
    another one's block. Where pgwright itself runs that code, it holds the lock already and nothing is done.
    `wait` is in seconds. Raises `LockTimeoutError` with the holder when the lock is not free in time, and the
    `ConnectError` family.
    """
    if os.environ.get(HELD_VARIABLE):
        yield
        return
    with (
        connect(url, autocommit=True, application_name="pgwright migration lock") as conn,
        turn(conn, wait=wait),
    ):
        yield


@contextmanager
def turn(
    conn: Connection[Any], *, wait: float, on_wait: Callable[[str], None] | None = None
) -> Iterator[None]:
    """Hold the lock over a session that is in autocommit mode; `on_wait` hears who has it meanwhile.

    Sessions of a run whose program was killed are waited for as well.
    """
    if conn.info.server_version >= 140000:
        # The session idles while revisions run.
        conn.execute("SET idle_session_timeout = 0")
    with _patiently(conn, JOB, wait, on_wait):
        with _patiently(conn, WORK_LOCK, wait, on_wait):
            pass
        yield


@contextmanager
def _patiently(
    conn: Connection[Any], name: str, wait: float, on_wait: Callable[[str], None] | None
) -> Iterator[None]:
    try:
        with advisory_lock(conn, name, wait=0):
            pass
    except LockTimeoutError as exc:
        if on_wait:
            on_wait((exc.detail or "").partition(";")[0])
    # Another session may have taken it since, though it was free a moment ago.
    with advisory_lock(conn, name, wait=wait):
        yield

"""Who blocks whom: asked while a session waits, because afterwards nobody knows any more."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import psycopg

from pgwright.errors import PgwrightError
from pgwright.pg.connect import connect
from pgwright.pg.redact import redact
from pgwright.pg.sqlfiles import load_sql

if TYPE_CHECKING:
    from psycopg import Connection

_POLL = 0.1  # seconds between two looks; lock timeouts are seconds


@dataclass(frozen=True, kw_only=True)
class Blocker:
    """Describe a session that others wait for.

    `depth` is 1 for a session that blocks the asked one directly; `is_root` says that it waits for
    nobody itself. `seconds` is the time in the present `state`; `query` its last statement, redacted.
    """

    pid: int
    user: str | None
    application: str
    state: str | None
    seconds: float
    query: str
    depth: int
    is_root: bool

    def __str__(self) -> str:
        who = f" {self.user}" if self.user else ""
        state = f" ({self.state}, {_spoken(self.seconds)})" if self.state else ""
        return f"pid {self.pid}{who}{state}"


def blockers(conn: Connection[Any], pid: int) -> tuple[Blocker, ...]:
    """Return the sessions that `pid` waits for, directly and through others, roots last.

    Empty when it waits for no lock. Ask over another connection than the waiting one. Sessions of
    other roles show without state and query unless the asking role is a member of pg_read_all_stats.
    """
    major = conn.info.server_version // 10000
    rows = conn.execute(load_sql("pgwright.pg", "blockers", major).encode(), {"pid": pid}).fetchall()
    names = ("pid", "user", "application", "state", "seconds", "query", "depth", "is_root")
    found = (dict(zip(names, row, strict=True)) for row in rows)
    return tuple(Blocker(**{**fact, "query": redact(fact["query"])}) for fact in found)


class Watch:
    """Hold what a `watch_blockers` saw last; empty while nobody was in the way."""

    def __init__(self) -> None:
        self._seen: tuple[Blocker, ...] = ()

    @property
    def blockers(self) -> tuple[Blocker, ...]:
        """Return the blockers of the latest look that found any."""
        return self._seen

    def look(self, conn: Connection[Any], pid: int) -> None:
        """Remember the present blockers of `pid` if it has some."""
        self._seen = blockers(conn, pid) or self._seen


@contextmanager
def watch_blockers(url: str, conn: Connection[Any]) -> Iterator[Watch]:
    """Look over a second connection who blocks `conn`, for as long as the block runs.

    Where no second connection can be had, the watch stays empty: it serves messages, nothing depends on it.
    """
    watch = Watch()
    stop = threading.Event()
    pid = conn.info.backend_pid

    def run() -> None:
        try:
            with connect(url, autocommit=True, connect_timeout=2, statement_timeout=2) as second:
                while not stop.wait(_POLL):
                    watch.look(second, pid)
        except (PgwrightError, psycopg.Error):
            return

    thread = threading.Thread(target=run, name="pgwright-blockers", daemon=True)
    thread.start()
    try:
        yield watch
    finally:
        stop.set()
        thread.join()


def _spoken(seconds: float) -> str:
    for size, unit in ((86400, "d"), (3600, "h"), (60, "min")):
        if seconds >= 2 * size:
            return f"{seconds / size:.0f} {unit}"
    return f"{seconds:.0f} s"

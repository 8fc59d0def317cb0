"""What a running migration waits for, and how far it is, seen from a second session."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import psycopg
from psycopg import Connection
from psycopg.rows import class_row

from pgwright.errors import PgwrightError
from pgwright.pg.blocking import Blocker, blockers
from pgwright.pg.sqlfiles import load_sql


@dataclass(frozen=True, kw_only=True)
class BuildProgress:
    """Say how far the build of an index is; `total` is 0 while it is unknown."""

    relation: str
    phase: str
    done: float
    total: float


@dataclass(frozen=True, kw_only=True)
class OldTransaction:
    """Describe a transaction that has been open for `seconds`."""

    pid: int
    role: str | None
    application: str
    state: str | None
    seconds: float


class Lookout:
    """Look after one session over another."""

    def __init__(self, conn: Connection[Any]) -> None:
        self._conn = conn
        self.blockers: Sequence[Blocker] = ()

    def look(self, pid: int) -> tuple[Sequence[Blocker], BuildProgress | None]:
        """Return whom the session waits for, and how far its build is.

        Both are empty where the server cannot be asked: nothing depends on them.
        """
        try:
            found = blockers(self._conn, pid)
            self.blockers = found or self.blockers
            return found, self._progress(pid)
        except (psycopg.Error, PgwrightError):
            return (), None

    def _progress(self, pid: int) -> BuildProgress | None:
        query = load_sql("pgwright.migrate", "build_progress", self._conn.info.server_version // 10000)
        with self._conn.cursor(row_factory=class_row(BuildProgress)) as cursor:
            return cursor.execute(query.encode(), {"pid": pid}).fetchone()


def old_transactions(conn: Connection[Any], *, seconds: float = 60.0) -> tuple[OldTransaction, ...]:
    """Return the transactions of this database that have been open for longer, oldest first."""
    query = load_sql("pgwright.migrate", "old_transactions", conn.info.server_version // 10000)
    with conn.cursor(row_factory=class_row(OldTransaction)) as cursor:
        return tuple(cursor.execute(query.encode(), {"seconds": seconds}))

"""What a running migration waits for, and how far it is, seen from a second session."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, TypeVar

import psycopg
from psycopg import Connection
from psycopg.rows import class_row

from pgwright.errors import PgwrightError
from pgwright.pg.blocking import Blocker, blockers
from pgwright.pg.sqlfiles import load_sql

_Row = TypeVar("_Row")
_LONG = 2.0  # seconds after which a statement is worth a word


@dataclass(frozen=True, kw_only=True)
class BuildProgress:
    """Say how far the build of an index is; `total` is 0 while it is unknown."""

    relation: str
    phase: str
    done: float
    total: float


@dataclass(frozen=True, kw_only=True)
class LongStatement:
    """Describe a statement of which the server tells no progress, such as VALIDATE CONSTRAINT.

    `relation` is the largest table that it holds, if any, with its size as the catalogs remember it.
    """

    sql: str
    seconds: float
    relation: str | None
    rows: float | None
    bytes: int | None


@dataclass(frozen=True, kw_only=True)
class OldTransaction:
    """Describe a transaction that has been open for `seconds`."""

    pid: int
    role: str | None
    application: str
    state: str | None
    seconds: float


@dataclass(frozen=True, kw_only=True)
class Sight:
    """Hold what was seen of a session: whom it waits for, how far its build is, what else keeps it busy."""

    blockers: Sequence[Blocker] = ()
    build: BuildProgress | None = None
    statement: LongStatement | None = None


class Lookout:
    """Look after one session over another."""

    def __init__(self, conn: Connection[Any]) -> None:
        self._conn = conn
        self.blockers: Sequence[Blocker] = ()

    def look(self, pid: int) -> Sight:
        """Return what the session is at; nothing where the server cannot be asked: nothing depends on it."""
        try:
            found = blockers(self._conn, pid)
            self.blockers = found or self.blockers
            build = self._ask(BuildProgress, "build_progress", pid=pid)
            is_told = bool(found) or build is not None
            statement = (
                None if is_told else self._ask(LongStatement, "statement_at_work", pid=pid, seconds=_LONG)
            )
            return Sight(blockers=found, build=build, statement=statement)
        except (psycopg.Error, PgwrightError):
            return Sight()

    def _ask(self, row: type[_Row], name: str, **values: float) -> _Row | None:
        query = load_sql("pgwright.migrate", name, self._conn.info.server_version // 10000)
        with self._conn.cursor(row_factory=class_row(row)) as cursor:
            return cursor.execute(query.encode(), values).fetchone()


def old_transactions(conn: Connection[Any], *, seconds: float = 60.0) -> tuple[OldTransaction, ...]:
    """Return the transactions of this database that have been open for longer, oldest first."""
    query = load_sql("pgwright.migrate", "old_transactions", conn.info.server_version // 10000)
    with conn.cursor(row_factory=class_row(OldTransaction)) as cursor:
        return tuple(cursor.execute(query.encode(), {"seconds": seconds}))

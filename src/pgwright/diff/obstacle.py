"""Hold up a statement that refuses a transaction at the point where its locks can be seen.

Building or dropping an index concurrently waits, its own locks taken, until those who may write to
the table have ended. A session that holds such a lock makes it wait for as long as a look takes.
"""

from __future__ import annotations

import threading
from collections.abc import Sequence
from contextlib import suppress
from typing import Any

import psycopg
from psycopg import Connection, sql

from pgwright.pg.connect import connect
from pgwright.pg.sqlfiles import load_sql

_PAUSE = 0.002  # seconds between two looks
_ENOUGH = 30.0  # seconds after which the way is cleared in any case

Rows = list[tuple[int, str]]


class Obstacle:
    """Stand in the way of one session's statements, one at a time.

    `pid` is that session's; connections are opened when they are first needed and kept.
    """

    def __init__(self, url: str, pid: int, major: int) -> None:
        self._url = url
        self._pid = pid
        self._query = load_sql("pgwright.diff", "awaited_locks", major).encode()
        self._looking: Connection[Any] | None = None
        self._holders: list[Connection[Any]] = []
        self._thread: threading.Thread | None = None
        self._stop = threading.Event()
        self._seen: Rows = []
        self._failure: psycopg.Error | None = None

    def put(self, oids: Sequence[int]) -> None:
        """Take a writer's lock on each of these relations and begin to look."""
        self._seen, self._failure = [], None
        if not oids:
            return
        if self._looking is None:
            self._looking = connect(self._url, autocommit=True)
        while len(self._holders) < len(oids):
            self._holders.append(connect(self._url))
        held = {c.info.backend_pid: c for c, oid in zip(self._holders, oids, strict=False) if _hold(c, oid)}
        self._stop.clear()
        self._thread = threading.Thread(
            target=self._look, args=(self._looking, held), name="pgwright-obstacle", daemon=True
        )
        self._thread.start()

    def remove(self) -> Rows:
        """Return the locks that were seen, as (relation's OID, mode); raise what kept from looking."""
        if self._thread is not None:
            self._stop.set()
            self._thread.join()
            self._thread = None
        for holder in self._holders:
            holder.rollback()
        if self._failure is not None:
            raise self._failure
        return self._seen

    def close(self) -> None:
        """Let go of everything."""
        with suppress(psycopg.Error):
            self.remove()
        for conn in (self._looking, *self._holders):
            if conn is not None:
                conn.close()

    def _look(self, looking: Connection[Any], held: dict[int, Connection[Any]]) -> None:
        try:
            for _ in range(round(_ENOUGH / _PAUSE)):
                rows = looking.execute(self._query, {"pid": self._pid}).fetchall()
                self._seen.extend((relation, mode) for relation, mode, _ in rows if relation is not None)
                # Looked at before the way is cleared: now it has every lock that it takes so far.
                for pid in {pid for *_, pids in rows for pid in pids} & held.keys():
                    held.pop(pid).rollback()
                if self._stop.wait(_PAUSE):
                    return
        except psycopg.Error as exc:
            self._failure = exc
        finally:
            for holder in held.values():
                with suppress(psycopg.Error):
                    holder.rollback()


def _hold(holder: Connection[Any], oid: int) -> bool:
    """Take the lock; a sequence cannot be locked, and a materialized view only by way of ANALYZE."""
    row = holder.execute(
        "SELECT n.nspname, c.relname, c.relkind::text FROM pg_class AS c"
        " JOIN pg_namespace AS n ON n.oid = c.relnamespace WHERE c.oid = %s",
        (oid,),
    ).fetchone()
    if row is None or row[2] == "S":
        holder.rollback()
        return False
    name = sql.Identifier(row[0], row[1])
    if row[2] == "m":
        holder.execute(sql.SQL("ANALYZE {}").format(name))
    else:
        holder.execute(sql.SQL("LOCK TABLE {} IN ROW EXCLUSIVE MODE").format(name))
    return True

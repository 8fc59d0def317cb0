"""One side of a comparison: a database held still by one snapshot that several sessions share."""

from __future__ import annotations

import queue
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager, suppress
from datetime import datetime
from types import TracebackType
from typing import Any, TypeVar

import psycopg
from psycopg import Connection, sql
from psycopg.pq import TransactionStatus

from pgwright.errors import PgwrightError
from pgwright.pg.connect import connect
from pgwright.pg.statements import statement_error

# What a value's text depends on, and what could end or falsify a long reading: row security set to off
# makes the server refuse what a policy would silently leave out.
_SETTINGS = {
    "search_path": "",
    "TimeZone": "UTC",
    "DateStyle": "ISO, YMD",
    "IntervalStyle": "postgres",
    "extra_float_digits": "1",
    "bytea_output": "hex",
    "lc_monetary": "C",
    "client_encoding": "UTF8",
    "row_security": "off",
    "statement_timeout": "0",
    "idle_in_transaction_session_timeout": "0",
    "enable_sort": "off",  # the planner overestimates groups by an expression, and sorting millions is slow
    "work_mem": "64MB",
}
T = TypeVar("T")

_ENDED = (TransactionStatus.INERROR, TransactionStatus.UNKNOWN)
_ISOLATION = "SET TRANSACTION ISOLATION LEVEL REPEATABLE READ READ ONLY"


class Side:
    """Hold one snapshot of the database at `url`, and up to `jobs` sessions that all see it.

    `snapshot` is one that somebody else has exported and holds; None exports one. `left` says in errors what
    state things are in. Use as a context manager.

    Raises the errors of `connect`, and `StatementError` where the snapshot cannot be shared or is gone.
    """

    def __init__(self, url: str, *, jobs: int = 2, snapshot: str | None = None) -> None:
        self._url = url
        # Threads of its own: with those of both sides in one pool, one server could wait for the other.
        self._pool = ThreadPoolExecutor(max_workers=jobs)
        self._free: queue.LifoQueue[Connection[Any] | None] = queue.LifoQueue()
        for _ in range(jobs):
            self._free.put(None)
        self._opened: list[Connection[Any]] = []
        self._closing = False
        self._failure: PgwrightError | None = None
        self.snapshot = snapshot
        self.left = "nothing was changed"
        self.captured_at: datetime
        self._until = 0  # the first transaction that the snapshot does not see
        self.encoding = ""
        self.major = 0

    def __enter__(self) -> Side:
        try:
            self._hold()
        except BaseException as error:
            self.__exit__(type(error), error, None)
            raise
        return self

    def _hold(self) -> None:
        holder = self._open()
        row = holder.execute(
            "SELECT now(), pg_catalog.getdatabaseencoding(),"
            " pg_catalog.txid_snapshot_xmax(pg_catalog.txid_current_snapshot()),"
            " CASE WHEN %s::text IS NULL THEN pg_catalog.pg_export_snapshot() END",
            [self.snapshot],
        ).fetchone()
        assert row is not None
        self.captured_at, self.encoding, self._until = row[:3]
        self.snapshot = self.snapshot or row[3]
        self.major = holder.info.server_version // 10000
        self._free.get()
        self._free.put(holder)

    def __exit__(
        self, kind: type[BaseException] | None, exc: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._closing = True
        for conn in self._opened:
            if kind is not None and not conn.closed:
                with suppress(psycopg.Error):  # the server may be what failed
                    conn.cancel_safe(timeout=2)
            conn.close()
        self._pool.shutdown(cancel_futures=True)

    def submit(self, work: Callable[..., T], *arguments: Any) -> Future[T]:
        """Do work in a thread, of which there are as many as sessions."""
        return self._pool.submit(work, *arguments)

    @contextmanager
    def session(self) -> Iterator[Connection[Any]]:
        """Lend a session that sees the snapshot; waits while all are in use.

        A statement that fails ends the transaction and with it the comparison: whoever asks after that is
        told of the same failure, not that a transaction is aborted.
        """
        conn = self._free.get()
        try:
            if self._failure is not None:
                raise self._failure
            if conn is None:
                conn = self._open()
            yield conn
        except psycopg.Error as error:
            if conn is not None and conn.info.transaction_status not in _ENDED:
                raise  # that of another server, with which the work was done together
            failure = statement_error(error, conn=conn, left=self.left)
            self._failure = self._failure or failure
            raise failure from error
        finally:
            self._free.put(conn)

    def fetch(
        self, query: sql.SQL | sql.Composed, parameters: list[Any] | None = None
    ) -> list[tuple[Any, ...]]:
        """Run one query in a session of its own and return its rows."""
        with self.session() as conn:
            rows: list[tuple[Any, ...]] = conn.execute(query, parameters).fetchall()
            return rows

    def was_written(self) -> bool:
        """Tell whether anything was written on the server since the snapshot, which is let go for that."""
        with self.session() as conn:
            conn.rollback()
            row = conn.execute(
                "SELECT pg_catalog.txid_snapshot_xmax(pg_catalog.txid_current_snapshot())"
            ).fetchone()
        return row is not None and row[0] > self._until

    def _open(self) -> Connection[Any]:
        conn = connect(self._url, application_name="pgwright verify")
        self._opened.append(conn)
        if self._closing:  # another thread's work has failed meanwhile
            conn.close()
            raise psycopg.OperationalError("the comparison has ended")
        conn.execute(_ISOLATION)
        if self.snapshot is not None:
            conn.execute(sql.SQL("SET TRANSACTION SNAPSHOT {}").format(sql.Literal(self.snapshot)))
        for name, value in _SETTINGS.items():
            conn.execute("SELECT pg_catalog.set_config(%s, %s, true)", [name, value])
        return conn

"""Bytes of COPY out of a session, block by block.

libpq hands COPY data over row by row, which costs ten times the CPU; asyncpg passes whole buffers. It runs in
a thread of its own, a few blocks ahead.
"""

from __future__ import annotations

import asyncio
import queue
import re
import threading
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any

import asyncpg
import psycopg
from psycopg import Connection, sql

from pgwright.errors import ConnectError, PrivilegeError, StatementError
from pgwright.pg.address import parse_address
from pgwright.pg.privileges import grant_for
from pgwright.pg.quoting import deparsed
from pgwright.pg.redact import redact
from pgwright.pg.statements import statement_error
from pgwright.pg.texts import PORTABLE

_LARGEST = (1 << 30) - 1  # bytes of anything that the server holds at once
_AHEAD = 32  # blocks, of 64 kB or a little more
SESSION = {
    **PORTABLE,
    "statement_timeout": "0",
    "idle_in_transaction_session_timeout": "0",
}
# The driver's last kind is what it says when the server ends the session in the middle of a COPY.
_FAILURES = (
    asyncpg.PostgresError,
    asyncpg.InterfaceError,
    OSError,
    asyncio.CancelledError,
    asyncpg.InternalClientError,
)
# Signs that JSON texts cannot hold: no field needs quotes, and a row is its text and a line end.
_JSON = {"delimiter": "\x02", "quote": "\x01"}


@dataclass
class Flow:
    """Stream queries one after the other, in up to `jobs` sessions.

    `rows` is known when the stream has ended. Each session is some blocks ahead, so that while one query is
    read the next ones run already.
    """

    url: str = field(repr=False)
    queries: Sequence[str]
    snapshot: str | None = None
    form: str = "csv"
    header: bool = False
    jobs: int = 1
    rows: int = 0

    def __iter__(self) -> Iterator[bytes]:
        """Yield the blocks. Raises `StatementError`, `ConnectError` and `RowTooLarge`."""
        count = min(self.jobs, len(self.queries))
        lanes = [_Lane(self, number, count) for number in range(count)]
        try:
            for place in range(len(self.queries)):
                yield from lanes[place % count].blocks()
            self.rows = sum(lane.rows for lane in lanes)
        finally:
            for lane in lanes:
                lane.stop()


class _Lane:
    """Run every query of a flow whose number leaves the remainder `number`, in one session and thread."""

    def __init__(self, flow: Flow, number: int, count: int) -> None:
        self._flow = flow
        self._queries = list(enumerate(flow.queries))[number::count]
        self._blocks: queue.Queue[bytes | BaseException | None] = queue.Queue(_AHEAD)
        self._stopped = threading.Event()
        self._thread = threading.Thread(target=lambda: asyncio.run(self._run()), daemon=True)
        self.rows = 0
        self._thread.start()

    def blocks(self) -> Iterator[bytes]:
        """Yield the blocks of the next query."""
        while (block := self._blocks.get()) is not None:
            if isinstance(block, BaseException):
                raise _explained(block, parse_address(self._flow.url).user or None) from block
            yield block

    def stop(self) -> None:
        """End the thread, whatever it is at."""
        self._stopped.set()
        while self._thread.is_alive():
            # The thread may be waiting for room.
            while not self._blocks.empty():
                self._blocks.get_nowait()
            self._thread.join(0.01)

    async def _run(self) -> None:
        try:
            await self._copy()
        except _Stopped:
            pass
        except BaseException as exc:  # unsaid, it would leave the reader waiting for ever
            self._blocks.put(exc)

    async def _copy(self) -> None:
        flow = self._flow
        conn = await asyncpg.connect(
            parse_address(flow.url).text, server_settings={**SESSION, "application_name": "pgwright export"}
        )
        try:
            if flow.snapshot is not None:
                begin = sql.SQL(
                    "BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY; SET TRANSACTION SNAPSHOT {}"
                )
                await conn.execute(begin.format(sql.Literal(flow.snapshot)).as_string(None))
            options = _JSON if flow.form == "json" else {}
            for place, query in self._queries:
                status = await conn.copy_from_query(
                    query, output=self._take, format="csv", header=flow.header and place == 0, **options
                )
                self.rows += int(status.rpartition(" ")[2])
                self._put(None)
        finally:
            conn.terminate()

    async def _take(self, block: bytes) -> None:
        self._put(bytes(block))

    def _put(self, block: bytes | None) -> None:
        while not self._stopped.is_set():
            try:
                # Blocking is right: this thread has nothing else to do.
                self._blocks.put(block, timeout=0.1)
            except queue.Full:
                continue
            return
        raise _Stopped


class SessionFlow:
    """Stream a query of a session of the caller's, for rows that only it can see.

    Iterating raises what a `Flow` raises.
    """

    def __init__(self, conn: Connection[Any], query: str, *, form: str, header: bool) -> None:
        options: list[sql.Composable] = [sql.SQL("FORMAT csv")]
        if form == "json":
            options += [sql.SQL("{} {}").format(sql.SQL(name), sql.Literal(_JSON[name])) for name in _JSON]
        if header:
            options.append(sql.SQL("HEADER"))
        self._statement = sql.SQL("COPY ({}) TO STDOUT ({})").format(
            deparsed(query), sql.SQL(", ").join(options)
        )
        self._conn = conn
        self.form, self.header = form, header
        self.rows = 0

    def __iter__(self) -> Iterator[bytes]:
        """Yield the blocks."""
        try:
            # The savepoint keeps the transaction usable, for whoever looks for the reason.
            with self._conn.transaction(), self._conn.cursor() as cursor:
                with cursor.copy(self._statement) as copy:
                    for block in copy:
                        yield bytes(block)
                self.rows = cursor.rowcount
        except psycopg.Error as exc:
            said = exc.diag.message_primary or ""
            if _is_size(exc.sqlstate, said):
                raise RowTooLarge(f"{said}; SQLSTATE {exc.sqlstate}") from exc
            raise statement_error(exc, conn=self._conn, left="no file was written") from exc


class RowTooLarge(Exception):
    """Say, in the server's words, that a row does not fit into the form it was asked for."""


class _Stopped(Exception):
    """Say that nobody reads any more."""


def _is_size(state: str | None, said: str) -> bool:
    """Tell whether the server met its limit for one row, 1 GB; some places report it as an internal error."""
    return state == "54000" or (
        state == "XX000" and any(int(number) >= _LARGEST for number in re.findall(r"\d+", said))
    )


def _explained(exc: BaseException, user: str | None) -> BaseException:
    # The driver puts the server's detail and hint into its text as further lines.
    said = redact(str(exc)).partition("\n")[0] or type(exc).__name__
    if not isinstance(exc, _FAILURES):
        return exc
    if isinstance(exc, asyncpg.PostgresError) and not isinstance(exc, asyncpg.PostgresConnectionError):
        state = f"SQLSTATE {exc.sqlstate}"
        if _is_size(exc.sqlstate, said):
            return RowTooLarge(f"{said}; {state}")
        detail = f"{exc.detail}; {state}" if exc.detail else state
        if isinstance(exc, asyncpg.InsufficientPrivilegeError):
            hint = grant_for(said, "SELECT", user)
            return PrivilegeError(said, detail=f"{detail}; no file was written", hint=hint)
        return StatementError(said, detail=f"{detail}; no file was written", hint=exc.hint)
    return ConnectError(
        "the connection was lost", detail=f"{said}; no file was written", hint="run the command again"
    )

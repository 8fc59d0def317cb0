"""Objects that are built over the rows, several at once, each as soon as what it needs is there."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterable, Mapping
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import suppress
from types import TracebackType
from typing import Any

import psycopg
from psycopg import Connection, sql

from pgwright.pg.quoting import qualified, render
from pgwright.transfer.copy.dump import Entry
from pgwright.transfer.copy.record import doing, open_target
from pgwright.transfer.copy.tables import CopyTable

EARLY = frozenset({"INDEX", "CONSTRAINT"})  # the rest waits: it needs several tables, or no longer rows
_ANALYSES = 1 << 32  # above every number that pg_dump gives


def order_early(
    entries: Iterable[Entry], tables: frozenset[int], partitions: Mapping[int, frozenset[int]]
) -> dict[Entry, frozenset[int]]:
    """Return the entries that can be built early with the numbers that each waits for.

    `tables` are the numbers of the tables with rows to copy, `partitions` those below each partition root: a
    COPY into a partition locks its root, so what changes the root waits for all of them. An index waits for
    the constraints of its table: those want the table for themselves, and would keep a builder waiting.
    """
    early = [entry for entry in entries if entry.type in EARLY]
    known = tables | {entry.id for entry in early}
    of_table: dict[int, set[int]] = {}
    for entry in early:
        if entry.type == "CONSTRAINT":
            for table in tables.intersection(entry.needs):
                of_table.setdefault(table, set()).add(entry.id)
    waits: dict[Entry, frozenset[int]] = {}
    for entry in early:
        needs = set(known.intersection(entry.needs))
        for need in entry.needs:
            needs |= partitions.get(need, frozenset())
            if entry.type == "INDEX":
                needs |= of_table.get(need, set())
        waits[entry] = frozenset(needs - {entry.id})
    return waits


def analyses(
    tables: Mapping[int, CopyTable], waits: Mapping[Entry, frozenset[int]]
) -> dict[Entry, frozenset[int]]:
    """Return an ANALYZE of each table (by number) that waits for its rows and for what stands on them."""
    above: dict[int, set[int]] = {number: {number} for number in tables}
    for entry, needs in waits.items():
        for table in needs & above.keys():
            above[table].add(entry.id)
    return {
        Entry(
            id=_ANALYSES + table.oid,
            oid=table.oid,
            type="ANALYZE",
            name=str(table.name),
            sql=render(sql.SQL("ANALYZE {}").format(qualified(table.name))),
        ): frozenset(above[number])
        for number, table in tables.items()
    }


class Builders:
    """Build entries in `size` sessions of the target; use as a context manager.

    `on_done` is called, from a thread, with an entry's number and what went wrong, if anything did.
    """

    def __init__(
        self, url: str, run: str, size: int, on_done: Callable[[int, BaseException | None], None]
    ) -> None:
        self._url = url
        self._run = run
        self._on_done = on_done
        self._pool = ThreadPoolExecutor(max_workers=size)
        self._mine = threading.local()
        self._opened: list[Connection[Any]] = []
        self._waits: dict[Entry, set[int]] = {}
        self._there: set[int] = set()

    def __enter__(self) -> Builders:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, exc: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._pool.shutdown(wait=kind is None, cancel_futures=True)
        for conn in self._opened:
            if kind is not None and not conn.closed:
                with suppress(psycopg.Error):  # the server may be what failed
                    conn.cancel_safe(timeout=5)
        self._pool.shutdown(wait=True)
        for conn in self._opened:
            conn.close()

    def plan(self, waits: dict[Entry, frozenset[int]]) -> int:
        """Take the entries to build, and return how many there are; nothing starts before `arrived`."""
        self._waits = {entry: set(needs) for entry, needs in waits.items()}
        return len(self._waits)

    def arrived(self, number: int | None) -> None:
        """Learn that a table's rows are complete or an entry is built, and start what waited for it only."""
        if number is not None:
            self._there.add(number)
        for entry in [entry for entry, needs in self._waits.items() if needs <= self._there]:
            del self._waits[entry]
            self._pool.submit(self._build, entry).add_done_callback(self._tell(entry))

    def _tell(self, entry: Entry) -> Callable[[Future[None]], None]:
        def tell(future: Future[None]) -> None:
            if not future.cancelled():
                self._on_done(entry.id, future.exception())

        return tell

    def _build(self, entry: Entry) -> None:
        conn = getattr(self._mine, "conn", None)
        if conn is None:
            conn = self._mine.conn = open_target(self._url, self._run)
            self._opened.append(conn)
        with doing(conn, self._run, f"entry {entry.id}") as due:
            if due:
                conn.execute(entry.sql.encode())

"""Bring the rows, in parts by several workers, and build what stands over each table once it is complete."""

from __future__ import annotations

import queue
from collections import Counter, deque
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field

import psycopg

from pgwright.errors import CopyFailed
from pgwright.pg.quoting import render
from pgwright.transfer.copy.builders import Builders
from pgwright.transfer.copy.crew import Crew
from pgwright.transfer.copy.dump import Entry
from pgwright.transfer.copy.mend import mend
from pgwright.transfer.copy.message import Report, Start, Task
from pgwright.transfer.copy.record import failure
from pgwright.transfer.copy.tables import CopyTable, Part
from pgwright.verify.side import Side


@dataclass(frozen=True, kw_only=True)
class Progress:
    """Say how far the rows are: bytes on the source's disk, rows of finished parts, objects built."""

    bytes: int
    of_bytes: int
    rows: int
    built: int
    to_build: int


@dataclass(frozen=True, kw_only=True)
class Load:
    """Hold what is to be brought.

    `parts` are those still due, `formats` and `wraps` how each table's COPY goes (statements before and after
    it), `stale` the tables with parts of an older snapshot, `numbers` pg_dump's number of each table,
    `waits` the entries to build with what each waits for.
    """

    parts: Sequence[Part]
    tables: Sequence[CopyTable]
    formats: Mapping[int, str]
    wraps: Mapping[int, tuple[tuple[str, ...], tuple[str, ...]]]
    stale: frozenset[int]
    numbers: Mapping[int, int]
    waits: dict[Entry, frozenset[int]]
    freeze: bool


@dataclass
class _State:
    """Follow what is under way."""

    load: Load
    pending: deque[Part]
    left: Counter[int]
    working: dict[int, Part] = field(default_factory=dict)
    moved: dict[int, int] = field(default_factory=dict)
    done_bytes: int = 0
    rows: int = 0
    built: int = 0
    to_build: int = 0
    mending: int = 0

    @property
    def busy(self) -> bool:
        return bool(self.pending or self.working or self.mending or self.built < self.to_build)

    def progress(self) -> Progress:
        under_way = sum(min(self.moved.get(n, 0), part.bytes) for n, part in self.working.items())
        return Progress(
            bytes=self.done_bytes + under_way,
            of_bytes=sum(part.bytes for part in self.load.parts),
            rows=self.rows,
            built=self.built,
            to_build=self.to_build,
        )


def bring(
    load: Load,
    start: Start,
    source: Side,
    target_url: str,
    *,
    jobs: int,
    on_progress: Callable[[Progress], None],
) -> int:
    """Bring the rows and build over them; return how many rows were brought.

    Raises `CopyFailed` at the first failure; what was finished is in the target's ledger.
    """
    events: queue.Queue[tuple[str, int, object]] = queue.Queue()
    state = _State(load=load, pending=deque(load.parts), left=Counter(part.table.oid for part in load.parts))
    size = min(jobs, max(1, len(load.parts)))
    with (
        ThreadPoolExecutor(max_workers=1) as menders,
        Crew(start, size, lambda n, report: events.put(("report", n, report))) as crew,
        Builders(target_url, start.run, jobs, lambda n, error: events.put(("built", n, error))) as builders,
    ):
        by_oid = {table.oid: table for table in load.tables}
        state.to_build = builders.plan(load.waits)

        def complete(oid: int) -> None:
            if oid in load.stale:
                state.mending += 1
                wrap = load.wraps.get(oid, ((), ()))
                menders.submit(mend, source, target_url, by_oid[oid], start.run, wrap).add_done_callback(
                    lambda future: events.put(("mended", oid, future.exception()))
                )
            else:
                builders.arrived(load.numbers.get(oid))

        for table in load.tables:
            if not state.left[table.oid]:
                complete(table.oid)
        builders.arrived(None)
        for number in range(size):
            _give(crew, number, state)
        while state.busy:
            what, number, found = events.get()
            if what == "report":
                _take(number, found, state, complete)
                if number not in state.working:
                    _give(crew, number, state)
            else:
                if isinstance(found, BaseException):
                    raise _failed(what, number, found, load) from found
                if what == "mended":
                    state.mending -= 1
                    builders.arrived(load.numbers.get(number))
                else:
                    state.built += 1
                    builders.arrived(number)
            on_progress(state.progress())
    return state.rows


def _give(crew: Crew, number: int, state: _State) -> None:
    if state.pending:
        part = state.pending.popleft()
        state.working[number] = part
        state.moved[number] = 0
        crew.give(number, _task(part, state.load))


def _task(part: Part, load: Load) -> Task:
    table = part.table
    first, last = load.wraps.get(table.oid, ((), ()))
    freeze = load.freeze and part.whole
    if freeze:
        # A table that this transaction has emptied may be filled with rows that need no vacuum later.
        first = (*first, render(_truncate(table)))
    return Task(
        item=f"rows {table.name}",
        part=part.number,
        query=render(part.query),
        schema=table.name.schema or "public",
        table=table.name.name,
        columns=table.columns,
        format=load.formats[table.oid],
        freeze=freeze,
        first=first,
        last=last,
    )


def _truncate(table: CopyTable) -> psycopg.sql.Composed:
    from pgwright.pg.quoting import qualified

    return psycopg.sql.SQL("TRUNCATE ONLY {}").format(qualified(table.name))


def _take(number: int, found: object, state: _State, complete: Callable[[int], None]) -> None:
    if found is None:
        if number in state.working:
            raise CopyFailed(
                f"a worker ended while it copied {state.working[number].table.name}",
                detail="its part was rolled back; finished parts stay",
                hint="see whether memory ran out, then go on with: pgwright copy SRC DST --resume",
            )
        return
    assert isinstance(found, Report)
    part = state.working.get(number)
    if found.error is not None:
        where = f"copying {part.table.name} failed" if part else "a worker could not begin"
        raise CopyFailed(
            f"{where}: {found.error}",
            detail=f"SQLSTATE {found.sqlstate}; the part was rolled back, finished parts stay"
            if found.sqlstate
            else "the part was rolled back, finished parts stay",
            hint=_MENDS.get(found.sqlstate or "", "mend that")
            + ", then go on with: pgwright copy SRC DST --resume",
        )
    assert part is not None
    state.moved[number] = found.bytes
    if found.rows is not None:
        del state.working[number]
        state.done_bytes += part.bytes
        state.rows += found.rows
        state.left[part.table.oid] -= 1
        if not state.left[part.table.oid]:
            complete(part.table.oid)


_MENDS = {
    "08003": "see in the server's log why it closed the connection",
    "53100": "free space on the target's disk",
    "55P03": "end the session that holds the lock (pgwright inspect locks)",
    "42501": "grant the privilege, or connect as the owner",
    "22P03": "compare the schemas of both sides: pgwright schema diff SRC DST",
    "42703": "compare the schemas of both sides: pgwright schema diff SRC DST",
}


def _failed(what: str, number: int, error: BaseException, load: Load) -> CopyFailed:
    said = failure(error) if isinstance(error, psycopg.Error) else str(getattr(error, "message", error))
    if what == "mended":
        name = next(str(table.name) for table in load.tables if table.oid == number)
        where = f"comparing {name} again failed"
    else:
        entry = next(entry for entry in load.waits if entry.id == number)
        where = f"building {entry.type.lower()} {entry.name} failed"
    return CopyFailed(
        f"{where}: {said}",
        detail="it was rolled back; what is finished stays",
        hint="mend that, then go on with: pgwright copy SRC DST --resume",
    )

"""Carry a conversion out: build, fill, compare, exchange, finish; killed anywhere, it goes on from there."""

from __future__ import annotations

import json
import math
import random
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from typing import Any

import psycopg
from psycopg import Connection, sql

from pgwright.diff.apply import JOB as APPLY
from pgwright.diff.compare import compare
from pgwright.diff.ends import pack, read_here, unpack
from pgwright.errors import LockTimeoutError, PgwrightError, PolicyError
from pgwright.kinds.steps import name_of
from pgwright.kinds.tables.prepared import set_aside_id
from pgwright.model.change import Change
from pgwright.model.names import ObjectId, QualifiedName
from pgwright.model.plan import Step
from pgwright.model.run import Run, RunStatus
from pgwright.pg.connect import connect
from pgwright.pg.redact import redact
from pgwright.pg.session import advisory_lock, settings
from pgwright.pg.statements import statement_error
from pgwright.server.scratch import EMBEDDED
from pgwright.sources.database import read_catalog
from pgwright.state.ledger import Ledger
from pgwright.timeseries.convert.changes import Changes
from pgwright.timeseries.convert.equality import require_equal, table_of
from pgwright.timeseries.convert.pieces import give_pieces_to_owner, make_pieces
from pgwright.timeseries.convert.proposal import Conversion
from pgwright.timeseries.patience import PASSING

JOB = "policy convert"
BATCH = 10_000  # rows
# Whoever waits for the table waits behind this lock as well: rather often and short than once and long.
_LOCK_TIMEOUT = "300ms"
_ATTEMPTS = 100
# Changed rows left for the exchange, for which everybody waits: with many it does not begin, and with more
# than a few they are followed as long as they get less.
_MANY, _FEW = 1000, 50

Telling = Callable[[str, float, float | None], None]


@dataclass(frozen=True, kw_only=True)
class Converted:
    """Report a conversion: its rows, how long in seconds nobody could reach the table, what still differs."""

    run: Run
    table: str
    rows: int
    locked: float
    remaining: tuple[Change, ...] = ()


@dataclass(frozen=True, kw_only=True)
class Unfinished:
    """Hold a conversion that was begun and not ended, and how far it came."""

    run: Run
    conversion: Conversion
    exchanged: bool


def unfinished(url: str) -> Unfinished | None:
    """Return the conversion of the database at `url` that was not ended, or None."""
    with connect(url, autocommit=True) as conn:
        return _unfinished(conn)


def _unfinished(conn: Connection[Any]) -> Unfinished | None:
    ledger = Ledger(conn=conn)
    run = ledger.last(JOB) if ledger.exists() else None
    payload = ledger.payload(run.id) if run else None
    if run is None or payload is None or run.status is RunStatus.SUCCEEDED or "table" not in run.progress:
        return None
    server = read_catalog(conn, source="target", kinds=()).server
    table = ObjectId("table", QualifiedName(*run.progress["table"]))
    conversion = Conversion(table=table, ends=unpack(payload), server=server)
    return Unfinished(run=run, conversion=conversion, exchanged=bool(run.progress.get("exchanged")))


def convert(
    url: str, conversion: Conversion, *, tell: Telling | None = None, scratch: str = EMBEDDED
) -> Converted:
    """Carry the conversion out, or go on with the one of the same table that was not ended.

    `tell` hears of the rows copied. Raises `ConversionDiffers` where the copy is not what the table is,
    `PolicyError` where another conversion is unfinished, `LockTimeoutError` where somebody holds the table
    for too long, `StatementError`; whatever it raises, the table can be used.
    """
    with (
        connect(url, autocommit=True, application_name=f"pgwright {JOB}") as conn,
        advisory_lock(conn, JOB),
        settings(conn, DateStyle="ISO, YMD"),
    ):
        ledger = Ledger(conn=conn)
        ledger.prepare()
        left = _unfinished(conn)
        if left is not None and left.conversion.table != conversion.table:
            path = left.conversion.table.path
            raise PolicyError(
                f"the conversion of {path} is not finished",
                detail="nothing was changed",
                hint=f"go on with it: pgwright policy convert {path}, or add --abandon",
            )
        chosen = left.conversion if left else conversion
        ledger.abandon_running(JOB)
        attempt = left.run.attempt + 1 if left else 1
        run = ledger.begin(JOB, payload=pack(chosen.ends), attempt=attempt)
        work = _Work(conn, ledger, run, chosen, tell or (lambda *_: None))
        with _closing(work):
            return work.all(left, scratch)


@contextmanager
def _closing(work: _Work) -> Iterator[None]:
    """Close the run of a conversion that fails, and put its error into words."""
    try:
        try:
            yield
        except psycopg.Error as exc:
            raise statement_error(exc, conn=work.conn, left="the table can be used as before") from exc
    except BaseException as exc:
        with suppress(Exception):
            cause = redact(str(exc)) or type(exc).__name__
            work.ledger.finish(work.run.id, RunStatus.FAILED, error=cause)
        if isinstance(exc, PgwrightError) and exc.hint is None:
            exc.hint = f"go on: pgwright policy convert {work.conversion.table.path}; or add --abandon"
        raise


def abandon(url: str) -> str | None:
    """Remove all that an unfinished conversion has made; return the table's name, None without one.

    Raises `PolicyError` where the table was exchanged already and only the end is missing.
    """
    with connect(url, autocommit=True) as conn, advisory_lock(conn, JOB):
        left = _unfinished(conn)
        if left is None:
            return None
        path = left.conversion.table.path
        if left.exchanged:
            raise PolicyError(
                f"{path} is converted already, only the end is missing",
                detail="nothing was changed",
                hint=f"let it finish: pgwright policy convert {path}; the way back: add --back after that",
            )
        work = _Work(conn, Ledger(conn=conn), left.run, left.conversion, lambda *_: None)
        work.patiently(work.remove)
        work.ledger.finish(left.run.id, RunStatus.FAILED, error="abandoned")
        # Nothing is left to go on with.
        conn.execute("UPDATE pgwright.run SET payload = NULL WHERE id = %s", (left.run.id,))
        return path


@dataclass
class _Work:
    conn: Connection[Any]
    ledger: Ledger
    run: Run
    conversion: Conversion
    tell: Telling
    done: int = 0
    after: tuple[str, ...] = ()
    locked: float = 0.0
    _changes: Changes | None = field(default=None)

    @property
    def changes(self) -> Changes:
        """Return the log of the table in use. Raises `PolicyError` for a table without a key."""
        if self._changes is None:
            found = table_of(self.conn, self.conversion.table)
            if not found.key:
                raise PolicyError(
                    f"{found.id.path} has no key by which its rows could be told apart",
                    detail="a primary key is needed, or a unique index over columns without nulls; "
                    "nothing was changed",
                    hint="add one, or convert in one transaction: "
                    f"pgwright policy convert {found.id.path} --offline",
                )
            self._changes = Changes(
                table=found.id,
                copy=self.conversion.prepared,
                key=found.key,
                types=tuple(found.by_name[k].type for k in found.key),
                columns=tuple(c.name for c in found.columns if not c.generated),
            )
        return self._changes

    def all(self, left: Unfinished | None, scratch: str) -> Converted:
        rows = int(left.run.progress.get("rows", 0)) if left else 0
        if left is not None and left.exchanged:
            self.locked = float(left.run.progress.get("locked", 0))
            self.note(rows=rows, exchanged=True, locked=self.locked)
        else:
            if left is not None and self._is_there():
                self.after = tuple(json.loads(left.run.watermark or "[]"))
                self.done = rows
                self.note()
            else:
                self.patiently(self.build)
            self.fill()
            rows = self.prove()
            self.exchange(rows)
        self.finish(rows)
        _, here = read_here(self.conn, self.conversion.ends, scratch=scratch)
        chosen = self.conversion.ends.selection.apply
        remaining = compare(chosen(here), chosen(self.conversion.ends.after))
        result = {"rows": rows, "locked": round(self.locked, 3)}
        return Converted(
            run=self.ledger.finish(self.run.id, RunStatus.SUCCEEDED, result=result),
            table=self.conversion.table.path,
            rows=rows,
            locked=self.locked,
            remaining=remaining,
        )

    def note(self, **more: Any) -> None:
        """Write down how far the work is."""
        progress: Mapping[str, Any] = {"table": list(self.conversion.table.name), "rows": self.done, **more}
        self.ledger.advance(self.run.id, json.dumps(self.after), progress)

    def _is_there(self) -> bool:
        """Tell whether a conversion that was killed had built its table and triggers."""
        log = self.changes.log.as_string()
        row = self.conn.execute(
            "SELECT to_regclass(%s) IS NOT NULL AND to_regclass(%s) IS NOT NULL",
            (name_of(self.conversion.prepared).as_string(), log),
        ).fetchone()
        return bool(row and row[0])

    def patiently(self, work: Callable[[], None], *, before: Callable[[], None] = lambda: None) -> None:
        """Do something in a transaction, and again when a lock was in its way, what comes `before` too."""
        for attempt in range(1, _ATTEMPTS + 1):
            before()
            try:
                with self.conn.transaction():
                    self.conn.execute("SELECT set_config('lock_timeout', %s, true)", (_LOCK_TIMEOUT,))
                    self.conn.execute("SET LOCAL check_function_bodies = off")
                    work()
                return
            except PASSING as exc:
                if attempt == _ATTEMPTS:
                    raise LockTimeoutError(
                        f"{self.conversion.table.path} was never free for a moment",
                        detail=f"{_ATTEMPTS} attempts; the table can be used as before",
                        hint="see who holds it: pgwright inspect locks; then go on: "
                        f"pgwright policy convert {self.conversion.table.path}",
                    ) from exc
                # Random, so that a regular visitor is not met each time.
                time.sleep(random.uniform(0.05, 0.6))  # noqa: S311

    def remove(self) -> None:
        """Remove the table that is being filled, with log and triggers."""
        self.changes.end(self.conn)
        self.conn.execute(sql.SQL("DROP TABLE IF EXISTS {}").format(name_of(self.conversion.prepared)))

    def build(self) -> None:
        """Make the other table, empty, and begin to note changes of the one in use."""
        self.remove()
        self._execute(self.conversion.build)
        self.make_pieces()
        self.changes.begin(self.conn)
        # What PostgreSQL refuses is better known now than when all rows are copied.
        with self.conn.transaction(force_rollback=True):
            self._execute(self.conversion.exchange)
        self.done, self.after = 0, ()
        self.note()

    def make_pieces(self) -> None:
        if self.conversion.native:
            make_pieces(self.conn, self.conversion)
            give_pieces_to_owner(self.conn, self.conversion)

    def _execute(self, steps: tuple[Step, ...]) -> None:
        for step in steps:
            try:
                self.conn.execute(step.sql.encode())
            except PASSING:
                raise
            except psycopg.Error as exc:
                error = statement_error(exc, step.sql, conn=self.conn, left="the table can be used as before")
                error.detail = f"{step.summary} failed; {error.detail}"
                raise error from exc

    @contextmanager
    def _at_one_moment(self) -> Iterator[None]:
        with self.conn.transaction():
            self.conn.execute("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ")
            yield

    def fill(self) -> None:
        """Copy the rows, a batch in each transaction, and what changed in the meantime with it."""
        total = max(table_of(self.conn, self.conversion.table).rows, 1)
        more = True
        while more:
            try:
                more = self._fill_once()
            except psycopg.errors.CheckViolation:
                # A row beyond all pieces: more of them, once; any other check speaks again.
                with self.conn.transaction():
                    self.make_pieces()
                more = self._fill_once()
            self.tell("rows copied", min(self.done, total) if more else total, total)
        self.conn.execute(sql.SQL("ANALYZE {}").format(name_of(self.conversion.prepared)))

    def _fill_once(self) -> bool:
        with self._at_one_moment():
            _, emptied = self.changes.catch_up(self.conn)
            after, done = ((), 0) if emptied else (self.after, self.done)
            self.after, copied, ended = self.changes.copy_next(self.conn, after, BATCH)
            self.done = done + copied
            self.note()
        # Rows that come after the last one are noted, too: there is no need to run after them.
        return not ended

    def prove(self) -> int:
        """Return how many rows both tables hold, each the same."""
        self.tell("rows compared", 0, None)
        with self._at_one_moment():
            self.changes.catch_up(self.conn)
            rows = require_equal(self.conn, self.conversion.table, self.conversion.prepared)
        self.tell("rows compared", rows, rows)
        return rows

    def exchange(self, rows: int) -> None:
        """Let the two tables change names, in one transaction that readers and writers wait for."""
        steps = self.conversion.exchange

        def swap() -> None:
            self.conn.execute(
                sql.SQL("LOCK TABLE {} IN ACCESS EXCLUSIVE MODE").format(name_of(self.conversion.table))
            )
            began = time.monotonic()
            # Nobody else can write now, and each statement sees all that was written.
            self.changes.catch_up(self.conn)
            self._execute(steps)
            self.locked = time.monotonic() - began
            self.note(rows=rows, exchanged=True, locked=self.locked)

        with advisory_lock(self.conn, APPLY, wait=30):
            self.patiently(swap, before=self._follow)

    def _follow(self) -> None:
        """Catch up until little is left, or as little as these writers leave."""
        last, left = math.inf, self._catch_up()
        while left > _MANY or _FEW < left < last:
            last, left = left, self._catch_up()

    def _catch_up(self) -> int:
        with self._at_one_moment():
            return self.changes.catch_up(self.conn)[0]

    def finish(self, rows: int) -> None:
        """Check what was left for after the exchange, and drop the table that is not used any more."""
        for step in self.conversion.after:
            self.patiently(lambda step=step: self._execute((step,)))  # type: ignore[misc]
        self.patiently(self._drop_old)

    def _drop_old(self) -> None:
        old = set_aside_id(self.conversion.table)
        self.conn.execute(sql.SQL("DROP TABLE IF EXISTS {}").format(name_of(old)))
        changes = self._changes or Changes(
            table=self.conversion.table, copy=self.conversion.prepared, key=(), types=(), columns=()
        )
        changes.end(self.conn)

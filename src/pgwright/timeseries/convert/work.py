"""The parts of a conversion: build, fill, compare, exchange, and what follows it."""

from __future__ import annotations

import json
import math
import random
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import partial
from typing import Any

import psycopg
from psycopg import Connection, sql

from pgwright.diff.apply import JOB as APPLY
from pgwright.errors import LockTimeoutError, PolicyError, StatementError
from pgwright.kinds.steps import name_of
from pgwright.kinds.tables.prepared import set_aside_id
from pgwright.model.names import ObjectId
from pgwright.model.plan import Step
from pgwright.model.run import Run
from pgwright.model.wording import counted
from pgwright.pg.quoting import Name
from pgwright.pg.session import advisory_lock
from pgwright.pg.statements import statement_error
from pgwright.state.ledger import Ledger
from pgwright.timeseries.convert.changes import Changes
from pgwright.timeseries.convert.equality import require_equal, table_of
from pgwright.timeseries.convert.pieces import give_pieces_to_owner, make_pieces
from pgwright.timeseries.convert.proposal import Conversion
from pgwright.timeseries.patience import PASSING

BATCH = 10_000  # rows
# Whoever waits for the table waits behind this lock as well: rather often and short than once and long.
_LOCK_TIMEOUT = "300ms"
_ATTEMPTS = 100
# Changed rows left for the exchange, for which everybody waits: with many it does not begin, and with more
# than a few they are followed as long as they get less.
_MANY, _FEW = 1000, 50

Telling = Callable[[str, float, float | None], None]


@dataclass
class Work:
    """Do the parts of a conversion, in the order of the methods; each part may be done again."""

    conn: Connection[Any]
    ledger: Ledger
    run: Run
    conversion: Conversion
    tell: Telling
    done: int = 0
    after: tuple[str, ...] = ()
    locked: float = 0.0
    exchanged: bool = False
    followed: int = 0
    refused: dict[ObjectId, str] = field(default_factory=dict)
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
                by_row=self.conversion.noted_by_row,
            )
        return self._changes

    def note(self, **more: Any) -> None:
        """Write down how far the work is."""
        progress: Mapping[str, Any] = {"table": list(self.conversion.table.name), "rows": self.done, **more}
        self.ledger.advance(self.run.id, json.dumps(self.after), progress)

    def note_exchanged(self, rows: int) -> None:
        """Write down that the tables have changed names, and how many transactions have followed."""
        self.note(rows=rows, exchanged=True, locked=self.locked, followed=self.followed)

    def is_there(self) -> bool:
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
        if column := self.conversion.untimed:
            self._require_times(column)
        self.remove()
        self._execute(self.conversion.build)
        self.make_pieces()
        self.changes.begin(self.conn)
        # What PostgreSQL refuses is better known now than when all rows are copied.
        with self.conn.transaction(force_rollback=True):
            self._execute(self.conversion.exchange)
        self.done, self.after = 0, ()
        self.note()

    def _require_times(self, column: str) -> None:
        """Raise `PolicyError` where rows have no time, by which no piece could take them."""
        table = self.conversion.table
        query = sql.SQL("SELECT count(*) FROM {} WHERE {} IS NULL").format(name_of(table), Name(column))
        lacking = self.conn.execute(query).fetchone()
        if lacking and lacking[0]:
            have = "has" if lacking[0] == 1 else "have"
            raise PolicyError(
                f"{counted(lacking[0], 'row')} of {table.path} {have} no time in {column}",
                detail="no partition or chunk takes a row without one; nothing was changed",
                hint=f"give {column} a value there, or delete these rows; "
                f"then go on: pgwright policy convert {table.path}",
            )

    def make_pieces(self) -> None:
        """Make the partitions that are missing, which belong to the table's owner."""
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
            # In one message: on a busy machine each one waits for its turn, and everybody with it.
            self.conn.execute(";\n".join(step.sql for step in steps).encode())
            self.locked = time.monotonic() - began
            self.note_exchanged(rows)

        with advisory_lock(self.conn, APPLY, wait=30):
            self.patiently(swap, before=self._follow)
        self.exchanged = True

    def _follow(self) -> None:
        """Catch up until little is left, or as little as these writers leave."""
        last, left = math.inf, self._catch_up()
        while left > _MANY or _FEW < left < last:
            last, left = left, self._catch_up()

    def _catch_up(self) -> int:
        with self._at_one_moment():
            return self.changes.catch_up(self.conn)[0]

    def finish(self, rows: int) -> None:
        """Do what was left for after the exchange, and drop the table that is not used any more.

        A declaration that the server refuses is left out and told: the table itself is converted.
        """
        checks = self.conversion.checks
        following = (*((step,) for step in checks), *self.conversion.declared)
        for number, steps in enumerate(following, start=1):
            subject = steps[0].subject
            if number <= self.followed or subject in self.refused:
                continue
            try:
                self.patiently(partial(self._follow_exchange, number, steps, rows))
            except StatementError as exc:
                if number <= len(checks):
                    raise
                self.refused[subject] = f"{exc.message}: {exc.detail}"
            self.tell("steps afterwards", number, len(following))
        self.patiently(self._drop_old)

    def _follow_exchange(self, number: int, steps: tuple[Step, ...], rows: int) -> None:
        self._execute(steps)
        self.followed = number
        self.note_exchanged(rows)

    def _drop_old(self) -> None:
        old = set_aside_id(self.conversion.table)
        self.conn.execute(sql.SQL("DROP TABLE IF EXISTS {}").format(name_of(old)))
        changes = self._changes or Changes(
            table=self.conversion.table, copy=self.conversion.prepared, key=(), types=(), columns=()
        )
        changes.end(self.conn)

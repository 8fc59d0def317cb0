"""Run the steps of a plan on a connection, batch by batch."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager, suppress
from itertools import groupby
from typing import Any

import psycopg
from psycopg import Connection

from pgwright.errors import PgwrightError
from pgwright.model.plan import HazardCode, Step
from pgwright.pg.blocking import Blocker
from pgwright.pg.statements import statement_error

# The classes of SQLSTATEs for values that are none of their new type, and rows that break a constraint.
_OF_ROWS = ("22", "23")

Observer = Callable[[Connection[Any], Step], None]
Blockers = Callable[[], Sequence[Blocker]]
Spelling = Callable[[str], Sequence[str]]


def _as_it_is(text: str) -> Sequence[str]:
    return (text,)


def execute_steps(
    conn: Connection[Any],
    steps: Iterable[Step],
    *,
    timeouts: bool = True,
    before_step: Observer | None = None,
    after_step: Observer | None = None,
    blockers: Blockers = tuple,
    spelt: Spelling = _as_it_is,
) -> None:
    """Run steps in order; neighbours of one batch share a transaction.

    `conn` must be in autocommit mode. `after_step` is called inside the step's transaction, before it
    commits; `blockers` is asked who was in the way of a step that failed; `spelt` gives the texts that a
    scratch server understands in place of a statement. Raises the error of the first
    step that fails; the batches before it stay applied.
    """
    with _settings(conn):
        for _, batch in groupby(steps, key=lambda s: s.batch):
            members = tuple(batch)
            run = _Run(
                conn, timeouts=timeouts, before=before_step, after=after_step, blockers=blockers, spelt=spelt
            )
            if not all(s.transactional for s in members):
                run(members)
                continue
            try:
                with conn.transaction():
                    run(members)
            except psycopg.Error as exc:
                # A deferred constraint speaks up, or the connection is lost, while the batch commits.
                raise run.failed(exc, members[-1]) from exc


@contextmanager
def _settings(conn: Connection[Any]) -> Iterator[None]:
    """Create functions without checking bodies: what they mention may be made by a later step."""
    conn.execute("SELECT set_config('check_function_bodies', 'off', false)")
    try:
        yield
    finally:
        # Of a connection that was lost while nobody looked, the step's own error says more.
        with suppress(psycopg.OperationalError):
            if not conn.closed:
                conn.execute("RESET check_function_bodies")
                conn.execute("RESET lock_timeout")
                conn.execute("RESET statement_timeout")


class _Run:
    """Run the steps of one batch on a connection."""

    def __init__(
        self,
        conn: Connection[Any],
        *,
        timeouts: bool,
        before: Observer | None,
        after: Observer | None,
        blockers: Blockers,
        spelt: Spelling,
    ) -> None:
        self._conn = conn
        self._timeouts = timeouts
        self._before = before
        self._after = after
        self._blockers = blockers
        self._spelt = spelt

    def __call__(self, steps: tuple[Step, ...]) -> None:
        for step in steps:
            try:
                if self._before:
                    self._before(self._conn, step)
                if self._timeouts:
                    _limit(self._conn, step)
                for text in self._spelt(step.sql):
                    self._conn.execute(text.encode())
                if self._after:
                    self._after(self._conn, step)
            except psycopg.Error as exc:
                raise self.failed(exc, step) from exc

    def failed(self, exc: psycopg.Error, step: Step) -> PgwrightError:
        """Return the error that names the step."""
        left = "its transaction was rolled back" if step.transactional else "it may have left a part behind"
        error = statement_error(exc, step.sql, conn=self._conn, blockers=self._blockers(), left=left)
        place = f"step {step.id} ({step.summary}) failed"
        error.detail = f"{place}; {error.detail}" if error.detail else place
        foreseen = (h.hint for h in step.hazards if h.code is HazardCode.MAY_FAIL and h.hint)
        if (exc.sqlstate or "").startswith(_OF_ROWS):
            error.hint = next(foreseen, error.hint)
        return error


def _limit(conn: Connection[Any], step: Step) -> None:
    """Set the step's timeouts; none means none, whatever role or database say."""
    values = [_milliseconds(s) for s in (step.lock_timeout, step.statement_timeout)]
    query = "SELECT set_config('lock_timeout', %s, false), set_config('statement_timeout', %s, false)"
    conn.execute(query, values)


def _milliseconds(seconds: float | None) -> str:
    return "0" if seconds is None else f"{max(1, round(seconds * 1000))}ms"

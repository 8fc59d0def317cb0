"""Run the steps of a plan on a connection, batch by batch."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from itertools import groupby
from typing import Any

import psycopg
from psycopg import Connection

from pgwright.errors import PgwrightError
from pgwright.model.plan import Step
from pgwright.pg.statements import statement_error

Observer = Callable[[Connection[Any], Step], None]


def execute_steps(
    conn: Connection[Any],
    steps: Iterable[Step],
    *,
    timeouts: bool = True,
    before_step: Observer | None = None,
    after_step: Observer | None = None,
) -> None:
    """Run steps in order; neighbours of one batch share a transaction.

    `conn` must be in autocommit mode. `after_step` is called inside the step's transaction, before it
    commits. Raises the error of the first step that fails; the batches before it stay applied.
    """
    with _settings(conn):
        for _, batch in groupby(steps, key=lambda s: s.batch):
            members = tuple(batch)
            if all(s.transactional for s in members):
                with conn.transaction():
                    _run(conn, members, timeouts, before_step, after_step)
            else:
                _run(conn, members, timeouts, before_step, after_step)


@contextmanager
def _settings(conn: Connection[Any]) -> Iterator[None]:
    """Create functions without checking bodies: what they mention may be made by a later step."""
    conn.execute("SELECT set_config('check_function_bodies', 'off', false)")
    try:
        yield
    finally:
        if not conn.closed:
            conn.execute("RESET check_function_bodies")
            conn.execute("RESET lock_timeout")
            conn.execute("RESET statement_timeout")


def _run(
    conn: Connection[Any],
    steps: tuple[Step, ...],
    timeouts: bool,
    before_step: Observer | None,
    after_step: Observer | None,
) -> None:
    for step in steps:
        if before_step:
            before_step(conn, step)
        if timeouts:
            _limit(conn, "lock_timeout", step.lock_timeout)
            _limit(conn, "statement_timeout", step.statement_timeout)
        try:
            conn.execute(step.sql.encode())
        except psycopg.Error as exc:
            raise _failed(exc, step) from exc
        if after_step:
            after_step(conn, step)


def _limit(conn: Connection[Any], setting: str, seconds: float | None) -> None:
    value = "0" if seconds is None else f"{round(seconds * 1000)}ms"
    conn.execute("SELECT set_config(%s, %s, false)", (setting, value))


def _failed(exc: psycopg.Error, step: Step) -> PgwrightError:
    error = statement_error(exc, step.sql)
    place = f"step {step.id} ({step.summary}) failed"
    error.detail = f"{place}. {error.detail}" if error.detail else place
    return error

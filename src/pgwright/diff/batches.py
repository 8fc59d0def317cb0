"""Run the batches of a plan one after the other, trying again what could not have its lock."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import ExitStack
from dataclasses import dataclass, replace
from itertools import groupby
from typing import Any

import psycopg
from psycopg import Connection
from tenacity import RetryCallState, Retrying, retry_if_exception, stop_after_attempt, wait_random_exponential

from pgwright.diff.ends import is_broken
from pgwright.diff.execute import execute_steps
from pgwright.errors import LockTimeoutError, PgwrightError
from pgwright.kinds.contract import Context
from pgwright.kinds.registry import kind
from pgwright.model.plan import Plan, Step
from pgwright.model.run import Run
from pgwright.pg.blocking import watch_blockers
from pgwright.sources.database import read_catalog
from pgwright.state.ledger import Ledger

LOCK_ATTEMPTS = 10
# A concurrent build waits for every older transaction. To give up costs all of its work, so it may wait
# long, but not for ever: somebody may have left a transaction open.
CONCURRENT_WAIT = 600.0  # seconds for each of those transactions
_CONCURRENT_ATTEMPTS = 3
_DEADLOCK = "40P01"
_SLOWEST = 20.0  # seconds at most between two attempts; on average half of it

Progress = Callable[[Step], None]
Waiting = Callable[[Step, PgwrightError], None]


@dataclass(kw_only=True)
class Batches:
    """Work through the batches of a plan; `done` counts the steps whose transaction has ended."""

    url: str
    ledger: Ledger
    run: Run
    plan: Plan
    on_step: Progress | None = None
    on_wait: Waiting | None = None
    concurrent_wait: float = CONCURRENT_WAIT
    done: int = 0

    def execute(self, *, attempts: int = LOCK_ATTEMPTS) -> None:
        """Run all batches; each is tried up to `attempts` times while another session holds its lock.

        Raises the error of the batch that fails for good; a lock timeout names who holds the lock.
        """
        for _, members in groupby(self.plan.steps, key=lambda s: s.batch):
            batch = tuple(self._limited(step) for step in members)
            concurrent = not batch[0].transactional
            self._persist(batch, min(attempts, _CONCURRENT_ATTEMPTS) if concurrent else attempts)
            self.done += len(batch)
            for step in batch if self.on_step else ():
                self.on_step(step)  # type: ignore[misc]

    def _limited(self, step: Step) -> Step:
        """Return the step with a limit for waiting, where a concurrent one has none."""
        if step.transactional or step.lock_timeout is not None:
            return step
        return replace(step, lock_timeout=self.concurrent_wait)

    def _persist(self, batch: tuple[Step, ...], attempts: int) -> None:
        for attempt in Retrying(
            retry=retry_if_exception(_may_pass),
            # Random, so that two who stand in each other's way do not meet again and again.
            wait=wait_random_exponential(multiplier=0.5, max=_SLOWEST),
            stop=stop_after_attempt(max(1, attempts)),
            before_sleep=lambda state: self._waits(batch, state),
            reraise=True,
        ):
            with attempt:
                again = attempt.retry_state.attempt_number > 1
                concurrent = not batch[0].transactional
                if again and concurrent:
                    self._remove_unfinished(batch[0])
                # Most batches have their locks at once: who is in the way is asked when one had to wait.
                self._once(batch, watched=again or concurrent)

    def _once(self, batch: tuple[Step, ...], *, watched: bool) -> None:
        conn, last = self.ledger.conn, batch[-1]
        progress = {"done": self.done + len(batch), "of": len(self.plan.steps)}

        def record(_: Connection[Any], step: Step) -> None:
            if step is last:
                self.ledger.advance(self.run.id, last.id, progress)

        with ExitStack() as stack:
            watch = stack.enter_context(watch_blockers(self.url, conn)) if watched else None
            execute_steps(conn, batch, after_step=record, blockers=lambda: watch.blockers if watch else ())

    def _waits(self, batch: tuple[Step, ...], state: RetryCallState) -> None:
        error = state.outcome.exception() if state.outcome else None
        if self.on_wait and isinstance(error, PgwrightError):
            self.on_wait(batch[0], error)

    def _remove_unfinished(self, step: Step) -> None:
        """Drop the index that a concurrent build left when it gave up: its name is needed again."""
        if not step.sql.startswith("CREATE "):
            return
        here = read_catalog(self.ledger.conn, source="target")
        context = Context(before=here, after=here, server=here.server)
        drops: Iterator[Step] = (
            self._limited(drop)
            for o in here.of("index")
            if is_broken(o)
            and o.id.root == step.subject.root
            and f" {_spelt(o.id.name.name)} ON " in step.sql
            for drop in kind("index").drop(o, context)
        )
        execute_steps(self.ledger.conn, tuple(drops))


def _spelt(name: str) -> str:
    from pgwright.pg.quoting import Name, render

    return render(Name(name))


def _may_pass(exc: BaseException) -> bool:
    """Tell whether the same statement may go through when the others have ended."""
    cause = exc.__cause__
    deadlock = isinstance(cause, psycopg.Error) and cause.sqlstate == _DEADLOCK
    return isinstance(exc, LockTimeoutError) or deadlock

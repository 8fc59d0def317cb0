"""Apply a plan to a live database: checked before, under a lock, step by step, on record, verified after."""

from __future__ import annotations

from collections.abc import Collection
from contextlib import suppress
from dataclasses import dataclass, replace
from typing import Any

import psycopg
from psycopg import Connection

from pgwright.diff.batches import CONCURRENT_WAIT, LOCK_ATTEMPTS, Batches, Progress, Waiting
from pgwright.diff.compare import compare
from pgwright.diff.ends import Ends, kept_by_time, pack, read_here
from pgwright.diff.needs import lacking
from pgwright.errors import HazardRefused, PgwrightError, PlanStale
from pgwright.model.change import Change
from pgwright.model.plan import Plan
from pgwright.model.run import Run, RunStatus
from pgwright.model.wording import counted
from pgwright.pg.connect import connect
from pgwright.pg.redact import redact
from pgwright.pg.session import advisory_lock
from pgwright.pg.statements import statement_error
from pgwright.server.scratch import EMBEDDED
from pgwright.state.ledger import Ledger

JOB = "schema apply"
PLAN_AGAIN = "plan again: pgwright schema plan"


@dataclass(frozen=True, kw_only=True)
class Applied:
    """Report an apply: its run, how many steps were run, and what still differs from the target.

    `notes` says what a plan that led back could not bring back.
    """

    run: Run
    steps: int
    remaining: tuple[Change, ...] = ()
    notes: tuple[str, ...] = ()


@dataclass(frozen=True, kw_only=True)
class Manner:
    """Say how steps are run.

    `on_step` hears of each step when its transaction has ended; `on_wait` of a batch that could not
    have its lock and is tried again, at most `lock_attempts` times in all. `concurrent_wait` is how many
    seconds a concurrent build waits for each older transaction, `lock_wait` how many the whole waits for
    another apply to end. `scratch` is where catalogs of other versions are rebuilt.
    """

    on_step: Progress | None = None
    on_wait: Waiting | None = None
    lock_attempts: int = LOCK_ATTEMPTS
    concurrent_wait: float = CONCURRENT_WAIT
    lock_wait: float = 30.0
    scratch: str = EMBEDDED


def apply_plan(
    url: str, plan: Plan, ends: Ends, *, allow: Collection[str] = (), manner: Manner | None = None
) -> Applied:
    """Run the plan against the database at `url`.

    Where another apply has led there meanwhile, nothing is run. Raises `HazardRefused` when a hazard is not
    in `allow`, `PlanStale` when the database is no longer what the plan was made for, `RolesMissing` and
    `ExtensionMissingError` for what the server lacks, `LockTimeoutError` and `StatementError` for a step that
    fails: its transaction is rolled back, what came before it stays, and `resume` goes on from there.
    """
    manner = manner or Manner()
    require_allowed(plan, allow)
    with connect(url, autocommit=True) as conn, advisory_lock(conn, JOB, wait=manner.lock_wait):
        done_already = _require_fresh(conn, plan, ends, manner)
        if not done_already and (lacks := lacking(conn, plan, ends.before, ends.after)):
            raise lacks
        ledger = Ledger(conn=conn)
        ledger.prepare()
        ledger.abandon_running(JOB)
        run = ledger.begin(JOB, payload=pack(replace(ends, accepted=tuple(allow))))
        if done_already:
            return Applied(run=ledger.finish(run.id, RunStatus.SUCCEEDED, result={"steps": 0}), steps=0)
        return run_plan(url, ledger, run, plan=plan, ends=ends, manner=manner)


def require_allowed(plan: Plan, allow: Collection[str]) -> None:
    """Raise `HazardRefused` for the hazards that stop an apply and were not accepted by name."""
    refused = plan.refused(allow)
    if not refused:
        return
    codes = sorted({h.code.value for h in refused})
    shown = "; ".join(h.message for h in refused[:5])
    more = f"; and {len(refused) - 5} more" if len(refused) > 5 else ""
    raise HazardRefused(
        f"the plan has hazards that nobody accepted: {', '.join(codes)}",
        detail=f"{shown}{more}. Nothing was changed.",
        hint="if that is meant, add: " + " ".join(f"--allow {c}" for c in codes),
    )


def is_reached(url: str, plan: Plan, ends: Ends, manner: Manner | None = None) -> bool:
    """Return whether the database is where the plan leads; raise `PlanStale` where it is at neither end."""
    with connect(url, autocommit=True) as conn:
        return _require_fresh(conn, plan, ends, manner or Manner())


def _require_fresh(conn: Connection[Any], plan: Plan, ends: Ends, manner: Manner) -> bool:
    """Return whether the target is reached already; raise `PlanStale` for any other state than the start."""
    _, here = read_here(conn, ends, scratch=manner.scratch)
    if here.digest == plan.from_digest:
        return False
    chosen = ends.selection.apply
    if chosen(here).digest == chosen(kept_by_time(here, ends.after)).digest:
        return True
    changes = compare(ends.before, here)
    shown = "; ".join(str(c) for c in changes[:5])
    more = f"; and {len(changes) - 5} more" if len(changes) > 5 else ""
    raise PlanStale(
        "the database changed since the plan was made",
        detail=f"{shown or 'its structure has another digest'}{more}. Nothing was changed.",
        hint=PLAN_AGAIN,
    )


def run_plan(url: str, ledger: Ledger, run: Run, *, plan: Plan, ends: Ends, manner: Manner) -> Applied:
    """Run the steps of a plan that is on record as `run`, verify the end and close the run.

    An error that ends it names the run, how far it came and the next command.
    """
    batches = Batches(
        url=url,
        ledger=ledger,
        run=run,
        plan=plan,
        on_step=manner.on_step,
        on_wait=manner.on_wait,
        concurrent_wait=manner.concurrent_wait,
    )
    try:
        try:
            batches.execute(attempts=manner.lock_attempts)
            _, here = read_here(ledger.conn, ends, scratch=manner.scratch)
            chosen = ends.selection.apply
            remaining = compare(chosen(here), chosen(kept_by_time(here, ends.after)))
        except psycopg.Error as exc:
            raise statement_error(exc, conn=ledger.conn, left="the finished steps stay") from exc
    except BaseException as exc:
        # A connection that is gone cannot say so; the next run finds this one abandoned.
        with suppress(Exception):
            cause = redact(str(exc)) or type(exc).__name__
            ledger.finish(run.id, RunStatus.FAILED, result={"steps": batches.done}, error=cause)
        if isinstance(exc, PgwrightError):
            _explain(exc, run, batches.done, len(plan.steps))
        raise
    status = RunStatus.FAILED if remaining else RunStatus.SUCCEEDED
    error = f"{counted(len(remaining), 'difference')} left" if remaining else None
    finished = ledger.finish(run.id, status, result={"steps": batches.done}, error=error)
    return Applied(run=finished, steps=batches.done, remaining=remaining)


def _explain(exc: PgwrightError, run: Run, done: int, total: int) -> None:
    """Add to an error where the run stands and how it goes on."""
    state = f"run {run.id} stopped after {done} of {counted(total, 'step')}; what is done stays"
    exc.detail = f"{exc.detail}; {state}" if exc.detail else state
    onward = f"pgwright schema resume {run.id}, or back: pgwright schema resume {run.id} --undo"
    if exc.hint:
        # The run is not begun again: it goes on.
        exc.hint = exc.hint.removesuffix("; then run again").removesuffix("; then run the command again")
    exc.hint = f"{exc.hint}; then go on: {onward}" if exc.hint else f"mend the cause, then go on: {onward}"

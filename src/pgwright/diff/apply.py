"""Apply a plan to a live database: checked before, under a lock, step by step, on record, verified after."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable
from contextlib import suppress
from dataclasses import dataclass, replace
from itertools import groupby
from typing import Any

import msgspec
from psycopg import Connection
from tenacity import Retrying, retry_if_exception_type, stop_after_attempt, wait_random_exponential

from pgwright.diff.compare import compare
from pgwright.diff.execute import execute_steps
from pgwright.diff.planner import make_plan
from pgwright.errors import HazardRefused, LockTimeoutError, PgwrightError, PlanStale, UsageError
from pgwright.kinds.codec import catalog_from_json, catalog_to_json
from pgwright.model.catalog import Catalog
from pgwright.model.change import Change
from pgwright.model.plan import Plan, Step
from pgwright.model.run import Run, RunStatus
from pgwright.model.selection import Selection
from pgwright.pg.connect import connect
from pgwright.pg.redact import redact
from pgwright.pg.session import advisory_lock
from pgwright.sources.database import read_catalog
from pgwright.state.ledger import Ledger

JOB = "schema apply"
LOCK_ATTEMPTS = 10
_PLAN_AGAIN = "plan again: pgwright schema plan"

Progress = Callable[[Step], None]


@dataclass(frozen=True, kw_only=True)
class Ends:
    """Hold both ends of a plan and the selection that they were read with: all that a resume needs."""

    before: Catalog
    after: Catalog
    selection: Selection
    online: bool = True


@dataclass(frozen=True, kw_only=True)
class Applied:
    """Report an apply: its run, how many steps were run, and what still differs from the target."""

    run: Run
    steps: int
    remaining: tuple[Change, ...] = ()


def apply_plan(
    url: str,
    plan: Plan,
    ends: Ends,
    *,
    allow: Collection[str] = (),
    on_step: Progress | None = None,
    lock_wait: float = 30.0,
) -> Applied:
    """Run the plan against the database at `url`.

    Raises `HazardRefused` when a hazard is not in `allow`, `PlanStale` when the database is no longer what
    the plan was made for, `LockTimeoutError` and `StatementError` for a step that fails: its transaction is
    rolled back, what came before it stays, and `resume` goes on from there.
    """
    require_allowed(plan, allow)
    with connect(url, autocommit=True) as conn, advisory_lock(conn, JOB, wait=lock_wait):
        _require_fresh(conn, plan, ends)
        ledger = Ledger(conn=conn)
        ledger.prepare()
        ledger.abandon_running(JOB)
        run = ledger.begin(JOB, payload=_pack(ends))
        return _run(ledger, run, plan, ends, on_step)


def resume(
    url: str,
    run_id: str | None = None,
    *,
    undo: bool = False,
    allow: Collection[str] = (),
    on_step: Progress | None = None,
    lock_wait: float = 30.0,
) -> Applied:
    """Go on with a run that did not end, or take it back.

    The database is compared with the end that the run was heading for (with `undo`: with where it came
    from), and what is left is planned and run; leftovers of a step that was killed, such as an invalid index,
    are part of that comparison. Raises `UsageError` when there is nothing to resume.
    """
    with connect(url, autocommit=True) as conn, advisory_lock(conn, JOB, wait=lock_wait):
        ledger = Ledger(conn=conn)
        run = _find(ledger, run_id)
        payload = ledger.payload(run.id)
        if payload is None:
            raise UsageError(f"run {run.id} left nothing to resume from", hint=_PLAN_AGAIN)
        ends = _unpack(payload)
        here = ends.selection.apply(read_catalog(conn, source=redact(url)))
        target = ends.before if undo else ends.after
        plan = make_plan(here, target, online=ends.online)
        require_allowed(plan, allow)
        ledger.abandon_running(JOB)
        again = ledger.begin(JOB, payload=payload, attempt=run.attempt + 1)
        return _run(ledger, again, plan, replace(ends, after=target), on_step)


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


def _require_fresh(conn: Connection[Any], plan: Plan, ends: Ends) -> None:
    here = ends.selection.apply(read_catalog(conn, source="target"))
    if here.digest == plan.from_digest:
        return
    changes = compare(ends.before, here)
    shown = "; ".join(str(c) for c in changes[:5])
    raise PlanStale(
        "the database changed since the plan was made",
        detail=f"{shown or 'its structure has another digest'}. Nothing was changed.",
        hint=_PLAN_AGAIN,
    )


def _run(ledger: Ledger, run: Run, plan: Plan, ends: Ends, on_step: Progress | None) -> Applied:
    conn = ledger.conn
    try:
        done = _run_batches(ledger, run, plan, on_step)
        here = ends.selection.apply(read_catalog(conn, source="target"))
        remaining = compare(here, ends.after)
    except BaseException as exc:
        cause = redact(str(exc)) or type(exc).__name__
        # A connection that is gone cannot say so; the next run finds this one abandoned.
        with suppress(Exception):
            ledger.finish(run.id, RunStatus.FAILED, error=cause)
        if isinstance(exc, PgwrightError):
            exc.hint = exc.hint or f"mend the cause, then run: pgwright schema resume {run.id}"
        raise
    status = RunStatus.FAILED if remaining else RunStatus.SUCCEEDED
    error = f"{len(remaining)} differences remain" if remaining else None
    finished = ledger.finish(run.id, status, result={"steps": done}, error=error)
    return Applied(run=finished, steps=done, remaining=remaining)


def _run_batches(ledger: Ledger, run: Run, plan: Plan, on_step: Progress | None) -> int:
    total, done = len(plan.steps), 0
    for _, members in groupby(plan.steps, key=lambda s: s.batch):
        batch = tuple(members)
        last = batch[-1]

        def record(conn: Connection[Any], step: Step, last: Step = last, at: int = done + len(batch)) -> None:
            if step is last:
                ledger.advance(run.id, last.id, {"done": at, "of": total})

        for attempt in Retrying(
            retry=retry_if_exception_type(LockTimeoutError),
            wait=wait_random_exponential(multiplier=0.5, max=20),
            stop=stop_after_attempt(LOCK_ATTEMPTS),
            reraise=True,
        ):
            with attempt:
                execute_steps(ledger.conn, batch, after_step=record)
        done += len(batch)
        _tell(on_step, batch)
    return done


def _tell(on_step: Progress | None, steps: Iterable[Step]) -> None:
    if on_step:
        for step in steps:
            on_step(step)


def _find(ledger: Ledger, run_id: str | None) -> Run:
    if not ledger.exists():
        raise UsageError("pgwright has changed nothing in this database", hint=_PLAN_AGAIN)
    run = ledger.get(run_id) if run_id else ledger.last(JOB)
    if run is None:
        raise UsageError(f"there is no run {run_id or 'to resume'}", hint="see: pgwright schema runs")
    return run


class _Payload(msgspec.Struct):
    before: msgspec.Raw
    after: msgspec.Raw
    selection: Selection
    online: bool


def _pack(ends: Ends) -> bytes:
    return msgspec.json.encode(
        _Payload(
            before=msgspec.Raw(catalog_to_json(ends.before)),
            after=msgspec.Raw(catalog_to_json(ends.after)),
            selection=ends.selection,
            online=ends.online,
        )
    )


def _unpack(payload: bytes) -> Ends:
    found = msgspec.json.decode(payload, type=_Payload)
    return Ends(
        before=catalog_from_json(bytes(found.before)),
        after=catalog_from_json(bytes(found.after)),
        selection=found.selection,
        online=found.online,
    )

"""Go on with a run that did not end, or take it back: both are planning again from where things stand."""

from __future__ import annotations

from collections.abc import Callable, Collection
from dataclasses import replace
from typing import Any

from psycopg import Connection

from pgwright.diff.apply import JOB, PLAN_AGAIN, Applied, Manner, require_allowed, run_plan
from pgwright.diff.compare import compare
from pgwright.diff.ends import Ends, kept_by_time, pack, read_here, unpack
from pgwright.diff.needless import without_needless
from pgwright.diff.needs import read_only
from pgwright.diff.rename import pending
from pgwright.diff.stages import plan_in_stages
from pgwright.diff.way_back import way_back
from pgwright.errors import PlanStale, UsageError
from pgwright.model.catalog import Catalog
from pgwright.model.plan import Plan
from pgwright.model.run import Run, RunStatus
from pgwright.model.selection import within
from pgwright.pg.connect import connect
from pgwright.pg.session import advisory_lock
from pgwright.state.ledger import Ledger


def resume(
    url: str,
    run_id: str | None = None,
    *,
    undo: bool = False,
    allow: Collection[str] = (),
    agree: Callable[[Plan], None] | None = None,
    manner: Manner | None = None,
) -> Applied:
    """Go on with a run that did not end, or take a run back.

    The database is compared with the end that the run was heading for (with `undo`: with where it came
    from), and what is left is planned and run; leftovers of a step that was killed, such as an invalid index,
    are cleared first. What was accepted for the run holds for the rest of it. A run that has ended well can
    be taken back as long as nothing has changed since.
    `agree` is given the plan before anything is changed, and raises where it is not wanted; its notes, which
    are those of the way back in the end as well, say what that cannot bring back (see `way_back`).

    Raises `UsageError` when there is nothing to resume, `PlanStale` when the database has moved on since a
    run that ended well, and what `apply_plan` raises.
    """
    manner = manner or Manner()
    with connect(url, autocommit=True) as conn, advisory_lock(conn, JOB, wait=manner.lock_wait):
        ledger = Ledger(conn=conn)
        run = _find(ledger, run_id, undo=undo)
        if closed := read_only(conn):
            raise closed
        payload = ledger.payload(run.id)
        if payload is None:
            raise UsageError(f"run {run.id} left nothing to resume from", hint=PLAN_AGAIN)
        ends = unpack(payload)
        ends = ends.reversed() if undo else ends
        ends = replace(ends, accepted=tuple({*ends.accepted, *allow}))
        plan = _plan(conn, ends, run, manner, undo=undo)
        if agree:
            agree(plan)
        require_allowed(plan, ends.accepted)
        ledger.abandon_running(JOB)
        again = ledger.begin(JOB, payload=pack(ends), attempt=run.attempt + 1)
        done = run_plan(url, ledger, again, plan=plan, ends=ends, manner=manner)
        return replace(done, notes=plan.notes) if undo else done


def _plan(conn: Connection[Any], ends: Ends, run: Run, manner: Manner, *, undo: bool) -> Plan:
    """Return the way from the present state to the end; back, as far as the rows allow that are left."""
    live, here = read_here(conn, ends, scratch=manner.scratch)
    moved_on = run.status is RunStatus.SUCCEEDED and here.digest != ends.before.digest
    # What PostgreSQL notes of its own, as that a check was there before its parent's, is no difference.
    if moved_on and (back := compare(here, ends.before)):
        changes = compare(ends.before, here) or back
        raise PlanStale(
            f"the database has moved on since run {run.id} ended",
            detail="; ".join(str(c) for c in changes[:5]) + ". Nothing was changed.",
            hint="to go back to an older structure, plan that: pgwright schema plan file:schema.sql",
        )
    target = within(ends.selection, here, kept_by_time(here, ends.after))
    renames = pending(ends.renames, here, target)

    def way_to(end: Catalog) -> tuple[Plan, Catalog]:
        return plan_in_stages(
            here,
            end,
            renames=renames,
            online=ends.online,
            server=live.server,
            scratch=manner.scratch,
            selection=ends.selection,
        )

    plan, start = way_to(target)
    if undo:
        home = way_back(conn, start, target, {rename.new: rename.old for rename in renames})
        plan = plan if home.end is target else way_to(home.end)[0]
        plan = replace(plan, notes=(*plan.notes, *home.lacks))
    return without_needless(plan)[0]


def _find(ledger: Ledger, run_id: str | None, *, undo: bool) -> Run:
    if not ledger.exists():
        raise UsageError("pgwright has changed nothing in this database", hint=PLAN_AGAIN)
    runs = ledger.recent(1000, job=JOB)
    known = ", ".join(f"{r.id} ({r.status.value})" for r in runs[:5])
    found = [r for r in runs if run_id is None or r.id.startswith(run_id)]
    if not found or (run_id is not None and len(found) > 1):
        wanted = f"run {run_id}" if run_id else "run to resume"
        raise UsageError(
            f"there is no {wanted}" if not found else f"{len(found)} runs begin with {run_id}",
            detail=f"the newest runs: {known or 'none'}; nothing was changed",
            hint="without an id, the newest run is resumed: pgwright schema resume",
        )
    run = found[0]
    later = [r for r in runs[: runs.index(run)] if r.status is RunStatus.SUCCEEDED]
    if later:
        raise UsageError(
            f"run {run.id} was followed by run {later[0].id}, which ended well",
            detail=f"the newest runs: {known}; nothing was changed",
            hint=f"to go back, begin with the newest: pgwright schema resume {later[0].id} --undo",
        )
    if run.status is RunStatus.SUCCEEDED and not undo:
        raise UsageError(
            f"run {run.id} ended well: there is nothing to resume",
            detail="nothing was changed",
            hint=f"to take it back: pgwright schema resume {run.id} --undo",
        )
    return run

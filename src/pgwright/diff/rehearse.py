"""Try a plan on a scratch database: does it work, does it lead where it should, what does it lock?"""

from __future__ import annotations

from dataclasses import dataclass

from pgwright.diff.build import Copy, as_on_scratch, copied, rebuilt, roles_of
from pgwright.diff.compare import compare
from pgwright.diff.ends import is_broken, kept_by_time
from pgwright.diff.execute import execute_steps
from pgwright.diff.planner import make_plan
from pgwright.diff.watcher import Observation, Watcher
from pgwright.errors import RehearsalFailed
from pgwright.model.catalog import Catalog
from pgwright.model.change import Change
from pgwright.model.plan import Plan
from pgwright.model.selection import Selection
from pgwright.server.scratch import EMBEDDED
from pgwright.sources.database import read_catalog


@dataclass(frozen=True, kw_only=True)
class Rehearsal:
    """Hold the outcome of a rehearsal.

    `unfaithful` lists where the copy of the starting point differs from it, `differences` where
    the end differs from the target, `undeclared` where a step locked or rewrote more than it says.
    """

    observations: tuple[Observation, ...]
    unfaithful: tuple[Change, ...] = ()
    differences: tuple[Change, ...] = ()
    undeclared: tuple[str, ...] = ()

    @property
    def ok(self) -> bool:
        """Tell whether the plan did what it declares, and nothing else."""
        return not (self.unfaithful or self.differences or self.undeclared)


def rehearse(
    plan: Plan,
    before: Catalog,
    after: Catalog,
    *,
    selection: Selection | None = None,
    scratch: str = EMBEDDED,
) -> Rehearsal:
    """Build `before` on scratch, run the plan there, and compare the end with `after`.

    `selection` is the part of the end that counts: a new table, for example, has an owner, of which models
    say nothing. Raises `StatementError` when a step fails, and the errors of building.
    """
    with copied(before, scratch=scratch, roles=roles_of(after)) as copy:
        return rehearse_on(copy, plan, before, after, selection=selection, scratch=scratch)


def rehearse_on(
    copy: Copy,
    plan: Plan,
    before: Catalog,
    after: Catalog,
    *,
    selection: Selection | None = None,
    scratch: str = EMBEDDED,
) -> Rehearsal:
    """Run the plan on a copy of `before`, which it uses up, and compare the end, as `rehearse` does."""
    selection = selection or Selection()
    if copy.catalog.server.major != before.server.major:
        # The scratch server deparses what both ends hold in its own way: they are compared in that.
        before, after = copy.catalog, rebuilt(after, scratch=scratch)
    if plan.server.timescaledb:
        # The declarations mean the same without TimescaleDB; the way there is another one.
        before, after = as_on_scratch(before, copy.conn), as_on_scratch(after, copy.conn)
        plan = make_plan(before, after)
    with Watcher(copy.url, copy.conn, plan.steps) as watcher:
        execute_steps(
            copy.conn,
            plan.steps,
            timeouts=False,
            before_step=watcher.before,
            after_step=watcher.after,
            spelt=copy.spelt,
        )
        end = read_catalog(copy.conn, source="rehearsal")
    return Rehearsal(
        observations=tuple(watcher.observations),
        unfaithful=tuple(c for c in compare(before, copy.catalog) if not _cannot_be_copied(c)),
        differences=compare(selection.apply(end), selection.apply(kept_by_time(end, after))),
        undeclared=tuple(watcher.undeclared),
    )


def _cannot_be_copied(change: Change) -> bool:
    """Tell whether the copy lacks nothing but that an index is broken."""
    return is_broken(change.before) and change.fields == ("valid",)


def require_success(rehearsal: Rehearsal) -> None:
    """Raise `RehearsalFailed` with the first reasons, unless the plan did what it declares."""
    if rehearsal.ok:
        return
    reasons = [
        *(f"the copy of the database differs: {c}" for c in rehearsal.unfaithful),
        *(f"the end differs from the target: {c}" for c in rehearsal.differences),
        *rehearsal.undeclared,
    ]
    shown = "; ".join(reasons[:5]) + (f"; and {len(reasons) - 5} more" if len(reasons) > 5 else "")
    raise RehearsalFailed(
        "the plan did not do on scratch what it declares",
        detail=shown,
        hint="nothing was changed; please report this with the output of: pgwright schema plan --json",
    )

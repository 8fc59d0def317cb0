"""A plan as it is put before a person: with renames understood, and tried on scratch."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

from pgwright.diff.apply import Ends
from pgwright.diff.comparison import Comparison
from pgwright.diff.planner import make_plan
from pgwright.diff.rehearse import Rehearsal, rehearse, require_success
from pgwright.diff.rename import likely_renames, rename_first
from pgwright.model.plan import Plan
from pgwright.server.scratch import EMBEDDED


@dataclass(frozen=True, kw_only=True)
class Proposal:
    """Hold a plan, the ends that it leads between, and what its rehearsal saw."""

    plan: Plan
    ends: Ends
    rehearsal: Rehearsal | None = None


def propose(
    comparison: Comparison,
    *,
    renames: Sequence[str] = (),
    online: bool = True,
    rehearsed: bool = True,
    scratch: str = EMBEDDED,
) -> Proposal:
    """Plan the way from one end of a comparison to the other and try it.

    `renames` are ``old=new`` paths of objects. Raises `UsageError` for a rename that names nothing,
    `RehearsalFailed` when the plan does not do on scratch what it declares, and the errors of planning.
    """
    before, after = comparison.before, comparison.after
    if renames:
        renamed, steps = rename_first(before, after, renames, online=online, scratch=scratch)
        rest = make_plan(renamed, after, online=online)
        plan = replace(
            rest,
            from_digest=before.digest,
            steps=tuple(
                replace(s, id=str(i), batch=s.batch if i <= len(steps) else s.batch + len(steps))
                for i, s in enumerate((*steps, *rest.steps), start=1)
            ),
        )
    else:
        plan = make_plan(before, after, online=online)
        plan = replace(plan, notes=(*plan.notes, *likely_renames(before, after)))
    ends = Ends(before=before, after=after, selection=comparison.selection, online=online)
    if not plan or not rehearsed:
        return Proposal(plan=plan, ends=ends)
    rehearsal = rehearse(plan, before, after, scratch=scratch)
    require_success(rehearsal)
    return Proposal(plan=plan, ends=ends, rehearsal=rehearsal)

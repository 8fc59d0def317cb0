"""A plan as it is put before a person: with renames understood, and tried on scratch."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

from pgwright.diff.comparison import Comparison
from pgwright.diff.ends import Ends
from pgwright.diff.lookalike import likely_renames, said
from pgwright.diff.rehearse import Rehearsal, rehearse, require_success
from pgwright.diff.rename import Rename, understand
from pgwright.diff.stages import plan_in_stages
from pgwright.errors import ExtensionMissingError, PgwrightError, StatementError
from pgwright.model.catalog import Catalog
from pgwright.model.plan import Hazard, HazardCode, Phase, Plan
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
    `RehearsalFailed` when the plan does not do on scratch what it declares, and the errors of planning. Where
    a copy cannot be built because the scratch server lacks an extension or what no kind reads, the plan is
    returned without a rehearsal, and says so in its notes.
    """
    before, after = comparison.before, comparison.after
    told = understand(renames, before, after)
    plan, start = plan_in_stages(
        before, after, renames=told, online=online, server=comparison.server, scratch=scratch
    )
    plan = _pointing_out(plan, likely_renames(start, after))
    ends = Ends(before=before, after=after, selection=comparison.selection, online=online, renames=told)
    if not plan or not rehearsed:
        return Proposal(plan=plan, ends=ends)
    try:
        rehearsal = rehearse(plan, before, after, selection=comparison.selection, scratch=scratch)
    except (StatementError, ExtensionMissingError) as exc:
        cause = _missing_on_scratch(exc, before, after)
        if cause is None:
            raise
        return Proposal(plan=replace(plan, notes=(*plan.notes, cause)), ends=ends)
    require_success(rehearsal)
    return Proposal(plan=plan, ends=ends, rehearsal=rehearsal)


def _missing_on_scratch(exc: PgwrightError, before: Catalog, after: Catalog) -> str | None:
    """Say why the plan was not tried where the scratch server lacks what it stands on, or return None."""
    named = sorted({f"{u.what} {u.name}" for u in (*before.unhandled, *after.unhandled)})
    if not named and not isinstance(exc, ExtensionMissingError):
        return None
    lacks = f"; it has none of: {', '.join(named)}" if named else ""
    return (
        f"the plan was NOT tried on scratch, because a copy cannot be built there: {exc.message}{lacks}. "
        'To have it tried, set scratch = "postgresql://…" to a server that has what is missing'
    )


def _pointing_out(plan: Plan, likely: Sequence[Rename]) -> Plan:
    """Return the plan with what looks like a rename in its notes, and as a hazard of the drop."""
    at = {rename.old: rename for rename in likely}
    steps = tuple(
        replace(step, hazards=(*step.hazards, _hazard(at[step.subject])))
        if step.subject in at and step.phase is Phase.CONTRACT
        else step
        for step in plan.steps
    )
    return replace(plan, steps=steps, notes=(*plan.notes, *(said(r) for r in likely)))


def _hazard(rename: Rename) -> Hazard:
    return Hazard(
        code=HazardCode.LOOKS_LIKE_RENAME,
        message=f"{rename.old.path} looks like {rename.new.path}, which the plan makes",
        hint=f"if it is a rename, add --rename {rename}",
    )

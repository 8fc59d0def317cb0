"""A plan as it is put before a person: with renames understood, and tried on scratch."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, replace

import psycopg

from pgwright.diff.build import copied, roles_of
from pgwright.diff.comparison import Comparison
from pgwright.diff.ends import Ends
from pgwright.diff.lookalike import likely_renames, said
from pgwright.diff.needless import without_needless
from pgwright.diff.not_nulls import require_validated
from pgwright.diff.outside import require_apart, touched_outside
from pgwright.diff.rehearse import Rehearsal, rehearse_on, require_success
from pgwright.diff.rename import Rename, understand
from pgwright.diff.stages import plan_in_stages
from pgwright.errors import ExtensionMissingError, PgwrightError, StatementError, UnsupportedChange
from pgwright.kinds.steps import parent_of
from pgwright.kinds.tables.column_types import FIRST_VIRTUAL, Column
from pgwright.kinds.types import members
from pgwright.model.catalog import Catalog, ServerFacts, Unhandled
from pgwright.model.plan import Hazard, HazardCode, Plan
from pgwright.model.selection import within
from pgwright.server.scratch import EMBEDDED

_ROLE_MISSING = re.compile(r'role ".+" does not exist')


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
    `RehearsalFailed` when the plan does not do on scratch what it declares, `StatementError` when a step
    fails there, `UnsupportedChange` for what the server's version cannot hold, and the errors of planning.
    Where the scratch server lacks an extension or what no kind reads, the plan is returned without a
    rehearsal, and says so in its notes.
    """
    before, after = comparison.before, comparison.after
    _require_stored(after, comparison.server or before.server)
    require_validated(after, comparison.server or before.server)
    told = understand(renames, before, after)
    require_apart(before, after, comparison.selection, told)
    plan, start = plan_in_stages(
        before,
        after,
        renames=told,
        online=online,
        server=comparison.server,
        scratch=scratch,
        selection=comparison.selection,
    )
    if told:
        after = within(comparison.selection, start, after)
        comparison = replace(comparison, after=after)
    plan = replace(plan, notes=(*plan.notes, *touched_outside(plan, before, comparison.selection)))
    plan = _pointing_out(plan, likely_renames(start, after))
    ends = Ends(before=before, after=after, selection=comparison.selection, online=online, renames=told)
    if not plan or not rehearsed:
        return Proposal(plan=without_needless(plan)[0], ends=ends)
    tried = _try(plan, comparison, scratch)
    if not isinstance(tried, Rehearsal):
        plan = replace(plan, notes=(*plan.notes, tried))
        return Proposal(plan=without_needless(plan)[0], ends=ends)
    require_success(tried)
    plan, rehearsal = without_needless(plan, tried)
    return Proposal(plan=plan, ends=ends, rehearsal=rehearsal)


def _require_stored(after: Catalog, server: ServerFacts) -> None:
    """Raise `UnsupportedChange` for a virtual column on a server that knows none."""
    if server.major >= FIRST_VIRTUAL:
        return
    for o in after.of("column"):
        if isinstance(o, Column) and o.generated == "v":
            raise UnsupportedChange(
                f"{o.id} cannot be virtual on PostgreSQL {server.major}",
                detail=f"before {FIRST_VIRTUAL}, such values are computed when rows are written. "
                "Nothing was changed.",
                hint=f"have it stored: GENERATED ALWAYS AS ({o.expression}) STORED",
            )


def _try(plan: Plan, comparison: Comparison, scratch: str) -> Rehearsal | str:
    """Rehearse the plan, or say what the scratch server lacks of what it stands on.

    A copy that cannot be built says nothing about the plan. A step that fails does, unless it asks by name
    for what no kind reads.
    """
    before, after = comparison.before, comparison.after
    unread = {*before.unhandled, *after.unhandled}
    copy = None
    with ExitStack() as stack:
        try:
            copy = stack.enter_context(copied(before, scratch=scratch, roles=roles_of(after)))
            return rehearse_on(copy, plan, before, after, selection=comparison.selection, scratch=scratch)
        except ExtensionMissingError as exc:
            return _untried(exc, ())
        except StatementError as exc:
            if scratch != EMBEDDED and _ROLE_MISSING.search(exc.message):
                return _untried(exc, ())
            lacking = unread if copy is None else {u for u in unread if _is_missing(u, exc)}
            if not lacking:
                raise
            return _untried(exc, lacking)


def _is_missing(unread: Unhandled, exc: StatementError) -> bool:
    """Tell whether the server's answer is that it does not know this very object."""
    if not isinstance(exc.__cause__, psycopg.errors.UndefinedObject | psycopg.errors.UndefinedFunction):
        return False
    name = unread.name.partition(" ")[0]
    return re.search(rf"(?<![\w.]){re.escape(name)}(?![\w.])", exc.message) is not None


def _untried(exc: PgwrightError, lacking: Iterable[Unhandled]) -> str:
    named = ", ".join(sorted(map(str, lacking)))
    return (
        f"the plan was NOT tried on scratch, because that server lacks what it stands on: {exc.message}"
        f"{f'; no kind reads: {named}' if named else ''}. "
        'To have it tried, set scratch = "postgresql://…" to a server that has what is missing'
    )


def _pointing_out(plan: Plan, likely: Sequence[Rename]) -> Plan:
    """Return the plan with what looks like a rename in its notes, and as a hazard of the drop."""
    # What goes, goes in the last step that is about it: that which drops it, or the old form of its type.
    last = {step.subject: i for i, step in enumerate(plan.steps)}
    steps = list(plan.steps)
    for rename in likely:
        i = last.get(parent_of(rename.old) if rename.old.kind in members.RENAMES else rename.old)
        if i is not None:
            steps[i] = replace(steps[i], hazards=(*steps[i].hazards, _hazard(rename)))
    return replace(plan, steps=tuple(steps), notes=(*plan.notes, *(said(r) for r in likely)))


def _hazard(rename: Rename) -> Hazard:
    return Hazard(
        code=HazardCode.LOOKS_LIKE_RENAME,
        message=f"{rename.old.path} looks like {rename.new.path}, which the plan makes",
        hint=f"if it is a rename, add {rename.option}",
    )

"""Steps of a plan that only its rehearsal needs."""

from __future__ import annotations

from dataclasses import replace

from pgwright.diff.rehearse import Rehearsal
from pgwright.model.plan import Plan


def without_needless(plan: Plan, rehearsal: Rehearsal | None = None) -> tuple[Plan, Rehearsal | None]:
    """Return the plan as it runs where it is meant to, and what was observed of its steps."""
    kept = [s for s in plan.steps if not s.rehearsal_only]
    numbers = {s.id: str(i) for i, s in enumerate(kept, start=1)}
    plan = replace(plan, steps=tuple(replace(s, id=numbers[s.id]) for s in kept))
    if rehearsal is None:
        return plan, None
    seen = (replace(o, step=numbers[o.step]) for o in rehearsal.observations if o.step in numbers)
    return plan, replace(rehearsal, observations=tuple(seen))

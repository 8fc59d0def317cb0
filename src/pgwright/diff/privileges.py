"""What is made anew comes back with the privileges of the target: who has fewer then is said."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import replace

from pgwright.kinds.contract import Context
from pgwright.kinds.grant import lost
from pgwright.kinds.steps import parent_of
from pgwright.model.names import ObjectId
from pgwright.model.plan import Hazard, Phase, Step


def losing(steps: Iterable[Step], context: Context) -> Iterator[Step]:
    """Yield the steps; one that drops what comes back says who loses which privileges on it."""
    hazards = _lost(context)
    for step in steps:
        found = hazards.pop(step.subject, ()) if step.phase is Phase.CONTRACT else ()
        yield replace(step, hazards=(*step.hazards, *found)) if found else step


def _lost(context: Context) -> dict[ObjectId, tuple[Hazard, ...]]:
    anew = context.dropped & context.created
    hazards: dict[ObjectId, tuple[Hazard, ...]] = {}
    if not anew:
        return hazards
    grants = {o.id: None for catalog in (context.before, context.after) for o in catalog.of("grant")}
    for id in grants:
        on = parent_of(id)
        whole = on.root if on.root in anew else on
        if whole in anew and on in context.before and on in context.after and (found := lost(id, context)):
            hazards[whole] = (*hazards.get(whole, ()), *found)
    return hazards

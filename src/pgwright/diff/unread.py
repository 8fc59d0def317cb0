"""What no kind reads: it is named, with what stands on it and what it stands on."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import replace

from pgwright.model.catalog import Unhandled
from pgwright.model.names import ObjectId
from pgwright.model.plan import Hazard, HazardCode, Phase, Step

_SHOWN = 3


def named(unread: Iterable[Unhandled]) -> Iterator[str]:
    """Yield what no kind reads, with what stands on it and therefore cannot be made without it."""
    dependents: dict[Unhandled, dict[str, None]] = {}
    for u in unread:
        dependents.setdefault(u, {}).update(dict.fromkeys(u.needed_by))
    for u, ids in dependents.items():
        shown = ", ".join([*ids][:_SHOWN]) + (" …" if len(ids) > _SHOWN else "")
        yield f"not handled: {u}" + (f", which must be there for {shown}" if shown else "")


def pointing_out(
    steps: Iterable[Step], unread: Iterable[Unhandled], gone: Iterable[ObjectId]
) -> Iterator[Step]:
    """Yield the steps; one that drops what something unread stands on says that this is in the way."""
    in_the_way: dict[ObjectId, list[Unhandled]] = {}
    dropped = {str(id): id for id in gone}
    for u in unread:
        for id in {dropped[needed] for needed in u.needs if needed in dropped}:
            in_the_way.setdefault(id, []).append(u)
    for step in steps:
        rivals = in_the_way.get(step.subject, ()) if step.phase is Phase.CONTRACT else ()
        yield replace(step, hazards=(*step.hazards, *map(_hazard, rivals))) if rivals else step


def _hazard(rival: Unhandled) -> Hazard:
    return Hazard(
        code=HazardCode.MAY_FAIL,
        message=f"{rival} stands on it and stops it: no plan removes that",
        hint=f"drop the {rival} with a statement of your own before",
    )

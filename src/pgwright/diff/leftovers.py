"""What a plan that was stopped leaves behind, and the steps that clear it away.

A concurrent build that fails leaves an index that no query uses; a plan that is killed between two steps
may leave a helper: the unique index that was to become a key, the new definition of an index that still has
its working name, the check that stood in for NOT NULL. They go before anything else is planned, because
the plan may want to make helpers of the same names.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import count, groupby

from pgwright.diff.compare import differing_fields
from pgwright.diff.ends import is_broken
from pgwright.diff.planner import make_plan
from pgwright.kinds.contract import Context
from pgwright.kinds.registry import kind
from pgwright.kinds.steps import short_name
from pgwright.model.catalog import Catalog, CatalogObject
from pgwright.model.names import ObjectId, QualifiedName
from pgwright.model.plan import Step

_HELPER = "pgwright_"


@dataclass(frozen=True, kw_only=True)
class Cleared:
    """Hold the catalog without leftovers, and the steps that lead there."""

    catalog: Catalog
    steps: tuple[Step, ...] = ()


def clear_leftovers(here: Catalog, target: Catalog, *, online: bool) -> Cleared:
    """Return `here` without what stopped plans left that `target` does not have, and the steps to that.

    A new index that was built already and only lacks its name is given it instead.
    """
    finished = dict(_finished(here, target))
    adopted = {o.id: o for o in here}
    steps: list[Step] = []
    context = Context(before=here, after=target, server=here.server, online=online)
    for helper, id in finished.items():
        found = adopted.pop(helper)
        adopted[id] = replace(found, id=id)
        steps.extend(_alone(kind(helper.kind).rename(found, id, context)))  # type: ignore[misc]
    named = replace(here, objects=adopted)
    gone = {o.id for o in _leftovers(named, target)}
    if gone:
        left = named.select(lambda o: o.id not in gone)
        steps.extend(make_plan(named, left, online=online).steps)
        named = left
    return Cleared(catalog=named, steps=joined(steps))


def joined(*stages: Sequence[Step]) -> tuple[Step, ...]:
    """Return the steps of several plans as those of one, numbered through; batches stay apart."""
    steps: list[Step] = []
    batches = count(1)
    for stage in stages:
        for _, members in groupby(stage, key=lambda s: s.batch):
            batch = next(batches)
            steps.extend(replace(s, batch=batch) for s in members)
    return tuple(replace(s, id=str(i)) for i, s in enumerate(steps, start=1))


def _alone(steps: Sequence[Step]) -> Iterator[Step]:
    for number, step in enumerate(steps):
        yield replace(step, batch=-1 - number)


def _finished(here: Catalog, target: Catalog) -> Iterator[tuple[ObjectId, ObjectId]]:
    """Yield (helper, wanted) for whole indexes that still have a working name while nothing has theirs."""
    for wanted in target.of("index"):
        parent = wanted.id.parent
        working = QualifiedName(None, short_name(f"{_HELPER}{wanted.id.name.name}"))
        helper = here.get(ObjectId("index", working, parent))
        free = wanted.id not in here and not wanted.derived
        if free and helper is not None and helper.id not in target and not differing_fields(helper, wanted):
            yield helper.id, wanted.id


def _leftovers(here: Catalog, target: Catalog) -> Iterator[CatalogObject]:
    for name in ("index", "constraint"):
        for o in here.of(name):
            if o.derived or o.id in target:
                continue
            helper = o.id.name.name.startswith(_HELPER)
            if helper or is_broken(o) or _is_for_a_parent(o, here, target):
                yield o


def _is_for_a_parent(o: CatalogObject, here: Catalog, target: Catalog) -> bool:
    """Tell whether an index was built on a partition to become part of an index of the parent."""
    if o.id.kind != "index" or o.id.parent is None:
        return False
    part = o.id.parent
    name, above = o.id.name.name, getattr(here.get(part), "partition_of", None)
    while above is not None:
        for wanted in target.children(above, "index"):
            if short_name(f"{part.name.name}_{wanted.id.name.name}") == name:
                return True
        above = getattr(here.get(above), "partition_of", None)
    return False

"""Parts that go when their table is dropped: what holds them up holds up the table."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping

from pgwright.diff.circles import circles
from pgwright.kinds.contract import Context
from pgwright.model.catalog import Catalog, CatalogObject
from pgwright.model.names import ObjectId

# What can be dropped before its table, so that a circle of tables opens.
_DROPPED_ALONE = frozenset({"constraint", "rule", "row_policy", "trigger", "default", "index"})

# What these need may change while they stand.
_LOOSE = frozenset({"sequence_owner"})


def carried(before: Catalog, context: Context) -> Catalog:
    """Return the catalog in which a dropped table needs what its parts need.

    Their drops are no statements, so what they need may only go after the table has: the table that a
    rule writes to, the table that a foreign key refers to.
    """
    added: dict[ObjectId, set[ObjectId]] = {}
    for id in context.dropped - context.explicit:
        # A sequence goes with the table that owns it, which waits for whoever takes numbers from it.
        for sequence in (d for d in before.objects[id].depends_on if d.kind == "sequence"):
            owner, carrier = _carrier(sequence, context), _carrier(id, context)
            if owner not in (sequence, carrier):
                added.setdefault(carrier, set()).add(owner)
    for part, carrier in carriers(context).items():
        if part not in context.explicit:
            needs = (d for d in before.objects[part].depends_on if _carrier(d.root, context) != carrier)
            if part.kind in _LOOSE:
                needs = (d for d in needs if d in context.dropped)
            added.setdefault(carrier, set()).update(needs)
    if not added:
        return before
    objects = (
        dataclasses.replace(o, depends_on=tuple({*o.depends_on, *added[o.id]})) if o.id in added else o
        for o in before
    )
    return before.replacing(objects)


def circular_parts(context: Context) -> frozenset[ObjectId]:
    """Return the parts that must be dropped by themselves, because their tables refer to each other.

    Those are the ones between tables that can be reached from each other, and what copies are copies of: a
    foreign key to a partitioned table has one for each partition.
    """
    edges: dict[ObjectId, set[ObjectId]] = {}
    crossing: list[tuple[ObjectId, ObjectId, ObjectId]] = []
    for part in context.dropped:
        carrier = _carrier(part, context)
        for needed in context.before.objects[part].depends_on:
            # Also what is itself no part of the plan, as an inherited column, goes with its table.
            other = _carrier(needed, context)
            if other != carrier and other in context.dropped:
                edges.setdefault(carrier, set()).add(other)
                if part != carrier and part.kind in _DROPPED_ALONE:
                    crossing.append((part, carrier, other))
                    source = _source(part, context)
                    if source is not None:
                        crossing.append((source, carrier, other))
    circle_of = {node: circle for circle in circles(edges) for node in circle}
    return frozenset(part for part, one, other in crossing if other in circle_of.get(one, ()))


def copies(context: Context) -> Mapping[ObjectId, ObjectId]:
    """Return for each explicit part that is a copy what it is a copy of."""
    found = {part: _source(part, context) for part in context.explicit}
    return {part: source for part, source in found.items() if source is not None}


def _source(id: ObjectId, context: Context) -> ObjectId | None:
    o = context.before.objects[id]
    alike = (d for d in o.depends_on if d.kind == id.kind and d in context.dropped) if o.derived else ()
    return next((d for d in alike if _type(context.before.objects[d]) == _type(o)), None)


def _type(o: CatalogObject) -> object:
    return getattr(o, "type", None)


def carriers(context: Context) -> Mapping[ObjectId, ObjectId]:
    """Return for each part that goes with an ancestor the outermost ancestor that is dropped."""
    found = {id: _carrier(id, context) for id in context.dropped}
    return {id: carrier for id, carrier in found.items() if carrier != id}


def _carrier(id: ObjectId, context: Context) -> ObjectId:
    """Return the outermost of an object and its ancestors that is dropped, the object where none is."""
    carrier, at = id, _above(id, context)
    while at is not None:
        carrier = at if at in context.dropped else carrier
        at = _above(at, context)
    return carrier


def _above(id: ObjectId, context: Context) -> ObjectId | None:
    """Return what takes an object along when it is dropped, be it a partitioned table or the owner."""
    if id.kind == "sequence":
        return next((getattr(o, "column", None) for o in context.before.children(id, "sequence_owner")), None)
    return id.parent or getattr(context.before.get(id), "partition_of", None)

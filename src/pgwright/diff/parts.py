"""Indexes and constraints that only change their names, or have to; types that only change their kind."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Set

from pgwright.diff.compare import differing_fields
from pgwright.kinds.contract import Alteration, Context
from pgwright.kinds.registry import kind
from pgwright.kinds.types.retyping import TYPES, columns_of, rebuild, users
from pgwright.model.catalog import Catalog, CatalogObject
from pgwright.model.change import Change, Op
from pgwright.model.names import ObjectId
from pgwright.model.plan import Hazard, HazardCode

# Unlike tables and columns these hold no data of their own: equal definitions on one table make a
# rename certain, and it spares building the index or checking the rows again.
_KINDS = frozenset({"index", "constraint"})


def renamed_parts(changes: Iterable[Change], before: Catalog, after: Catalog) -> Mapping[ObjectId, ObjectId]:
    """Return new -> old identity of the parts that are dropped under one name and created under another.

    With them are the parts of partitions whose names, which PostgreSQL chose, the plan gives to others.
    """
    changes = tuple(changes)
    dropped: dict[tuple[str, ObjectId | None], list[CatalogObject]] = {}
    created: dict[tuple[str, ObjectId | None], list[CatalogObject]] = {}
    for change in changes:
        o = change.before or change.after
        if o is None or o.id.kind not in _KINDS or change.op is Op.ALTER:
            continue
        side, catalog = (dropped, before) if change.op is Op.DROP else (created, after)
        if not catalog.children(o.id):
            side.setdefault((o.id.kind, o.id.parent), []).append(o)
    pairs = dict(_giving_way(changes, before, after))
    for key, news in created.items():
        for new in news:
            twins = [old for old in dropped.get(key, ()) if not differing_fields(old, new)]
            rivals = [other for other in news if not differing_fields(other, new)]
            if len(twins) == 1 and len(rivals) == 1:
                pairs[new.id] = twins[0].id
    return _without_circles(pairs, before, after)


def _giving_way(
    changes: Iterable[Change], before: Catalog, after: Catalog
) -> Iterable[tuple[ObjectId, ObjectId]]:
    """Yield (new, old) for the derived parts whose names something takes that is made."""
    taken = {claim for c in changes if c.op is Op.CREATE for claim in _claims(after, c.id)}
    for old in before if taken else ():
        if not old.derived or old.id.kind not in _KINDS or old.id in after:
            continue
        if old.id.parent is None or taken.isdisjoint(_claims(before, old.id)):
            continue
        for new in after.children(old.id.parent, old.id.kind):
            if new.derived and new.id not in before and not differing_fields(old, new):
                yield new.id, old.id
                break


def _claims(catalog: Catalog, id: ObjectId) -> tuple[tuple[str, ...], ...]:
    return kind(id.kind).claims(catalog.objects[id])


def making_room(created: Set[ObjectId], after: Catalog) -> Iterable[tuple[ObjectId, ObjectId]]:
    """Yield pairs of new objects of which the second lets PostgreSQL choose a name that the first is to have.

    It gives a part of a partition the next free number where the name is taken.
    """
    holders = {claim: id for id in created for claim in _claims(after, id)}
    for part in after if holders else ():
        first = holders.get(
            ("relation", part.id.root.name.schema or "", part.id.name.name.rstrip("0123456789"))
        )
        if not part.derived or part.id.kind not in _KINDS or first is None:
            continue
        if part.id.kind == first.kind == "index" and part.id.root == first.root:
            # Beside an index of a partition's own, the parent's are built piece by piece, each with its name.
            continue
        makers = [id for id in part.depends_on if id.kind == part.id.kind and id in created]
        yield from ((first, maker) for maker in makers or [part.id.root])


def _without_circles(
    pairs: Mapping[ObjectId, ObjectId], before: Catalog, after: Catalog
) -> Mapping[ObjectId, ObjectId]:
    """Return the pairs without one of each circle of names: none of its renames could come first."""
    holders = {claim: new for new, old in pairs.items() for claim in _claims(before, old)}

    def waits_for(new: ObjectId) -> ObjectId | None:
        # A primary key that stays one holds its place itself.
        rivals = (holders[claim] for claim in _claims(after, new) if claim in holders)
        return next((rival for rival in rivals if rival != new), None)

    kept: dict[ObjectId, ObjectId] = {}
    for new, old in pairs.items():
        at = waits_for(new)
        while at in kept:
            at = waits_for(at)
        if at != new:
            kept[new] = old
    return kept


def standing(
    pairs: Mapping[ObjectId, ObjectId], dropped: Set[ObjectId], replaced: Set[ObjectId], before: Catalog
) -> Mapping[ObjectId, ObjectId]:
    """Return the pairs without the parts that cannot stand: their table, or a key that they need, goes.

    Those are made under their new names right away. `dropped` holds the old names, too.
    """
    while True:
        gone = (dropped - set(pairs.values())) | replaced
        kept = {
            new: old
            for new, old in pairs.items()
            if new.parent not in gone and gone.isdisjoint(before.objects[old].depends_on)
        }
        if len(kept) == len(pairs):
            return kept
        pairs = kept


def of_another_kind(changes: Iterable[Change], context: Context) -> Mapping[ObjectId, ObjectId]:
    """Return new -> old identity of the types in use that become another kind of type under their name."""
    types = [change for change in changes if change.id.kind in TYPES]
    gone = {c.id.name: c.id for c in types if c.op is Op.DROP}
    pairs = {c.id: gone[c.id.name] for c in types if c.op is Op.CREATE and c.id.name in gone}
    return {new: old for new, old in pairs.items() if columns_of(users(old, context), context)}


def rename_step(old: CatalogObject, new: ObjectId, context: Context) -> Alteration:
    """Return the alteration by which what was `old` is the new one: another name, or another kind of type."""
    if old.id.kind != new.kind:
        change = Change(op=Op.ALTER, id=new, before=old, after=context.after.objects[new])
        hazard = Hazard(
            code=HazardCode.MAY_FAIL,
            message=f"each value of {old.id} goes through text; one that is no {new.kind} then stops it",
        )
        return rebuild(change, context, hazards=(hazard,))
    rename = kind(old.id.kind).rename
    assert rename is not None
    return Alteration(steps=rename(old, new, context))

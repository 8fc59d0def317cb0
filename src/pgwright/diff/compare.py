"""Compare two catalogs, object by object, knowing no kinds."""

from __future__ import annotations

from collections.abc import Iterable

from pgwright.model.catalog import Catalog, CatalogObject, sort_key
from pgwright.model.change import Change, Op
from pgwright.model.names import ObjectId

# A copy of these goes with what it was copied from, so one of the same name has to be made.
_GONE_WITH_SOURCE = frozenset({"index", "constraint"})
# Where a table has one of these, PostgreSQL puts no copy of its parent's beside it: it refuses.
_NOT_TAKEN_OVER = frozenset({"trigger"})
_RELATIONS = frozenset({"table", "view"})
# A table has these also while it belongs to no other.
_OWN_WHEN_ALONE = frozenset({"column", "default"})


def compare(before: Catalog, after: Catalog) -> tuple[Change, ...]:
    """Return what differs on the way from `before` to `after`, ordered by identity.

    Derived objects are neither created nor dropped: PostgreSQL does that with what they derive from.
    """
    changes: list[Change] = []
    for id in sorted(before.objects.keys() | after.objects.keys(), key=sort_key):
        if _belongs_to_rollup(id, before, after):
            continue
        one, other = before.get(id.root), after.get(id.root)
        moved = _line(one) != _line(other) and not _comes_from_above(id, one, other, before, after)
        stays = one is not None and other is not None
        change = _compare(id, before.get(id), after.get(id), moved=moved, stays=stays)
        if change is not None:
            changes.append(change)
    return tuple(changes)


def _belongs_to_rollup(id: ObjectId, before: Catalog, after: Catalog) -> bool:
    """Tell whether the relation came about with a rollup, with all its parts."""
    root = before.get(id.root) or after.get(id.root)
    if id.parent is None or id.kind == "rollup":
        return False
    return id.root.kind in _RELATIONS and root is not None and root.derived


def _line(o: CatalogObject | None) -> tuple[object, ...] | None:
    """Return what an object is derived from; None where it is gone."""
    if o is None:
        return None
    return (getattr(o, "partition_of", None), getattr(o, "inherits", ()), getattr(o, "of_type", None))


def _comes_from_above(
    id: ObjectId, one: CatalogObject | None, other: CatalogObject | None, before: Catalog, after: Catalog
) -> bool:
    """Tell whether a parent that the table stays with gains or loses the part, and the table with it."""
    if id.parent != id.root or (id in before) == (id in after):
        return False
    stays_with = set(getattr(one, "inherits", ())) & set(getattr(other, "inherits", ()))
    return any(id._replace(parent=parent) in (before if id in before else after) for parent in stays_with)


def _compare(
    id: ObjectId, old: CatalogObject | None, new: CatalogObject | None, *, moved: bool, stays: bool
) -> Change | None:
    """Return the change of one object.

    `moved` tells that its table is derived from others than before, `stays` that it is there on both sides.
    """
    if old is None:
        assert new is not None
        joins = moved and stays and _is_joined(new)
        return None if new.derived and not joins else Change(op=Op.CREATE, id=id, before=None, after=new)
    if new is None:
        # A detached partition keeps its columns, and its copies of the parent's indexes, as its own.
        kept = id.kind in _GONE_WITH_SOURCE or (stays and id.kind in _OWN_WHEN_ALONE)
        gone_anyway = old.derived and not (moved and kept)
        return None if gone_anyway else Change(op=Op.DROP, id=id, before=old, after=None)
    becomes_own = old.derived and not new.derived
    if becomes_own and (id.kind in _NOT_TAKEN_OVER or (not moved and id.kind in _GONE_WITH_SOURCE)):
        return Change(op=Op.CREATE, id=id, before=None, after=new)
    unlike = id.kind in _GONE_WITH_SOURCE and old.shape != new.shape
    if new.derived and not old.derived and (id.kind in _NOT_TAKEN_OVER or (unlike and not _is_joined(new))):
        return Change(op=Op.DROP, id=id, before=old, after=None)
    own = moved and id.kind in _OWN_WHEN_ALONE and old.derived != new.derived
    made_anew = moved and unlike and (becomes_own or _is_joined(new))
    if (old.derived or new.derived) and not (own or made_anew):
        # A column has to be as its parent's before a table joins it, and may differ once the table has left.
        return None
    fields = differing_fields(old, new)
    return Change(op=Op.ALTER, id=id, before=old, after=new, fields=fields) if fields else None


def _is_joined(o: CatalogObject) -> bool:
    """Tell whether a table must have this part before it can join a parent that has it."""
    return o.id.kind in _OWN_WHEN_ALONE or getattr(o, "type", None) == "c"


def differing_fields(old: CatalogObject, new: CatalogObject) -> tuple[str, ...]:
    """Return the names of the defining fields that differ."""
    if old == new:
        return ()
    return tuple(f.name for f in new.defining_fields() if getattr(old, f.name) != getattr(new, f.name))


def summarise(changes: Iterable[Change]) -> tuple[Change, ...]:
    """Return the changes without the parts of what is created or dropped as a whole."""
    kept: list[Change] = []
    whole: set[tuple[Op, ObjectId]] = set()
    for change in changes:
        at = change.id.parent
        while at is not None and (change.op, at) not in whole:
            at = at.parent
        if at is None:
            kept.append(change)
        if change.op is not Op.ALTER:
            whole.add((change.op, change.id))
    return tuple(kept)

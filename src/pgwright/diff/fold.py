"""Find the parts that a new table or column can take into its own statement."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from functools import partial

from pgwright.diff.keys import preferred
from pgwright.kinds.contract import Context, reached
from pgwright.kinds.registry import kind
from pgwright.model.catalog import Catalog, CatalogObject
from pgwright.model.names import ObjectId


def fold(created: frozenset[ObjectId], context: Context) -> Mapping[ObjectId, tuple[CatalogObject, ...]]:
    """Return for each new object the new parts that its CREATE statement takes in.

    A part stays apart when something that it needs is itself made after a table of this plan: a default
    that calls a function over the table, for example, can only follow both.
    """
    late = _Late(context.after, created)
    inlined: dict[ObjectId, list[CatalogObject]] = {}
    folded: set[ObjectId] = set()
    for part in sorted(
        (context.after.objects[id] for id in created), key=lambda o: (kind(o.id.kind).rank, _position(o))
    ):
        parent = part.id.parent
        inline = kind(part.id.kind).inline
        if parent is None or parent not in created or inline is None:
            continue
        if inline(part, context) is None or _twin_is_in(part, inlined.get(parent, ())):
            continue
        if any(key in created for key in preferred(part, context.after)):
            continue
        family = [d for d in part.depends_on if parent in {d, d.parent}]
        if any(d in created and d.parent == parent and d not in folded for d in family):
            continue
        # What is added to a table that stands may wait for all but itself: its rows get the default at once.
        waits = parent.kind == "column" and parent.root not in created
        apart = partial(_reaches, parent, within=created, catalog=context.after) if waits else late
        if any(apart(d) for d in part.depends_on if d not in family):
            continue
        inlined.setdefault(parent, []).append(part)
        folded.add(part.id)
    return {parent: tuple(parts) for parent, parts in inlined.items()}


def _reaches(goal: ObjectId, id: ObjectId, *, within: frozenset[ObjectId], catalog: Catalog) -> bool:
    """Tell whether a new object needs the goal, by way of other new ones."""

    def further(at: ObjectId) -> Iterable[ObjectId]:
        return catalog.objects[at].depends_on if at in within else ()

    return goal in reached(id, further)


def _twin_is_in(part: CatalogObject, folded: Iterable[CatalogObject]) -> bool:
    """Tell whether a key over the same columns is in already: CREATE TABLE makes one of two equal keys."""
    if not getattr(part, "is_key", False):
        return False
    columns = getattr(part, "columns", None)
    keys = (other for other in folded if getattr(other, "is_key", False))
    return any(getattr(other, "columns", None) == columns for other in keys)


def _position(o: CatalogObject) -> tuple[int, int, str]:
    """Order the parts as people write them: columns as numbered, then the primary key, then the rest."""
    letter = str(getattr(o, "type", ""))
    return (int(getattr(o, "position", 0)), "puxc".find(letter[:1]), str(o.id.name))


class _Late:
    """Tell whether an object can only be made after some table of the plan."""

    def __init__(self, catalog: Catalog, created: frozenset[ObjectId]) -> None:
        self._catalog = catalog
        self._created = created
        self._known: dict[ObjectId, bool] = {}

    def __call__(self, id: ObjectId) -> bool:
        if id not in self._created:
            return False
        if id not in self._known:
            self._known[id] = False  # a circle through the object itself adds nothing
            o = self._catalog.objects[id]
            self._known[id] = id.kind == "table" or any(self(d) for d in o.depends_on)
        return self._known[id]

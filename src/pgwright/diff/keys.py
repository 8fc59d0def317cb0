"""Unique keys that would serve the same foreign keys: PostgreSQL takes the one that was made first."""

from __future__ import annotations

from collections.abc import Iterable

from pgwright.model.catalog import Catalog, CatalogObject
from pgwright.model.names import ObjectId


def serves(o: CatalogObject | None) -> tuple[ObjectId | None, frozenset[str]] | None:
    """Return the table and the columns that foreign keys may refer to by a key; None for anything else."""
    if o is None or not (getattr(o, "is_key", False) or getattr(o, "unique", False)):
        return None
    return o.id.parent, frozenset(getattr(o, "columns", ()))


def preferred(o: CatalogObject, catalog: Catalog) -> Iterable[ObjectId]:
    """Return the keys to make before this one, because foreign keys hold on to them and not to this one.

    So a copy of a database holds on to the same ones, and can do without the others as the database can.
    """
    served = serves(o)
    if served is None or o.id.parent is None or _held(o.id, catalog):
        return ()
    rivals = (r for r in catalog.children(o.id.parent) if r.id != o.id and serves(r) == served)
    return tuple(rival.id for rival in rivals if _held(rival.id, catalog))


def _held(id: ObjectId, catalog: Catalog) -> bool:
    needing = (catalog.objects[dependent] for dependent in catalog.dependents.get(id, ()))
    return any(o.id.kind == "constraint" and getattr(o, "type", "") == "f" for o in needing)

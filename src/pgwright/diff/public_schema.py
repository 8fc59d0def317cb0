"""Schema public as a server before PostgreSQL 15 makes it, where it meets a newer one.

There everybody may create in it, and the superuser of the server owns it. Neither is on record, being the
default; dumps and copies carry both to a newer server, whose default is another: there they are a grant and
an owner.
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import replace

from pgwright.kinds.grant import Grant, grant_id
from pgwright.kinds.owner import PUBLIC_SCHEMA, Owner, owner_id
from pgwright.kinds.privileges import PUBLIC, Privilege
from pgwright.model.catalog import Catalog, CatalogObject
from pgwright.model.names import ObjectId

_CLOSED = 15
_EVERYBODY = grant_id(PUBLIC_SCHEMA, PUBLIC)
_OWNER = owner_id(PUBLIC_SCHEMA)


def implied(one: Catalog, other: Catalog) -> frozenset[ObjectId]:
    """Return what the side of a newer server has on record and that of an older one has by default.

    Both as they were read: built anew on another server they have that one's defaults.
    """
    older, newer = sorted((one, other), key=lambda catalog: catalog.server.major)
    if not older.server.major < _CLOSED <= newer.server.major or PUBLIC_SCHEMA not in older:
        return frozenset()
    said = ((id, newer.get(id)) for id in (_EVERYBODY, _OWNER) if id not in older)
    return frozenset(id for id, found in said if found is not None and _is_default(found, older))


def keeping(ids: Collection[ObjectId], before: Catalog, after: Catalog) -> Catalog:
    """Return `after` with these objects as `before` has them, or without them like it."""
    objects = {o.id: o for o in after if o.id not in ids}
    return replace(after, objects=objects | {o.id: o for o in before if o.id in ids}) if ids else after


def _is_default(found: CatalogObject, older: Catalog) -> bool:
    if isinstance(found, Owner):
        # Whoever the older server was made with; of a catalog without owners that is not known.
        superusers = {o.bootstrap for o in older.of("owner") if isinstance(o, Owner) and o.bootstrap}
        return not superusers or found.role in superusers
    return isinstance(found, Grant) and found.granted == (Privilege(name="CREATE"),) and not found.revoked

"""Where a plan starts and where it leads: kept with every run, for that is all that a resume needs."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

import msgspec
from psycopg import Connection

from pgwright.diff.build import rebuilt
from pgwright.diff.rename import Rename
from pgwright.kinds.codec import catalog_from_json, catalog_to_json
from pgwright.model.catalog import Catalog, CatalogObject
from pgwright.model.selection import Selection
from pgwright.server.scratch import EMBEDDED
from pgwright.sources.database import read_catalog


@dataclass(frozen=True, kw_only=True)
class Ends:
    """Hold both ends of a plan, the part of them that counts, and the renames between them.

    `accepted` are the names of hazards that somebody accepted on this way, once and for all.
    """

    before: Catalog
    after: Catalog
    selection: Selection
    online: bool = True
    renames: tuple[Rename, ...] = ()
    accepted: tuple[str, ...] = ()

    def reversed(self) -> Ends:
        """Return the same way back, on which nothing is accepted yet."""
        back = tuple(r.reversed() for r in self.renames)
        return replace(self, before=self.after, after=self.before, renames=back, accepted=())


def read_here(conn: Connection[Any], ends: Ends, *, scratch: str = EMBEDDED) -> tuple[Catalog, Catalog]:
    """Return the live catalog, as it is and as the ends' version deparses it.

    Both are the same unless the ends were deparsed by another major version; then the second one is
    built on the scratch server.
    """
    live = read_catalog(conn, source="target")
    if live.server.major == ends.after.server.major:
        return live, live
    copy = rebuilt(live, scratch=scratch)
    # An index that is broken on the live database was built whole on scratch.
    broken = [replace_valid(o) for o in copy if is_broken(live.get(o.id))]
    return live, replace(copy, objects={**copy.objects, **{o.id: o for o in broken}})


def kept_by_time(here: Catalog, end: Catalog) -> Catalog:
    """Return the end of a plan without account of tables that are partitions of a time series by now.

    A table that somebody has divided by hand keeps its partitions; with its declaration they come and go
    with time, and are left out wherever catalogs are compared.
    """
    managed = {
        o.id: replace(o, managed=True)  # type: ignore[call-arg]
        for o in end.of("table")
        if getattr(here.get(o.id), "managed", False)
    }
    return replace(end, objects={**end.objects, **managed})


def is_broken(o: CatalogObject | None) -> bool:
    """Tell whether the object is an index whose concurrent build or drop did not finish."""
    return getattr(o, "valid", True) is False


def replace_valid(o: CatalogObject) -> CatalogObject:
    """Return the index as one whose build did not finish."""
    return replace(o, valid=False)  # type: ignore[call-arg]


class _Payload(msgspec.Struct):
    before: msgspec.Raw
    after: msgspec.Raw
    selection: Selection
    online: bool
    renames: tuple[Rename, ...] = ()
    accepted: tuple[str, ...] = ()


def pack(ends: Ends) -> bytes:
    """Return the ends as the ledger keeps them."""
    return msgspec.json.encode(
        _Payload(
            before=msgspec.Raw(catalog_to_json(ends.before)),
            after=msgspec.Raw(catalog_to_json(ends.after)),
            selection=ends.selection,
            online=ends.online,
            renames=ends.renames,
            accepted=ends.accepted,
        )
    )


def unpack(payload: bytes) -> Ends:
    """Return the ends that `pack` was given."""
    found = msgspec.json.decode(payload, type=_Payload)
    return Ends(
        before=catalog_from_json(bytes(found.before)),
        after=catalog_from_json(bytes(found.after)),
        selection=found.selection,
        online=found.online,
        renames=found.renames,
        accepted=found.accepted,
    )

"""What depends on what: rows of `pg_depend` become `depends_on` of the objects that were found."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence

from pgwright.kinds.contract import Found
from pgwright.model.catalog import CatalogObject
from pgwright.model.names import ObjectId

Row = tuple[int, int, int, int, int, int]


def resolve(
    founds: Sequence[Found], rows: Iterable[Row], members: Mapping[tuple[int, int], ObjectId]
) -> Iterator[CatalogObject]:
    """Yield the objects with what they depend on, parents included.

    `rows` hold the address of a dependent and that of what it needs. `members` maps what belongs to an
    extension to that extension, which is then what others need.

    Objects go by their places in `founds`: a number is hashed in a tenth of the time of an identity.
    """
    ids = [found.object.id for found in founds]
    places = {id: place for place, id in enumerate(ids)}
    parents = [None if id.parent is None else places.get(id.parent) for id in ids]
    # A plain tuple finds an Address, and is made in a tenth of the time.
    at: dict[tuple[int, ...], int] = {a: place for place, found in enumerate(founds) for a in found.addresses}
    find = at.get
    provided = {(*member, 0): places[id] for member, id in members.items() if id in places}
    needs: list[set[int]] = [set() for _ in founds]
    for classid, objid, subid, refclassid, refobjid, refsubid in rows:
        dependent = find((classid, objid, subid))
        if dependent is None and (subid == 0 or (dependent := find((classid, objid, 0))) is None):
            continue
        needed = find((refclassid, refobjid, refsubid))
        if needed is None:
            whole = (refclassid, refobjid, 0)
            needed = provided.get(whole) if whole in provided else find(whole)
            if needed is None:
                continue
        part: int | None = needed
        while part is not None and part != dependent:
            part = parents[part]
        if part is None:  # otherwise it needs a part of its own
            needs[dependent].add(needed)
    for place, (found, parent, mine) in enumerate(zip(founds, parents, needs, strict=True)):
        o = found.object
        if parent is not None:
            mine.add(parent)
        mine.discard(place)
        depends = [ids[n] for n in mine]
        depends += [id for id in o.depends_on if id != o.id and places.get(id) not in mine]
        # The object is this reader's own until the catalog is returned; a copy of each costs a second
        # on a large schema.
        object.__setattr__(o, "depends_on", tuple(depends))
        yield o

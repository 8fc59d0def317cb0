"""What a database holds and no kind reads: it is named, so that nobody believes it was compared."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from pgwright.kinds.contract import Reading
from pgwright.model.catalog import Unhandled

Row = tuple[int, int, int, int, int, int]


def unhandled(reading: Reading, dependencies: Iterable[Row]) -> Iterator[Unhandled]:
    """Yield what the given schemas and the database hold outside of every kind and extension.

    `dependencies` are the rows of `pg_depend`, as they are read for the objects of all kinds.
    """
    rows = reading.rows("unhandled")
    needed_by: dict[tuple[int, int], dict[str, None]] = {}
    needs: dict[tuple[int, int], dict[str, None]] = {}
    if places := {(r.classid, r.objid) for r in rows if r.classid}:
        for classid, objid, subid, refclassid, refobjid, refsubid in dependencies:
            if (refclassid, refobjid) in places and (id := reading.id_of(classid, objid, subid)):
                needed_by.setdefault((refclassid, refobjid), {})[str(id)] = None
            if (classid, objid) in places and (id := reading.id_of(refclassid, refobjid, refsubid)):
                needs.setdefault((classid, objid), {})[str(id)] = None
    for r in rows:
        place = (r.classid, r.objid)
        yield Unhandled(
            what=r.what,
            name=r.name,
            needed_by=tuple(needed_by.get(place, ())),
            needs=tuple(needs.get(place, ())),
        )

"""The one reader: a live database becomes a Catalog."""

from __future__ import annotations

import gc
from collections.abc import Collection, Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import replace
from datetime import UTC, datetime
from itertools import chain
from typing import Any

from psycopg import Connection
from psycopg.pq import TransactionStatus

from pgwright.kinds.contract import Address, Found, Kind, Reading, SystemCatalog
from pgwright.kinds.registry import KINDS, kind
from pgwright.model.catalog import Catalog, CatalogObject, ServerFacts, Unhandled
from pgwright.model.names import ObjectId
from pgwright.pg.sqlfiles import load_sql

# What is deparsed depends on these: an empty search path makes every name qualified, a fixed time
# zone and fixed styles make partition bounds and constants the same on every machine.
_PINNED = (
    ("search_path", ""),
    ("TimeZone", "UTC"),
    ("DateStyle", "ISO, YMD"),
    ("IntervalStyle", "postgres"),
    ("extra_float_digits", "1"),
    ("bytea_output", "hex"),
    ("quote_all_identifiers", "off"),
)


def read_catalog(
    conn: Connection[Any],
    *,
    source: str,
    schemas: Collection[str] | None = None,
    kinds: Collection[str] | None = None,
) -> Catalog:
    """Read the whole structure of the database behind `conn`, from one snapshot.

    `source` is how the catalog names its origin; it must not hold a password. `schemas` restricts the
    namespaces and `kinds` the kinds that are read; by default all are. Raises psycopg errors as they come.
    """
    with _pinned_snapshot(conn):
        server = _server_facts(conn)
        found_schemas = [name for (name,) in _query(conn, "namespaces", server)]
        wanted = tuple(s for s in found_schemas if schemas is None or s in schemas)
        founds, ids, members = _read_kinds(conn, server, wanted, kinds)
        unhandled = _read_unhandled(conn, server, wanted, ids) if kinds is None else ()
        objects = _resolve(conn, server, founds, ids, members)
    return Catalog(
        server=server,
        objects={o.id: o for o in objects},
        source=source,
        captured_at=datetime.now(UTC),
        unhandled=tuple(unhandled),
    )


@contextmanager
def _pinned_snapshot(conn: Connection[Any]) -> Iterator[None]:
    nested = conn.info.transaction_status != TransactionStatus.IDLE
    with conn.transaction(force_rollback=True), conn.cursor() as cursor:
        # Inside a caller's transaction the isolation can no longer be chosen, and need not be.
        if not nested:
            cursor.execute("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ READ ONLY")
        for name, value in _PINNED:
            cursor.execute("SELECT set_config(%s, %s, true)", (name, value))
        yield


def _server_facts(conn: Connection[Any]) -> ServerFacts:
    row = conn.execute("SELECT current_setting('server_version_num')::int, current_database()").fetchone()
    assert row is not None
    return ServerFacts(version_num=row[0], database=row[1])


def _query(conn: Connection[Any], name: str, server: ServerFacts) -> list[tuple[Any, ...]]:
    return conn.execute(load_sql("pgwright.sources", name, server.major).encode()).fetchall()


def _read_kinds(
    conn: Connection[Any],
    server: ServerFacts,
    schemas: tuple[str, ...],
    only: Collection[str] | None,
) -> tuple[list[Found], dict[Address, ObjectId], set[tuple[int, int]]]:
    ids: dict[Address, ObjectId] = {}
    founds: list[Found] = []
    extension_of: dict[tuple[int, int], int] = {
        (classid, objid): extension for classid, objid, extension in _query(conn, "members", server)
    }
    wanted = [kind(name) for name in KINDS if only is None or name in only]
    with _ahead(Reading(conn=conn, server=server, schemas=schemas, ids=ids), wanted) as reading:
        for found in chain.from_iterable(k.read(reading) for k in wanted):
            first = found.addresses[0] if found.addresses else None
            if first is not None and (first.classid, first.objid) in extension_of:
                continue
            founds.append(found)
            for address in found.addresses:
                ids[address] = found.object.id
    for (classid, objid), extension in extension_of.items():
        id = ids.get(Address(SystemCatalog.EXTENSION, extension))
        if id is not None:
            ids[Address(classid, objid)] = id
    return founds, ids, set(extension_of)


@contextmanager
def _ahead(reading: Reading, kinds: Iterable[Kind]) -> Iterator[Reading]:
    """Let the server work on the next queries while the rows of the last become objects.

    Collecting garbage would only walk over tens of thousands of objects that all stay.
    """
    collecting = gc.isenabled()
    gc.disable()
    try:
        with ThreadPoolExecutor(max_workers=1) as pool:
            names = [name for k in kinds for name in k.queries or (k.name,)]
            yield replace(reading, running={name: pool.submit(reading.run, name) for name in names})
    finally:
        if collecting:
            gc.enable()


def _read_unhandled(
    conn: Connection[Any], server: ServerFacts, schemas: tuple[str, ...], ids: dict[Address, ObjectId]
) -> Iterable[Unhandled]:
    from pgwright.kinds.unhandled import unhandled

    return tuple(unhandled(Reading(conn=conn, server=server, schemas=schemas, ids=ids)))


def _resolve(
    conn: Connection[Any],
    server: ServerFacts,
    founds: list[Found],
    ids: dict[Address, ObjectId],
    members: set[tuple[int, int]],
) -> Iterator[CatalogObject]:
    """Yield the objects with what they depend on, parents included."""
    needs: dict[ObjectId, set[ObjectId]] = {}
    get = ids.get  # a plain tuple finds an Address, and is made in a third of the time
    for classid, objid, subid, refclassid, refobjid, refsubid in _query(conn, "dependencies", server):
        dependent = get((classid, objid, subid)) or get((classid, objid, 0))  # type: ignore[call-overload]
        if dependent is None or (classid, objid) in members:
            continue
        needed = get((refclassid, refobjid, refsubid)) or get((refclassid, refobjid, 0))  # type: ignore[call-overload]
        if needed is not None and needed is not dependent and not _is_part_of(needed, dependent):
            needs.setdefault(dependent, set()).add(needed)
    for found in founds:
        o = found.object
        depends = needs.get(o.id, set()) | set(o.depends_on)
        if o.id.parent is not None:
            depends.add(o.id.parent)
        depends.discard(o.id)
        # The object is this reader's own until the catalog is returned; a copy of each costs a second
        # on a large schema.
        object.__setattr__(o, "depends_on", tuple(depends))
        yield o


def _is_part_of(part: ObjectId, whole: ObjectId) -> bool:
    at: ObjectId | None = part
    while at is not None:
        if at == whole:
            return True
        at = at.parent
    return False

"""The one reader: a live database becomes a Catalog."""

from __future__ import annotations

import gc
from collections.abc import Collection, Iterable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from itertools import chain
from typing import Any

from psycopg import Connection, errors, sql
from psycopg.pq import TransactionStatus

from pgwright.kinds.contract import Address, Found, Kind, Reading, SystemCatalog
from pgwright.kinds.registry import KINDS, kind
from pgwright.kinds.timeseries.chunked import read_chunks
from pgwright.kinds.timeseries.policy_server import read_records
from pgwright.kinds.unhandled import unhandled
from pgwright.model.catalog import Catalog, ServerFacts
from pgwright.model.names import ObjectId
from pgwright.pg.pipeline import pipeline
from pgwright.pg.sqlfiles import load_sql
from pgwright.pg.timescale import LICENCE
from pgwright.sources.dependencies import resolve

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
    # To weigh a merge join, the planner looks up the ends of indexes again and again. Most databases take
    # longer to plan these queries than to run them, and hash joins run them as fast.
    ("enable_mergejoin", "off"),
)

_SNAPSHOTS = 3


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
    # What was dropped since the snapshot was taken is still listed in it, and can no longer be deparsed: a
    # new one does not list it. A caller's transaction has but one.
    left = _SNAPSHOTS if conn.info.transaction_status == TransactionStatus.IDLE else 1
    while True:
        left -= 1
        try:
            return _read(conn, source, schemas, kinds)
        except errors.InternalError_:
            if not left:
                raise


def _read(
    conn: Connection[Any], source: str, schemas: Collection[str] | None, kinds: Collection[str] | None
) -> Catalog:
    with _pinned_snapshot(conn), _uncollected():
        server = _server_facts(conn)
        wanted = [kind(name) for name in KINDS if kinds is None or name in kinds]
        names = [name for k in wanted for name in ((k.name,) if k.queries is None else k.queries)]
        if kinds is None:
            names.append("unhandled")
        queries = {
            "members": load_sql("pgwright.sources", "members", server.major),
            **{name: load_sql("pgwright.kinds", name, server.major) for name in names},
            "dependencies": load_sql("pgwright.sources", "dependencies", server.major),
        }
        read_schemas = tuple(s for s in _namespaces(conn, server) if schemas is None or s in schemas)
        records = read_records(conn, timescaledb=server.timescaledb, major=server.major)
        chunks = read_chunks(conn, timescaledb=server.timescaledb, major=server.major)
        with pipeline(conn, queries, {"schemas": list(read_schemas)}) as results:
            ids: dict[Address, ObjectId] = {}
            reading = Reading(
                server=server,
                schemas=read_schemas,
                ids=ids,
                rows=results.take,
                records=tuple(r for r in records if not r.gone),
                chunks=chunks,
            )
            founds, members = _read_kinds(reading, wanted, results.take("members"), ids)
            dependent = results.take("dependencies")
            skipped = tuple(unhandled(reading, dependent)) if kinds is None else ()
            objects = {o.id: o for o in resolve(founds, dependent, members)}
    return Catalog(
        server=server,
        objects=objects,
        source=source,
        captured_at=datetime.now(UTC),
        unhandled=skipped,
    )


@contextmanager
def _pinned_snapshot(conn: Connection[Any]) -> Iterator[None]:
    nested = conn.info.transaction_status != TransactionStatus.IDLE
    with conn.transaction(force_rollback=True), conn.cursor() as cursor:
        # Inside a caller's transaction the isolation can no longer be chosen, and need not be.
        if not nested:
            cursor.execute("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ READ ONLY")
        pin = "SELECT set_config(name, value, true) FROM unnest(%s::text[], %s::text[]) AS p (name, value)"
        cursor.execute(pin, [list(column) for column in zip(*_PINNED, strict=True)])
        yield


def _server_facts(conn: Connection[Any]) -> ServerFacts:
    query = """
        SELECT current_setting('server_version_num')::int, current_database(), current_user, {},
               (SELECT reset_val FROM pg_settings WHERE name = 'TimeZone')
    """
    row = conn.execute(sql.SQL(query).format(LICENCE)).fetchone()
    assert row is not None
    version, database, role, timescaledb, zone = row
    return ServerFacts(
        version_num=version, database=database, role=role, timescaledb=timescaledb, time_zone=zone
    )


def _namespaces(conn: Connection[Any], server: ServerFacts) -> list[str]:
    query = load_sql("pgwright.sources", "namespaces", server.major)
    return [name for (name,) in conn.execute(query.encode()).fetchall()]


def _read_kinds(
    reading: Reading,
    kinds: Iterable[Kind],
    extension_members: Iterable[tuple[int, int, int]],
    ids: dict[Address, ObjectId],
) -> tuple[list[Found], dict[tuple[int, int], ObjectId]]:
    """Return what the kinds find, and to which extension that belongs which extensions made."""
    extension_of = {(classid, objid): extension for classid, objid, extension in extension_members}
    founds: list[Found] = []
    for found in chain.from_iterable(k.read(reading) for k in kinds):
        if found.addresses and found.addresses[0][:2] in extension_of:
            continue
        founds.append(found)
        for address in found.addresses:
            ids[address] = found.object.id
    extensions = {m: ids.get(Address(SystemCatalog.EXTENSION, oid)) for m, oid in extension_of.items()}
    return founds, {member: id for member, id in extensions.items() if id is not None}


@contextmanager
def _uncollected() -> Iterator[None]:
    """Collect no garbage: that would only walk over tens of thousands of objects that all stay."""
    if not gc.isenabled():
        yield
        return
    gc.disable()
    try:
        yield
    finally:
        if gc.get_freeze_count() == 0:
            # Counts all as old, so that the next collection does not walk over them either.
            gc.freeze()
            gc.unfreeze()
        gc.enable()

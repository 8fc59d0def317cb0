"""Build a catalog in an empty database, as pgwright itself would create it."""

from __future__ import annotations

import dataclasses
from collections.abc import Collection, Iterable, Iterator
from contextlib import contextmanager, suppress
from datetime import UTC, datetime
from typing import Any

import psycopg
from psycopg import Connection

from pgwright.diff.built_in import with_built_in
from pgwright.diff.compare import differing_fields
from pgwright.diff.execute import Spelling, execute_steps
from pgwright.diff.planner import make_plan
from pgwright.kinds.contract import Context
from pgwright.kinds.registry import kind
from pgwright.kinds.steps import parent_of
from pgwright.kinds.timeseries.engines import neutral, with_engine_of
from pgwright.model.catalog import Catalog, ServerFacts
from pgwright.model.plan import Plan, Step
from pgwright.pg.connect import connect
from pgwright.pg.pipeline import keep_plans
from pgwright.server.scratch import ensure_roles, scratch_database
from pgwright.sources.database import read_catalog

_FROM_THE_START = ("schema", "extension", "default_privilege", "owner", "grant", "comment")

_BATCH = 100


def empty_catalog(server: ServerFacts) -> Catalog:
    """Return the catalog of a database in which nothing was made yet."""
    return Catalog(server=server, objects={}, source="nothing", captured_at=datetime.now(UTC))


def creation_plan(catalog: Catalog, present: Catalog | None = None) -> Plan:
    """Return the plan that makes everything in `catalog`, beyond what is `present` already."""
    if present is None:
        return make_plan(empty_catalog(catalog.server), catalog, online=False)
    return make_plan(present, _with(present, catalog), online=False)


def empty_database(scratch: str) -> Catalog:
    """Return what a new database on the scratch server holds from the start: the schema public."""
    with scratch_database(server=scratch) as place, connect(place.url) as conn:
        return _read_empty(conn)


def _read_empty(conn: Connection[Any]) -> Catalog:
    """Read a copy of template0: the other kinds, of which it has nothing, take five times as long."""
    return read_catalog(conn, source="nothing", kinds=_FROM_THE_START)


def as_on_scratch(catalog: Catalog, conn: Connection[Any]) -> Catalog:
    """Return the catalog as a scratch server can hold it, its declarations carried out without TimescaleDB.

    The extension itself stays where the server has it, for the functions that views call.
    """
    offered = conn.execute("SELECT FROM pg_available_extensions WHERE name = 'timescaledb'").fetchone()
    return neutral(catalog, keep_extension=offered is not None)


def roles_of(catalog: Catalog) -> tuple[str, ...]:
    """Return the roles that owners, grants and row policies of the catalog name, PUBLIC left out."""
    found: set[str] = set()
    for o in catalog:
        found.update(getattr(o, "role_names", ()))
    return tuple(sorted(found - {"PUBLIC", "public"}))


@dataclasses.dataclass(frozen=True, kw_only=True)
class Copy:
    """Hold a copy of a catalog on scratch: where it stands, a session there, and what was read back.

    `spelt` gives statements as that server understands them.
    """

    url: str
    conn: Connection[tuple[Any, ...]]
    catalog: Catalog
    spelt: Spelling


@contextmanager
def copied(catalog: Catalog, *, scratch: str, roles: Collection[str] = ()) -> Iterator[Copy]:
    """Create the catalog's objects in a scratch database and read back what stands there.

    Roles that the catalog names, and `roles`, are made without login on an embedded server. Reading back
    what another version of PostgreSQL deparsed makes two catalogs comparable.
    """
    with scratch_database(server=scratch) as place, connect(place.url, autocommit=True) as conn:
        if place.embedded:
            ensure_roles(place.url, sorted({*roles_of(catalog), *roles}))
        plan = creation_plan(as_on_scratch(catalog, conn), _read_empty(conn))
        spelt = with_built_in(catalog, place.server_version, place.spelt)
        execute_steps(conn, _in_larger_batches(plan.steps), timeouts=False, spelt=spelt)
        # From here on the database is about as large as it will be.
        keep_plans(conn)
        copy = read_catalog(conn, source=catalog.source)
        if _name_derived_indexes(conn, catalog, copy):
            copy = read_catalog(conn, source=catalog.source)
        yield Copy(url=place.url, conn=conn, catalog=copy, spelt=spelt)


def _in_larger_batches(steps: Iterable[Step]) -> Iterator[Step]:
    """Let steps share transactions, which nobody else waits for here.

    Not all of them one: each table, index and sequence takes a place in the server's table of locks.
    """
    for place, step in enumerate(steps):
        yield dataclasses.replace(step, batch=place // _BATCH) if step.transactional else step


def rebuilt(catalog: Catalog, *, scratch: str) -> Catalog:
    """Return the catalog as the scratch server's version of PostgreSQL deparses it.

    What acts on its declarations is what does where it was read: the scratch server has no TimescaleDB.
    """
    with copied(catalog, scratch=scratch) as copy:
        return with_engine_of(copy.catalog, catalog)


def _name_derived_indexes(conn: Connection[Any], catalog: Catalog, copy: Catalog) -> int:
    """Give the indexes that PostgreSQL made for partitions the names that they have in the catalog.

    Such an index counts as soon as its partition is detached, and then by its own name. Returns how many
    were renamed.
    """
    renamed = 0
    for wanted in catalog:
        if not wanted.derived or wanted.id.kind not in {"index", "constraint"} or wanted.id in copy:
            continue
        for made in copy.children(parent_of(wanted.id), wanted.id.kind):
            if made.derived and made.id not in catalog and not differing_fields(made, wanted):
                rename = kind(made.id.kind).rename
                context = Context(before=copy, after=copy, server=copy.server)
                for step in rename(made, wanted.id, context) if rename else ():
                    with suppress(psycopg.Error):
                        # A key of a partition is renamed by its index; an inherited check cannot be.
                        conn.execute(step.sql.encode())
                        renamed += 1
                break
    return renamed


def _with(present: Catalog, wanted: Catalog) -> Catalog:
    """Return what shall stand in a new database: a catalog that speaks of schemas says all of it.

    Any other is laid over what is there from the start, the schema public.
    """
    if wanted.of("schema"):
        return wanted
    return dataclasses.replace(wanted, objects={**present.objects, **wanted.objects})

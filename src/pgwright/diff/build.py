"""Build a catalog in an empty database, as pgwright itself would create it."""

from __future__ import annotations

import dataclasses
from collections.abc import Collection
from datetime import UTC, datetime

from pgwright.diff.execute import execute_steps
from pgwright.diff.planner import make_plan
from pgwright.model.catalog import Catalog, ServerFacts
from pgwright.model.plan import Plan
from pgwright.pg.connect import connect
from pgwright.server.scratch import ScratchDatabase, ensure_roles
from pgwright.sources.database import read_catalog


def empty_catalog(server: ServerFacts) -> Catalog:
    """Return the catalog of a database in which nothing was made yet."""
    return Catalog(server=server, objects={}, source="nothing", captured_at=datetime.now(UTC))


def creation_plan(catalog: Catalog, *, server: ServerFacts | None = None) -> Plan:
    """Return the plan that makes everything in `catalog` from nothing."""
    return make_plan(empty_catalog(server or catalog.server), catalog, online=False)


def roles_of(catalog: Catalog) -> tuple[str, ...]:
    """Return the roles that owners, grants and row policies of the catalog name, PUBLIC left out."""
    found: set[str] = set()
    for o in catalog:
        found.update(getattr(o, "role_names", ()))
    return tuple(sorted(found - {"PUBLIC", "public"}))


def build(catalog: Catalog, scratch: ScratchDatabase) -> Catalog:
    """Create the catalog's objects in a scratch database and return what is read back there.

    Roles that the catalog names are made without login on an embedded server. Reading back what another
    version of PostgreSQL deparsed makes two catalogs comparable.
    """
    if scratch.embedded:
        ensure_roles(scratch.url, roles_of(catalog))
    with connect(scratch.url, autocommit=True) as conn:
        present = read_catalog(conn, source="scratch")
        plan = make_plan(present, _with(present, catalog), online=False)
        execute_steps(conn, plan.steps, timeouts=False)
        return read_catalog(conn, source=catalog.source)


def _with(present: Catalog, wanted: Catalog) -> Catalog:
    """Return the wanted catalog over what an empty database holds already (the schema public)."""
    merged = {**present.objects, **wanted.objects}
    return dataclasses.replace(wanted, objects=merged)


def same_version(one: Catalog, other: Catalog) -> bool:
    """Tell whether both were deparsed by the same major version, so that their texts compare."""
    return one.server.major == other.server.major


def schemas_of(catalog: Catalog) -> Collection[str]:
    """Return the names of the schemas that the catalog's relations stand in."""
    return {o.id.root.name.schema for o in catalog if o.id.root.name.schema is not None}

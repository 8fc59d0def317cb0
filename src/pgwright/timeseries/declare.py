"""Declare policies in a database: as an edit of its catalog, carried out like every other change."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from typing import Any

import psycopg
from psycopg import Connection

from pgwright.diff.planner import make_plan
from pgwright.errors import PolicyError
from pgwright.kinds.engines import rollup_relation
from pgwright.kinds.policy_records import declared_object
from pgwright.kinds.registry import kind
from pgwright.kinds.steps import parent_of
from pgwright.kinds.table import Table
from pgwright.model.catalog import Catalog, CatalogObject
from pgwright.model.names import ObjectId, QualifiedName
from pgwright.model.plan import Plan
from pgwright.model.policy import Policy, TimeSeries
from pgwright.model.selection import without_orphans
from pgwright.pg.statements import statement_error
from pgwright.sources.database import read_catalog

POLICY_KINDS = ("time_series", "compression", "retention", "rollup")

# Where the last declaration is gone, nothing of pgwright's stays, unless it keeps something else there.
_TIDY = b"""DO $pgwright$ BEGIN
IF to_regclass('pgwright.policy') IS NOT NULL THEN
    IF NOT EXISTS (SELECT FROM pgwright.policy) THEN
        DROP TABLE pgwright.policy;
        DROP SCHEMA pgwright;
    END IF;
END IF;
EXCEPTION WHEN dependent_objects_still_exist THEN NULL;
END $pgwright$"""


@dataclass(frozen=True, kw_only=True)
class Edit:
    """Say that a policy of a table shall hold, or with `gone` that it shall no longer."""

    table: QualifiedName
    policy: Policy
    gone: bool = False


def edited(catalog: Catalog, edits: Iterable[Edit]) -> Catalog:
    """Return the catalog as the edits want it. Raises `PolicyError` for a table that is not there."""
    objects = dict(catalog.objects)
    for edit in edits:
        table = ObjectId("table", edit.table)
        o = declared_object(kind(edit.policy.kind).cls, edit.policy, table)
        if edit.gone:
            objects.pop(o.id, None)
        else:
            _require_table(table, objects)
            objects[o.id] = o
        found = objects.get(table)
        if isinstance(edit.policy, TimeSeries) and isinstance(found, Table):
            column = None if edit.gone else edit.policy.column
            objects[table] = replace(found, time_column=column, partition_key=None)
    objects |= {id: _with_needs(o, objects) for id, o in objects.items() if id.kind == "rollup"}
    return replace(catalog, objects=without_orphans(objects))


def _with_needs(rollup: CatalogObject, objects: Mapping[ObjectId, CatalogObject]) -> CatalogObject:
    """Return the rollup with what has to be there first: its source or what fills it, and its own table."""
    table, own = parent_of(rollup.id), rollup_relation(rollup.id)
    above = [id for id in objects if id.kind == "rollup" and rollup_relation(id) == table]
    adopted = [own] if own in objects and not objects[own].derived else []
    return replace(rollup, depends_on=(*(above or [table]), *adopted))


def _require_table(table: ObjectId, objects: Mapping[ObjectId, CatalogObject]) -> None:
    made = {rollup_relation(id) for id in objects if id.kind == "rollup"}
    if table not in objects and table not in made:
        raise PolicyError(
            f"there is no table {table.path} to declare a policy about",
            detail="nothing was changed",
            hint="create the table first, or correct the name",
        )


def plan_edits(conn: Connection[Any], edits: Iterable[Edit], *, online: bool = False) -> Plan:
    """Return the plan that makes the edits hold in the database behind `conn`."""
    before = read_catalog(conn, source="here")
    return make_plan(before, edited(before, edits), online=online)


def declare(conn: Connection[Any], edits: Iterable[Edit]) -> Plan:
    """Make the edits hold, within the transaction that `conn` is in, and return the plan that was run.

    Raises `PolicyError` for what the table or the server cannot bear and `StatementError` for a statement
    that fails; the transaction is then to be rolled back.
    """
    edits = tuple(edits)
    plan = plan_edits(conn, edits)
    for step in plan.steps:
        try:
            conn.execute(step.sql.encode())
        except psycopg.Error as exc:
            error = statement_error(exc, step.sql, conn=conn, left="its transaction has to be rolled back")
            error.detail = f"{step.summary} failed; {error.detail}"
            raise error from exc
    if all(edit.gone for edit in edits):
        conn.execute(_TIDY)
    return plan

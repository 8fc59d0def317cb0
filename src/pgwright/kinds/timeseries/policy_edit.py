"""Policies put into a catalog, or taken out of it: what a declaration makes of a database."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from typing import Any

from pgwright.errors import PolicyError
from pgwright.kinds.registry import kind
from pgwright.kinds.steps import parent_of
from pgwright.kinds.table import Table
from pgwright.kinds.timeseries.engines import rollup_relation
from pgwright.kinds.timeseries.policy_records import declared_object
from pgwright.kinds.timeseries.rollup_names import joined_table
from pgwright.model.catalog import Catalog, CatalogObject
from pgwright.model.names import ObjectId, QualifiedName
from pgwright.model.policy import Policy, TimeSeries
from pgwright.model.selection import without_orphans


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
    """Return the rollup with what has to be there first: the tables that it reads, and the one it fills."""
    table, own = parent_of(rollup.id), rollup_relation(rollup.id)
    above = [id for id in objects if id.kind == "rollup" and rollup_relation(id) == table]
    adopted = [own] if own in objects and not objects[own].derived else []
    joined = [joined_table(table, fields[0]) for fields in getattr(rollup, "joins", ())]
    wanted: dict[str, Any] = {"depends_on": (*(above or [table]), *adopted, *joined)}
    # What is declared names the columns that there are; another declaration may follow that does.
    named = {*getattr(rollup, "group_by", ()), *filter(None, [getattr(rollup, "column", "")])}
    if getattr(rollup, "stale", False) and all(
        ObjectId("column", QualifiedName(None, n), table) in objects for n in named
    ):
        wanted["stale"] = False
    return replace(rollup, **wanted)


def _require_table(table: ObjectId, objects: Mapping[ObjectId, CatalogObject]) -> None:
    made = {rollup_relation(id) for id in objects if id.kind == "rollup"}
    if table not in objects and table not in made:
        raise PolicyError(
            f"there is no table {table.path} to declare a policy about",
            detail="nothing was changed",
            hint="create the table first, or correct the name",
        )

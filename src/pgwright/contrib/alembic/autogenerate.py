"""Alembic's own autogenerate, and ``alembic check``, see what models declare about tables over time.

Importing this module tells Alembic; `pgwright.contrib.sqlalchemy.beside_policies`, which env.py calls, does.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING, Any

from alembic.autogenerate import comparators, renderers
from alembic.operations.ops import MigrateOperation
from sqlalchemy import MetaData

from pgwright.contrib.sqlalchemy.timeseries import driver_of, edits_of
from pgwright.kinds.registry import kind
from pgwright.kinds.timeseries.engines import rollup_relation
from pgwright.kinds.timeseries.policy_records import declared_object, policy_object
from pgwright.migrate.writing.policy_code import policy_calls, policy_import
from pgwright.model.catalog import CatalogObject
from pgwright.model.names import ObjectId
from pgwright.model.policy import POLICY_KINDS
from pgwright.timeseries.records import declarations

if TYPE_CHECKING:
    from alembic.autogenerate.api import AutogenContext
    from alembic.operations.ops import UpgradeOps

Objects = dict[ObjectId, CatalogObject]


class ChangePolicy(MigrateOperation):
    """Declare the policy `new`, or withdraw `old` where there is no new one."""

    def __init__(self, old: CatalogObject | None, new: CatalogObject | None) -> None:
        self.old = old
        self.new = new

    def reverse(self) -> ChangePolicy:
        """Return the way back."""
        return ChangePolicy(self.new, self.old)

    def to_diff_tuple(self) -> tuple[Any, ...]:
        """Return what Alembic prints of it."""
        told = self.new or self.old
        verb = "remove" if self.new is None else "add" if self.old is None else "modify"
        return f"{verb}_policy", str(told.id if told else "")


@comparators.dispatch_for("schema")
def _compare(context: AutogenContext, operations: UpgradeOps, schemas: object) -> None:
    """Add what leads from the declarations in force to those of the models.

    A project whose models declare nothing may do so in its migrations alone: nothing of theirs is withdrawn.
    """
    given = context.metadata
    found = [given] if isinstance(given, MetaData) else list(given or ())
    wanted = _wanted(found)
    if not wanted or context.connection is None or context.connection.dialect.name != "postgresql":
        return
    present = _present(context.connection, found, wanted)
    gone = [o for id, o in present.items() if id not in wanted]
    operations.ops.extend(ChangePolicy(o, None) for o in reversed(_in_order(gone)))
    for o in _in_order(wanted.values()):
        old = present.get(o.id)
        if old is None or any(getattr(old, f.name) != getattr(o, f.name) for f in o.defining_fields()):
            operations.ops.append(ChangePolicy(old, o))


def _wanted(found: Iterable[MetaData]) -> Objects:
    edits = edits_of(table for metadata in found for table in metadata.tables.values())
    made = (declared_object(kind(e.policy.kind).cls, e.policy, ObjectId("table", e.table)) for e in edits)
    return {o.id: o for o in made}


def _present(connection: Any, found: Iterable[MetaData], wanted: Objects) -> Objects:
    """Return what is in force about the tables of the models, and about rollups over these."""
    records = [r for r in declarations(driver_of(connection)).records if r.recorded]
    objects = [policy_object(kind(r.kind).cls, r) for r in records]
    default = connection.dialect.default_schema_name
    known = {(t.schema or default, t.name) for metadata in found for t in metadata.tables.values()}
    rollups = {rollup_relation(o.id) for o in (*objects, *wanted.values()) if o.id.kind == "rollup"}
    return {
        o.id: o
        for o, r in zip(objects, records, strict=True)
        if (r.schema, r.table_name) in known or r.table in rollups
    }


def _in_order(objects: Iterable[CatalogObject]) -> list[CatalogObject]:
    """Return policies as they are to be declared: a rollup of a rollup after it."""
    found = list(objects)
    made = {rollup_relation(o.id): o for o in found if o.id.kind == "rollup"}

    def depth(o: CatalogObject) -> int:
        above = made.get(o.id.parent) if o.id.parent else None
        return 0 if above is None else depth(above) + 1

    return sorted(found, key=lambda o: (POLICY_KINDS.index(o.id.kind), depth(o), str(o.id)))


@renderers.dispatch_for(ChangePolicy)
def _render(context: AutogenContext, operation: ChangePolicy) -> list[str]:
    function = "declare_policies" if operation.new else "withdraw_policies"
    code = list(policy_calls(function, [o for o in (operation.new or operation.old,) if o]))
    context.imports.update(policy_import("\n".join(code)))
    return code

"""Columns that store rows of another table, whose row type is theirs.

PostgreSQL gives no row of a table another value on its own (another type, a default for the rows that are
there, an identity) while a column of that table's row type exists anywhere: it cannot find those rows.
"""

from __future__ import annotations

from collections.abc import Iterable

from psycopg import sql

from pgwright.kinds.contract import Context, reached
from pgwright.kinds.steps import name_of, parent_of, step
from pgwright.kinds.tables.column_types import Column
from pgwright.kinds.types.retyping import BUILT_ON_TYPES
from pgwright.model.catalog import Catalog
from pgwright.model.locks import LockMode
from pgwright.model.names import ObjectId
from pgwright.model.plan import Phase, Step
from pgwright.pg.quoting import Name


def storing(tables: Iterable[ObjectId], catalog: Catalog) -> tuple[ObjectId, ...]:
    """Return the columns of other tables that store rows of the tables, also inside of other types."""

    def built_on(at: ObjectId) -> Iterable[ObjectId]:
        return (id for id in catalog.dependents.get(at, ()) if id.kind in BUILT_ON_TYPES)

    found: dict[ObjectId, None] = {}
    for table in tables:
        for type in reached(table, built_on):
            columns = (id for id in catalog.dependents.get(type, ()) if id.kind == "column")
            found |= {id: None for id in columns if id.root != table and not catalog.objects[id].derived}
    return tuple(found)


def stored_rows(table: ObjectId, context: Context) -> tuple[ObjectId, ...]:
    """Return what stores rows of the table, or of its heirs, before the plan: columns, or tables that go."""
    if context.is_new(table):
        return ()
    columns = storing(context.with_descendants(table), context.before)
    return tuple(dict.fromkeys(id.root if id.root in context.dropped else id for id in columns))


def fill(o: Column, context: Context) -> Step:
    """Return the step that gives the rows of a table that stands the default of a new column."""
    table, name = parent_of(o.id), Name(o.id.name.name)
    return step(
        o.id,
        sql.SQL("UPDATE {} SET {name} = DEFAULT WHERE {name} IS NULL").format(name_of(table), name=name),
        f"fill {o.id} of the rows that are there",
        lock=LockMode.ROW_EXCLUSIVE,
        on=context.with_descendants(table),
        phase=Phase.BACKFILL,
    )

"""A table that is built and filled beside the one whose place it takes, and the exchange of the two."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from psycopg import sql

from pgwright.kinds.steps import name_of, short_name, step
from pgwright.kinds.timeseries.partition_steps import CONVERTED, aside
from pgwright.kinds.timeseries.policy_records import relation
from pgwright.model.locks import LockMode
from pgwright.model.names import ObjectId, QualifiedName
from pgwright.pg.quoting import Name, literal

if TYPE_CHECKING:
    from pgwright.kinds.contract import Context
    from pgwright.model.catalog import Catalog, CatalogObject
    from pgwright.model.plan import Step

_PARTS = frozenset({"column", "default", "constraint", "index"})


def prepared_id(table: ObjectId) -> ObjectId:
    """Return the identity that a table has until it takes its place."""
    return table._replace(
        name=QualifiedName(table.name.schema, _prepared_name(table.name.name)),
    )


def set_aside_id(table: ObjectId) -> ObjectId:
    """Return the identity of the table whose place was taken."""
    return aside(table, CONVERTED)


def _prepared_name(name: str) -> str:
    return short_name(f"{name}_converting")


def prepared_parts(
    catalog: Catalog, table: ObjectId, *, partition_key: str | None
) -> Iterator[CatalogObject]:
    """Yield the objects of a table under its preliminary identity: columns, keys, checks, indexes.

    What refers to other tables is left out: a foreign key of a copy that lags behind would forbid others to
    delete their rows. Indexes and keys have preliminary names, since these are names of relations.
    """
    names = {
        o.id: ObjectId(o.id.kind, QualifiedName(None, _prepared_name(o.id.name.name)), prepared_id(table))
        for o in catalog.children(table)
        if o.id.kind == "index" or getattr(o, "is_key", False)
    }

    def moved(id: ObjectId) -> ObjectId:
        if id in names:
            return names[id]
        if id == table:
            return prepared_id(table)
        return id._replace(parent=moved(id.parent)) if id.parent is not None else id

    for o in catalog:
        if o.id.root != table or (o.id != table and o.id.kind not in _PARTS):
            continue
        if o.derived or getattr(o, "type", "") == "f":
            continue
        more: dict[str, Any] = {}
        if o.id == table:
            more = {"time_column": None, "partition_key": partition_key}
        elif getattr(o, "sequence", None):
            more = {"sequence": None}
        yield replace(o, id=moved(o.id), depends_on=tuple(moved(d) for d in o.depends_on), **more)


def put_in_place(table: ObjectId, context: Context) -> Step:
    """Return the step that gives a prepared table, its keys, indexes and sequences their names."""
    old = set_aside_id(table)
    lines: list[sql.Composable] = [
        sql.SQL("ALTER TABLE {} RENAME TO {}").format(name_of(context.prepared[table]), Name(table.name.name))
    ]
    sequences: list[sql.Composable] = []
    for part in context.after.children(table):
        name = part.id.name.name
        if part.derived:
            continue
        if part.id.kind == "index":
            lines.append(
                sql.SQL("ALTER INDEX {} RENAME TO {}").format(
                    Name(table.name.schema or "public", _prepared_name(name)), Name(name)
                )
            )
        elif getattr(part, "is_key", False):
            lines.append(
                sql.SQL("ALTER TABLE {} RENAME CONSTRAINT {} TO {}").format(
                    name_of(table), Name(_prepared_name(name)), Name(name)
                )
            )
        elif getattr(part, "identity", ""):
            sequences.append(_take_over_sequence(table, old, name))
    # What is declared about the table follows it by its OID, and has to come over.
    lines.append(
        sql.SQL(
            "DO $pgwright$\nDECLARE old_sequence regclass; new_sequence regclass; sequence_name name;\n"
            "BEGIN\nIF to_regclass('pgwright.policy') IS NOT NULL THEN\n"
            "    UPDATE pgwright.policy SET relation = {} WHERE relation = {};\nEND IF;\n{}END $pgwright$"
        ).format(relation(table), relation(old), sql.SQL("").join(sequences))
    )
    return step(
        table,
        sql.SQL(";\n").join(lines),
        f"let the table that was filled be {table.path}",
        lock=LockMode.ACCESS_EXCLUSIVE,
        on=(table,),
    )


def _take_over_sequence(table: ObjectId, old: ObjectId, column: str) -> sql.Composed:
    """Compose what lets an identity column go on where the old one stopped, under the old sequence's name."""
    return sql.SQL(
        "old_sequence := pg_get_serial_sequence({old}, {column});\n"
        "new_sequence := pg_get_serial_sequence({table}, {column});\n"
        "SELECT relname INTO sequence_name FROM pg_class WHERE oid = old_sequence;\n"
        "EXECUTE format('SELECT setval(%L, last_value, is_called) FROM %s', new_sequence, old_sequence);\n"
        "EXECUTE format('ALTER SEQUENCE %s RENAME TO %I', old_sequence, {aside});\n"
        "EXECUTE format('ALTER SEQUENCE %s RENAME TO %I', new_sequence, sequence_name);\n"
    ).format(
        table=literal(name_of(table).as_string()),
        old=literal(name_of(old).as_string()),
        column=literal(column),
        aside=literal(short_name(f"{table.name.name}_{column}_{CONVERTED}")),
    )

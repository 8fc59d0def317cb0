"""The clauses of CREATE TABLE."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, cast

from psycopg import sql

from pgwright.kinds.column_override import differing, override_of
from pgwright.kinds.steps import name_of
from pgwright.kinds.tables.not_null_name import FIRST_NAMED
from pgwright.pg.quoting import Name, deparsed, literal

if TYPE_CHECKING:
    from pgwright.kinds.contract import Context
    from pgwright.kinds.table import Table
    from pgwright.kinds.tables.column_types import Column


def flavour(o: Table) -> list[sql.Composable]:
    """Compose the word before TABLE."""
    if o.server:
        return [sql.SQL("FOREIGN")]
    return [sql.SQL("UNLOGGED")] if o.unlogged else []


def body(o: Table, context: Context) -> list[sql.Composable]:
    """Compose what the table is made of: parts, parent and bound, or type."""
    from pgwright.kinds.registry import kind

    fragments: list[sql.Composable] = []
    for part in context.inlined.get(o.id, ()):
        inline = kind(part.id.kind).inline
        fragment = inline(part, context) if inline else None
        if fragment is not None:
            fragments.append(fragment)
    fragments.extend(_decided(column, context) for column in differing(o.id, context))
    fragments.extend(_said_again(o, context))
    columns = sql.SQL("(\n    {}\n)").format(sql.SQL(",\n    ").join(fragments))
    if o.partition_of:
        parts = [sql.SQL("PARTITION OF {}").format(name_of(o.partition_of))]
        if fragments:
            parts.append(columns)
        return [*parts, deparsed(o.partition_bound or "DEFAULT")]
    if o.of_type:
        return [deparsed(f"OF {o.of_type}"), *([columns] if fragments else [])]
    return [columns if fragments else sql.SQL("()")]


def _said_again(o: Table, context: Context) -> Iterator[sql.Composable]:
    """Compose the NOT NULLs that an heir was given by itself, too: it keeps them when the parent's go."""
    if context.server.major < FIRST_NAMED:
        return
    for part in context.after.children(o.id, "column"):
        column = cast("Column", part)
        name = column.not_null_constraint if column.derived and column.not_null_local else None
        if name and not getattr(context.after.get(override_of(column.id)), "not_null", False):
            yield sql.SQL("CONSTRAINT {} NOT NULL {}").format(Name(name), Name(column.id.name.name))


def _decided(column: Column, context: Context) -> sql.Composable:
    """Compose what a column that comes from parents says against them; its default follows."""
    name = Name(column.id.name.name)
    if column.expression is None:
        return sql.SQL("{} {} DEFAULT NULL").format(name, deparsed(column.type))
    stored = "STORED" if column.generated == "s" else "VIRTUAL"
    text = f"GENERATED ALWAYS AS ({column.expression}) {stored}"
    return sql.SQL("{} {} {}").format(name, deparsed(column.type), deparsed(text))


def tail(o: Table, context: Context) -> list[sql.Composable]:
    """Compose what follows: parents, partitioning, server, storage."""
    tail: list[sql.Composable] = []
    if o.inherits:
        tail.append(sql.SQL("INHERITS ({})").format(sql.SQL(", ").join(name_of(p) for p in o.inherits)))
    if o.partition_key:
        tail.append(deparsed(f"PARTITION BY {o.partition_key}"))
    elif o.time_column and not context.server.timescaledb:
        tail.append(sql.SQL("PARTITION BY RANGE ({})").format(Name(o.time_column)))
    if o.server:
        tail.append(sql.SQL("SERVER {}").format(Name(o.server)))
        if o.server_options:
            tail.append(sql.SQL("OPTIONS ({})").format(sql.SQL(", ").join(map(_option, o.server_options))))
    if o.access_method != "heap":
        tail.append(sql.SQL("USING {}").format(Name(o.access_method)))
    if o.options:
        tail.append(sql.SQL("WITH ({})").format(sql.SQL(", ").join(map(parameter, o.options))))
    if o.tablespace:
        tail.append(sql.SQL("TABLESPACE {}").format(Name(o.tablespace)))
    return tail


def parameter(option: str) -> sql.Composable:
    """Compose a storage parameter: a name, dotted for those of TOAST, and its value."""
    name, _, value = option.partition("=")
    return sql.SQL("{} = {}").format(deparsed(name), literal(value))


def _option(option: str) -> sql.Composable:
    name, _, value = option.partition("=")
    return sql.SQL("{} {}").format(Name(name), literal(value))

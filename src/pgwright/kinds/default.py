"""Defaults of columns, apart from their columns because a sequence or a function may have to come between."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

from psycopg import sql

from pgwright.kinds.contract import Address, Alteration, Context, Found, Kind, Reading, SystemCatalog
from pgwright.kinds.sequence import (
    INTEGERS,
    Sequence,
    continue_numbering,
    hold_position,
    is_taken_up,
    name_literal,
)
from pgwright.kinds.settled import settled
from pgwright.kinds.steps import alter_parent, parent_of
from pgwright.kinds.tables.column_types import left_empty
from pgwright.model.catalog import Catalog, CatalogObject, fact
from pgwright.model.change import Change
from pgwright.model.names import ObjectId, QualifiedName
from pgwright.model.plan import Phase, Step
from pgwright.pg.quoting import Name, deparsed

# A sequence that a text names is looked up anew for each row; PostgreSQL knows of no dependence on it.
_NAMED = re.compile(r"nextval\(\('(?:(?P<schema>\w+)\.)?(?P<name>\w+)'::text\)::regclass\)")


@dataclass(frozen=True, kw_only=True)
class Default(CatalogObject):
    """Define the default of a column by the expression that PostgreSQL deparsed.

    `volatile` tells that the expression calls a function whose results differ from row to row, `constant`
    that nothing in it depends on when and by whom it is computed.
    """

    expression: str
    volatile: bool = fact(False)
    constant: bool = fact(True)


def read(reading: Reading) -> Iterator[Found]:
    """Yield the defaults of the columns found before."""
    for r in reading.rows("default"):
        column = reading.ids.get(Address(SystemCatalog.CLASS, r.relid, r.number))
        if column is None:
            table = reading.id_of(SystemCatalog.CLASS, r.relid)
            if table is None:
                continue
            column = ObjectId("column", QualifiedName(None, r.column_name), table)
        default = Default(
            id=ObjectId("default", QualifiedName(None, "default"), column),
            derived=r.derived,
            expression=settled(r.expression),
            volatile=r.volatile,
            constant=r.constant,
        )
        yield Found(default, (Address(SystemCatalog.ATTRDEF, r.oid),))


def _set(o: Default, context: Context) -> Step:
    column = parent_of(o.id)
    text = sql.SQL("ALTER COLUMN {} SET DEFAULT {}").format(Name(column.name.name), deparsed(o.expression))
    return alter_parent(o.id, text, f"set the default of {column}", context)


def create(o: Default, context: Context) -> tuple[Step, ...]:
    """Return the SET DEFAULT; existing rows keep their values, and a new sequence goes on after them."""
    return (_set(o, context), *_again(o, context), *_after_greatest(o, context))


def counters(o: Default, catalog: Catalog) -> Iterator[ObjectId]:
    """Yield the sequences of the catalog that the default takes its numbers from."""
    yield from (id for id in o.depends_on if id.kind == "sequence")
    for match in _NAMED.finditer(o.expression):
        schemas = [match["schema"]] if match["schema"] else [o.id.root.name.schema, "public"]
        named = (ObjectId("sequence", QualifiedName(schema, match["name"])) for schema in schemas)
        yield from (id for id in [next((id for id in named if id in catalog), None)] if id is not None)


def _after_greatest(o: Default, context: Context) -> Iterator[Step]:
    column = parent_of(o.id)
    if context.is_new(column) or getattr(context.after.get(column), "type", None) not in INTEGERS:
        return
    for id in counters(o, context.after):
        sequence = context.after.get(id)
        # One that the column owns goes on when it comes to own it.
        owned = any(getattr(link, "column", None) == column for link in context.after.children(id))
        if isinstance(sequence, Sequence) and context.is_new(id) and not owned:
            yield continue_numbering(o.id, column, name_literal(id), sequence.options, shared=True)


def _again(o: Default, context: Context) -> Iterator[Step]:
    """Yield the defaults that inheriting tables have of their own: the parent's change reaches them."""
    column = parent_of(o.id)
    for table in context.with_descendants(parent_of(column))[1:]:
        own = context.after.get(o.id._replace(parent=column._replace(parent=table)))
        if isinstance(own, Default) and not own.derived:
            yield _set(own, context)


def drop(o: Default, context: Context) -> tuple[Step, ...]:
    """Return the DROP DEFAULT, or nothing where the column goes."""
    if context.goes_with_parent(o.id):
        return ()
    column = parent_of(o.id)
    text = sql.SQL("ALTER COLUMN {} DROP DEFAULT").format(Name(column.name.name))
    hazards = () if o.id in context.created else left_empty(context.after.get(column))
    summary = f"drop the default of {column}"
    step = alter_parent(o.id, text, summary, context, hazards=hazards, phase=Phase.CONTRACT)
    held = (hold_position(id, column) for id in o.depends_on if is_taken_up(id, column, context))
    # Nobody takes a number from the sequence any more.
    return (step, *_again(o, context), *held)


def alter(change: Change, context: Context) -> Alteration:
    """Set the other expression."""
    assert isinstance(change.after, Default)
    return Alteration(steps=create(change.after, context))


def inline(o: Default, context: Context) -> sql.Composable | None:
    """Return the clause for the column's definition."""
    return deparsed(f"DEFAULT {o.expression}")


def numbers(o: Default, context: Context) -> ObjectId | None:
    """Name the column, whose new rows get another value."""
    return o.id.parent


def claims(o: Default) -> tuple[tuple[str, ...], ...]:
    """Occupy the place in which an identity would give the values."""
    return (("value", str(parent_of(o.id))),)


KIND = Kind(
    name="default",
    cls=Default,
    rank=42,
    read=read,
    create=create,
    drop=drop,
    alter=alter,
    inline=inline,
    numbers=numbers,
    claims=claims,
)

"""What a column of a partition, an heir or a typed table has otherwise than it is given.

The column itself is derived: it comes and goes with the parent's. What it has of its own is an object below.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace

from psycopg import sql

from pgwright.errors import UnsupportedChange
from pgwright.kinds.contract import (
    Address,
    Alteration,
    Context,
    Found,
    Kind,
    Reading,
    SystemCatalog,
    parents_of,
)
from pgwright.kinds.sequence import SequenceOptions
from pgwright.kinds.steps import alter_parent, parent_of
from pgwright.kinds.tables.column_types import Column, as_retyped
from pgwright.kinds.tables.identity import (
    change_identity,
    drop_identity,
    identity_options,
    retype_sequence,
)
from pgwright.kinds.tables.not_null import change_not_null, set_not_null
from pgwright.kinds.tables.not_null_name import FIRST_NAMED, chosen_name
from pgwright.model.catalog import Catalog, CatalogObject, fact
from pgwright.model.change import Change
from pgwright.model.names import ObjectId, QualifiedName
from pgwright.model.plan import Phase, Step
from pgwright.pg.quoting import Name, deparsed

# A change of these in a parent reaches its heirs; a change of the rest does not.
_REACHING = ("storage", "statistics", "expression")
# These a new table has from its parent.
_GIVEN = ("storage", "compression")


@dataclass(frozen=True, kw_only=True)
class ColumnOverride(CatalogObject):
    """Hold what a derived column has otherwise; what is None or empty is as given.

    `not_null` forbids nulls where no parent does. `statistics` is -1 where the column goes without the target
    of its parent, and `compression` is empty likewise. An identity and the `sequence` behind it are as those
    of a column: they come from no parent.
    """

    not_null: bool = False
    not_null_name: str | None = None
    not_null_valid: bool = True
    not_null_inherits: bool = True
    storage: str | None = None
    compression: str | None = None
    statistics: int | None = None
    options: tuple[str, ...] = ()
    foreign_options: tuple[str, ...] = ()
    expression: str | None = None
    identity: str = ""
    identity_options: SequenceOptions | None = None
    sequence: QualifiedName | None = fact(None)


def read(reading: Reading) -> Iterator[Found]:
    """Yield what the derived columns found before have of their own."""
    for r in reading.rows("column_override"):
        column = reading.ids.get(Address(SystemCatalog.CLASS, r.relid, r.number))
        if column is None:
            continue
        override = ColumnOverride(
            id=override_of(column),
            depends_on=tuple(
                id
                for relid, number in zip(r.parents, r.parent_numbers, strict=True)
                if (id := reading.ids.get(Address(SystemCatalog.CLASS, relid, number)))
            ),
            not_null=r.not_null,
            not_null_name=chosen_name(r.constraint_name),
            not_null_valid=r.constraint_valid,
            not_null_inherits=not r.constraint_no_inherit,
            storage=r.storage,
            compression=r.compression,
            statistics=r.statistics,
            options=tuple(r.options),
            foreign_options=tuple(r.foreign_options),
            expression=r.expression,
            identity=r.identity,
            identity_options=identity_options(r),
            sequence=QualifiedName(r.sequence_schema, r.sequence_name) if r.sequence_name else None,
        )
        yield Found(override, ())


def override_of(column: ObjectId) -> ObjectId:
    """Return the identity of what a derived column has otherwise."""
    return ObjectId("column_override", QualifiedName(None, "override"), column)


def create(o: ColumnOverride, context: Context) -> tuple[Step, ...]:
    """Return the steps by which the column comes to differ."""
    return tuple(bring_about(parent_of(o.id), context))


def drop(o: ColumnOverride, context: Context) -> tuple[Step, ...]:
    """Return the steps by which the column becomes as it is given, or nothing where it goes."""
    if context.goes_with_parent(o.id):
        return ()
    return tuple(bring_about(parent_of(o.id), context, phase=Phase.CONTRACT))


def alter(change: Change, context: Context) -> Alteration:
    """Change what differs in place, after the parents' own changes, which reach down."""
    column = parent_of(change.id)
    parents = tuple(o.id for o in _above(column, context.after))
    return Alteration(steps=tuple(bring_about(column, context)), follows=parents)


def settle_heirs(id: ObjectId, context: Context) -> Iterator[Step]:
    """Yield the steps after which the heirs of a column that changes are what they shall be.

    Some changes reach them, some do not. An heir whose own override changes sees to that itself.
    """
    for table in context.with_descendants(parent_of(id))[1:]:
        heir = id._replace(parent=table)
        override = override_of(heir)
        if context.before.get(override) == context.after.get(override):
            yield from bring_about(heir, context)


def settle_columns(table: ObjectId, context: Context) -> Iterator[Step]:
    """Yield the steps that give the derived columns of a new table what its CREATE TABLE leaves out."""
    for column in context.after.children(table, "column"):
        if column.derived and override_of(column.id) not in context.after:
            yield from bring_about(column.id, context)


def bring_about(id: ObjectId, context: Context, *, phase: Phase = Phase.EXPAND) -> Iterator[Step]:
    """Yield the steps that give a derived column what it has afterwards and would not have without them."""
    wanted, old = context.after.get(id), context.before.get(id)
    if not isinstance(wanted, Column) or not wanted.derived or (old is not None and not old.derived):
        # A table that joins a parent, or leaves it, has its columns changed as its own.
        return
    if id in context.created and not context.is_new(id.root):
        # So it gets those that it lacks.
        return
    found = _without_steps(wanted, context)
    if wanted.expression != found.expression:
        _require_own_expressions(wanted, context, since=17)
        action = sql.SQL("ALTER COLUMN {} SET EXPRESSION AS ({})").format(
            Name(id.name.name), deparsed(wanted.expression or "")
        )
        yield alter_parent(id, action, f"change the expression of {id}", context, rewrites=(id.root,))
    yield from drop_identity(found, wanted, context)
    if wanted.not_null and not found.not_null:
        yield from set_not_null(wanted, context, ahead=True)
    elif found.not_null and wanted.not_null:
        if all(
            getattr(side.get(override_of(id)), "not_null", False) for side in (context.before, context.after)
        ):
            yield from change_not_null(found, wanted, context)
    elif found.not_null and not wanted.not_null and not any(map(_passes_on, _above(id, context.after))):
        action = sql.SQL("ALTER COLUMN {} DROP NOT NULL").format(Name(id.name.name))
        yield alter_parent(id, action, f"let {id} be null", context, phase=phase)
    if found.type != wanted.type and context.server.major < 13:
        yield from retype_sequence(found, wanted)
    yield from change_identity(found, wanted, context)
    for setting, lock in wanted.settings(found):
        summary = f"change storage settings of {id}"
        yield alter_parent(id, setting, summary, context, lock=lock, phase=phase)


def _without_steps(wanted: Column, context: Context) -> Column:
    """Return the column as it would be if nothing were done about it by itself."""
    old = context.before.get(wanted.id)
    above = _above(wanted.id, context.after)
    if isinstance(old, Column) and not context.is_new(wanted.id.root):
        for parent in reversed(above):
            before = context.before.get(parent.id)
            reaching = [f for f in _REACHING if before and getattr(before, f) != getattr(parent, f)]
            old = replace(old, **{field: getattr(parent, field) for field in reaching})
            old = replace(old, not_null=_nullness(old, before, parent, context))
        return as_retyped(old, wanted)
    # What differs in the expression stands in the CREATE TABLE.
    found = Column(id=wanted.id, type=wanted.type, expression=wanted.expression)
    fields = _GIVEN if context.is_new(wanted.id.root) else _REACHING[:-1]
    given = {field: getattr(parent, field) for parent in reversed(above) for field in fields}
    if wanted.statistics is None:
        # What the parent says reaches the new table as well, where it is said again.
        given["statistics"] = next((parent.statistics for parent in above), None)
    not_null = any(map(_passes_on, above)) or _is_in_key(wanted, context)
    return replace(found, **{**given, "not_null": not_null})


def _passes_on(parent: CatalogObject | None) -> bool:
    """Tell whether heirs of a column have its NOT NULL."""
    return isinstance(parent, Column) and parent.not_null and parent.not_null_inherits


def _nullness(heir: Column, before: CatalogObject | None, after: Column, context: Context) -> bool:
    """Tell whether nulls are forbidden in an heir when its parent has become another.

    What the parent no longer passes on, the heir keeps as its own; what it loses, only where it was that
    before.
    """
    if before is None or _passes_on(before) == _passes_on(after):
        return heir.not_null
    if _passes_on(after):
        return True
    keeps = after.not_null or (heir.not_null_local and context.server.major >= FIRST_NAMED)
    return heir.not_null and keeps


def differing(table: ObjectId, context: Context) -> Iterator[Column]:
    """Yield the derived columns that the CREATE TABLE has to say a word about.

    Their expression is not the parent's, or PostgreSQL asks for a decision between several parents.
    """
    for column in context.after.children(table, "column"):
        assert isinstance(column, Column)
        if not column.derived:
            continue
        above = _above(column.id, context.after)
        values = {_value(parent, context) for parent in above} - {None}
        if any(parent.expression != column.expression for parent in above):
            _require_own_expressions(column, context, since=16)
            yield column
        elif len(values) > 1:
            yield column


def _require_own_expressions(column: Column, context: Context, *, since: int) -> None:
    """Raise `UnsupportedChange` where the server takes no other expression than the parent's."""
    if context.server.major >= since:
        return
    table = parent_of(column.id)
    raise UnsupportedChange(
        f"{column.id} cannot be computed otherwise than by its parent",
        detail=f"PostgreSQL {context.server.major} takes no expression of its own for a column that a table "
        f"has from its parent, where PostgreSQL {since} does. Nothing was changed.",
        hint=f"take {table.path} off its parent for this, with statements of your own; or compute the value "
        "under another name",
    )


def _value(column: Column, context: Context) -> str | None:
    """Return the expression that a column is computed by, or that of its default."""
    defaults = context.after.children(column.id, "default")
    return column.expression or next((getattr(d, "expression", None) for d in defaults), None)


def _is_in_key(column: Column, context: Context) -> bool:
    """Tell whether the primary key forbids nulls in the column anyway."""
    keys = context.after.children(parent_of(column.id), "constraint")
    name = column.id.name.name
    return any(getattr(key, "type", "") == "p" and name in getattr(key, "columns", ()) for key in keys)


def sources(column: ObjectId, catalog: Catalog) -> Iterator[ObjectId]:
    """Yield what a derived column comes from: columns of parents, or the type that its table follows."""
    table = catalog.get(parent_of(column))
    if getattr(table, "of_type", None):
        yield from (id for id in table.depends_on if id.kind == "composite")  # type: ignore[union-attr]
    for parent in _above(column, catalog):
        yield parent.id
        if parent.derived:
            yield from sources(parent.id, catalog)


def _above(column: ObjectId, catalog: Catalog) -> list[Column]:
    """Return the columns of the parents of its table that a column comes from, in their order."""
    parents = parents_of(catalog.get(parent_of(column)))
    found = (catalog.get(column._replace(parent=parent)) for parent in parents)
    return [o for o in found if isinstance(o, Column)]


def numbers(o: ColumnOverride, context: Context) -> ObjectId | None:
    """Name the column where it begins or ends to be an identity."""
    before, after = context.before.get(o.id), context.after.get(o.id)
    changes = bool(getattr(before, "identity", "")) != bool(getattr(after, "identity", ""))
    return o.id.parent if changes else None


def claims(o: ColumnOverride) -> tuple[tuple[str, ...], ...]:
    """Occupy the name of an identity's sequence among relations, and the place of a default."""
    if o.sequence is None:
        return ()
    return ("relation", o.sequence.schema or "", o.sequence.name), ("value", str(parent_of(o.id)))


KIND = Kind(
    name="column_override",
    cls=ColumnOverride,
    rank=43,
    read=read,
    create=create,
    drop=drop,
    alter=alter,
    numbers=numbers,
    claims=claims,
)

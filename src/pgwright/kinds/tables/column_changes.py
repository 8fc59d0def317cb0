"""Changes of a column in place, in the order that lets a live system go on."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

from psycopg import sql

from pgwright.kinds.column_override import settle_heirs
from pgwright.kinds.constraint import Constraint
from pgwright.kinds.contract import REPLACE, Alteration, Context
from pgwright.kinds.index import Index
from pgwright.kinds.range import with_multirange_renamed
from pgwright.kinds.steps import alter_parent, name_of, outdated, parent_of, step
from pgwright.kinds.tables.column_types import (
    Column,
    as_retyped,
    comes_back,
    has_size,
    holds_all,
    keeps_comparison,
    keeps_storage_in,
)
from pgwright.kinds.tables.conversion import (
    always_goes,
    converted,
    counts_seconds,
    depends_on_zone,
    goes_back,
    is_proven,
    what_is_lost,
)
from pgwright.kinds.tables.domains import demands, plain_type
from pgwright.kinds.tables.identity import change_identity, drop_identity, rivals
from pgwright.kinds.tables.not_null import change_not_null, set_not_null
from pgwright.kinds.tables.rewrite import rebuilds, rewrites
from pgwright.kinds.tables.stored_rows import stored_rows
from pgwright.kinds.timeseries.compressed import require_same_storage, require_same_types, unpacked_before
from pgwright.kinds.types.retyping import REFUSING, partitioned_by
from pgwright.model.change import Change
from pgwright.model.locks import LockMode
from pgwright.model.names import ObjectId
from pgwright.model.plan import Hazard, HazardCode, Phase, Reversibility, Step
from pgwright.pg.quoting import Name, deparsed, render

# These are rebuilt by ALTER TYPE itself, unless they change in the same plan.
_REBUILT = frozenset({"constraint", "index", "statistics"})


def alter(change: Change, context: Context) -> Alteration:
    """Change type, nullability, identity, generation and storage; replace where PostgreSQL cannot."""
    before, after = change.before, change.after
    assert isinstance(before, Column) and isinstance(after, Column)
    before = replace(before, type=with_multirange_renamed(before.type, before.depends_on, context))
    if before.generated and not after.generated and context.server.major < 13:
        return Alteration(unsupported="PostgreSQL 12 cannot turn a generated column into a plain one")
    if _needs_replacement(before, after, context):
        return REPLACE
    steps: list[Step] = []
    detach: tuple[ObjectId, ...] = ()
    if before.generated and not after.generated:
        steps.append(_action(after, "DROP EXPRESSION", f"keep the values of {after.id}", context))
    steps.extend(drop_identity(before, after, context))
    if before.not_null and not after.not_null:
        steps.extend(_drop_not_null(before, after, context))
    if before.type != after.type or before.collation != after.collation:
        if second := _second_source(before, context):
            return Alteration(
                unsupported=f"PostgreSQL changes no type of a column that a table has from {second} as well"
            )
        steps.append(_change_type(before, after, context))
        detach = (*_in_the_way(before, after, context), *partitioned_by(before.id, context))
    if before.generated and after.generated and before.expression != after.expression:
        steps.append(_change_expression(after, context))
    if not before.not_null and after.not_null:
        # Another expression may give values where the old one gave none.
        computed = bool(after.generated) and before.expression != after.expression
        steps.extend(set_not_null(after, context, ahead=not computed))
    if before.not_null and after.not_null:
        steps.extend(change_not_null(before, after, context))
    steps.extend(change_identity(before, after, context))
    as_it_is = as_retyped(before, after)
    require_same_storage(as_it_is, after, parent_of(after.id), context)
    steps.extend(
        alter_parent(after.id, action, f"change storage settings of {after.id}", context, lock=lock)
        for action, lock in after.settings(as_it_is)
    )
    steps.extend(settle_heirs(after.id, context))
    follows = (*unpacked_before(parent_of(after.id), context), *rivals(before, after, context))
    return Alteration(steps=tuple(steps), detach=detach, follows=follows)


def _needs_replacement(before: Column, after: Column, context: Context) -> bool:
    # Values that are stored nowhere cannot be kept, either.
    if before.generated != after.generated and (after.generated or before.generated == "v"):
        return True
    changed = before.generated and after.generated and before.expression != after.expression
    return bool(changed) and context.server.major < 17


def _action(o: Column, action: str, summary: str, context: Context, **settings: object) -> Step:
    text = sql.SQL("ALTER COLUMN {} {}").format(Name(o.id.name.name), deparsed(action))
    return alter_parent(o.id, text, summary, context, **settings)  # type: ignore[arg-type]


def _drop_not_null(before: Column, after: Column, context: Context) -> Iterator[Step]:
    table = parent_of(after.id)
    users = (context.before.get(id) for id in context.referenced_before.get(before.id, ()))
    if any(getattr(o, "replica_identity", None) is True for o in users):
        # The index by which replicated rows are known allows no nulls, and changes after the column.
        sort = getattr(context.after.get(table), "replica_identity", "")
        word = {"f": "FULL", "n": "NOTHING"}.get(sort, "DEFAULT")
        action = deparsed(f"REPLICA IDENTITY {word}")
        yield alter_parent(after.id, action, f"identify replicated rows of {table} otherwise", context)
    yield _action(after, "DROP NOT NULL", f"let {after.id} be null", context)


def _change_type(before: Column, after: Column, context: Context) -> Step:
    table = parent_of(after.id)
    require_same_types(after.id, table, context)
    foreign = getattr(context.after.get(table), "server", None) is not None
    # PostgreSQL itself puts values of the type under a domain into it, and cuts none.
    old, new = plain_type(before, context.before), plain_type(after, context.after)
    value = None if foreign or old == new else converted(Name(after.id.name.name), old, new)
    parts: list[sql.Composable] = [
        sql.SQL("ALTER COLUMN {} TYPE {}").format(Name(after.id.name.name), deparsed(after.type))
    ]
    if before.type != after.type and value is not None and _has_unread_default(before, context):
        parts.insert(0, sql.SQL("ALTER COLUMN {} DROP DEFAULT,").format(Name(after.id.name.name)))
    if after.collation:
        parts.append(deparsed(f"COLLATE {after.collation}"))
    if before.type != after.type and value is not None:
        parts.append(sql.SQL("USING {}").format(value))
    written: tuple[ObjectId, ...] = ()
    hazards: list[Hazard] = []
    # Of a foreign table PostgreSQL only notes how the values are to be read.
    loss = None if foreign else what_is_lost(old, new)
    if loss:
        message = f"{loss} of {after.id.path} are lost in every row"
        hazards.append(Hazard(code=HazardCode.DELETES_DATA, message=message))
    # An enum takes names alone, and gives them back.
    named = before.type == "text" and any(id.kind == "enum" for id in after.depends_on)
    demanding = demands(after, context.after)
    # Of a value out of a domain PostgreSQL does not know that it is short enough.
    checked = demanding or (old != before.type and has_size(new))
    zone = context.server.time_zone
    if not (foreign or (keeps_storage_in(zone, old, new) and not checked)):
        written = (table,)
        cause = f"changing {after.id.path} from {before.type} to {after.type}"
        hint = "on a large table: add a second column, fill it in batches, switch over, drop the first"
        hazards.append(rewrites(cause, table, hint))
        if is_proven(old, new):
            hazards.append(_refusing_to_round(before, after))
        elif demanding or not (holds_all(old, new) or always_goes(old, new)):
            hazards.append(_may_stop(before, after, old, new))
    elif _rebuilds_an_index(before, after, context):
        hazards.append(rebuilds(after.id.name.name, table))
    if not foreign and depends_on_zone(old, new):
        hazards.append(_in_what_zone(after, zone))
    kept = foreign or named or comes_back(old, new) or goes_back(old, new)
    return alter_parent(
        after.id,
        sql.SQL(" ").join(parts),
        f"change {after.id} from {_shown(before, after)} to {_shown(after, before)}",
        context,
        also_on=_linked(before, context),
        rewrites=written,
        hazards=hazards,
        reversibility=Reversibility.LOSSLESS if kept else Reversibility.DATA_LOST,
    )


def _shown(o: Column, other: Column) -> str:
    """Return the type of a column, with how it sorts where that changes."""
    if o.collation == other.collation:
        return o.type
    return f"{o.type} COLLATE {o.collation or 'default'}"


def _rebuilds_an_index(before: Column, after: Column, context: Context) -> bool:
    """Tell whether PostgreSQL builds an index over the column anew, while the table stays as it is.

    It keeps indexes over plain columns that sort as before (`CheckIndexCompatible`); into conditions and
    expressions it does not look.
    """
    name = before.id.name.name
    sorts_alike = keeps_comparison(before.type, after.type) and before.collation == after.collation
    for table in context.with_descendants(parent_of(before.id)):
        for id in context.referenced_before.get(before.id._replace(parent=table), ()):
            old = context.before.get(id)
            if not isinstance(old, Index | Constraint) or (isinstance(old, Constraint) and not old.is_key):
                continue
            plain = name in old.columns and " WHERE " not in getattr(old, "body", "")
            stays = old == context.after.get(id) and id not in context.dropped
            if stays and not (plain and sorts_alike):
                return True
    return False


def _may_stop(before: Column, after: Column, old: str, new: str) -> Hazard:
    message, hint = f"a value of {after.id.path} that is no {after.type} stops it", None
    if counts_seconds(old, new):
        # PostgreSQL has no cast between them, and nobody knows what the numbers count.
        message = f"a number of {after.id.path} is no {after.type}: this stops at the first row"
        way = sql.SQL("ALTER TABLE {} ALTER COLUMN {name} TYPE {} USING to_timestamp({name})").format(
            name_of(parent_of(after.id)), deparsed(after.type), name=Name(after.id.name.name)
        )
        hint = f"where they are seconds since 1970, do that by a statement of your own first: {render(way)}"
    return Hazard(code=HazardCode.MAY_FAIL, message=message, hint=hint)


def _in_what_zone(o: Column, zone: str) -> Hazard:
    session = "the session that applies this"
    return Hazard(
        code=HazardCode.DEPENDS_ON_SESSION,
        message=f"times of {o.id.path} are read as times of "
        + (f"{zone}, the time zone of {session}" if zone else f"the time zone of {session}"),
        hint="where they are of another, name it in the environment: PGTZ=UTC",
    )


def _refusing_to_round(before: Column, after: Column) -> Hazard:
    rounding = sql.SQL("UPDATE {} SET {name} = {name}::{type}").format(
        name_of(parent_of(after.id)), name=Name(after.id.name.name), type=deparsed(after.type)
    )
    return Hazard(
        code=HazardCode.MAY_FAIL,
        message=f"a value of {after.id.path} that {after.type} cannot hold to the last digit stops it",
        hint=f"to have such values rounded, do that first: {render(rounding)}",
    )


def _has_unread_default(o: Column, context: Context) -> bool:
    """Tell whether the column has a DEFAULT NULL, which is not read: it says nothing.

    PostgreSQL keeps it, and would have it cast to the new type.
    """
    for column in (o.id._replace(parent=table) for table in context.with_descendants(parent_of(o.id))):
        kept = getattr(context.before.get(column), "has_default", False)
        if kept and not context.before.children(column, "default"):
            return True
    return False


def _linked(o: Column, context: Context) -> Iterator[ObjectId]:
    """Yield the tables at the other end of foreign keys over the column: PostgreSQL makes these again.

    So it does with those of partitions and heirs, also where their table goes later in the plan.
    """
    tables = context.with_descendants(parent_of(o.id))
    for column in (o.id._replace(parent=table) for table in tables):
        for id in context.referenced_before.get(column, ()):
            target = getattr(context.before.get(id), "target", None) if id.kind == "constraint" else None
            if target is not None and (id not in context.dropped or context.goes_with_parent(id)):
                yield from (table for table in (id.root, target) if table not in tables)


def _second_source(o: Column, context: Context) -> ObjectId | None:
    """Return the column of another parent from which an inheriting table has this one and keeps it."""
    tables = context.with_descendants(parent_of(o.id))
    for heir in tables[1:]:
        for parent in getattr(context.before.get(heir), "inherits", ()):
            column = o.id._replace(parent=parent)
            stays = parent in getattr(context.after.get(heir), "inherits", ()) and column in context.after
            if parent not in tables and column in context.before and stays:
                return column
    return None


def _in_the_way(before: Column, after: Column, context: Context) -> Iterator[ObjectId]:
    """Yield what must be gone while the type changes."""
    for part in context.before.children(before.id, "default"):
        yield part.id
    yield from stored_rows(parent_of(before.id), context)
    tables = context.with_descendants(parent_of(before.id))
    columns = (before.id._replace(parent=table) for table in tables)
    for id in (d for column in columns for d in context.referenced_before.get(column, ())):
        if id.kind in REFUSING:
            yield id
        elif id.kind in _REBUILT:
            old, new = context.before.get(id), context.after.get(id)
            foreign = id.kind == "constraint" and getattr(old, "type", "") == "f"
            if old != new or (foreign and not keeps_comparison(before.type, after.type)):
                yield id


def _change_expression(o: Column, context: Context) -> Step:
    stored = o.generated == "s"
    table = parent_of(o.id)
    cause = f"the new expression of {o.id.path} is computed for every row"
    return _action(
        o,
        f"SET EXPRESSION AS ({o.expression})",
        f"change the expression of {o.id}",
        context,
        rewrites=(table,) if stored else (),
        hazards=(rewrites(cause, table),) if stored else (),
    )


def rename(o: Column, to: ObjectId, context: Context) -> tuple[Step, ...]:
    """Return the RENAME COLUMN."""
    table = parent_of(o.id)
    hazard = outdated(o.id.path)
    text = sql.SQL("ALTER TABLE {} RENAME COLUMN {} TO {}").format(
        name_of(table), Name(o.id.name.name), Name(to.name.name)
    )
    return (
        step(
            o.id,
            text,
            f"rename {o.id} to {to.name}",
            lock=LockMode.ACCESS_EXCLUSIVE,
            on=(table,),
            hazards=(hazard,),
            phase=Phase.EXPAND,
        ),
    )

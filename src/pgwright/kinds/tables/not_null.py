"""Forbidding nulls in a column that holds rows."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

from psycopg import sql

from pgwright.kinds.contract import Context
from pgwright.kinds.steps import alter_parent, parent_of, short_name
from pgwright.kinds.tables.column_types import Column
from pgwright.kinds.tables.not_null_name import (
    FIRST_NAMED,
    as_part,
    constraint,
    given_name,
    is_special,
    name_afterwards,
    name_before,
)
from pgwright.kinds.timeseries.compressed import is_compressed
from pgwright.model.locks import LockMode
from pgwright.model.plan import Hazard, HazardCode, Phase, Step
from pgwright.pg.quoting import Name


def set_not_null(o: Column, context: Context, *, ahead: bool = False) -> Iterator[Step]:
    """Yield SET NOT NULL; on a live table after a CHECK that was validated without blocking writers.

    `ahead` says that the check holds for the column as it is before all other changes, too. A table whose
    chunks are compressed takes no such check.
    """
    if is_special(o, context):
        yield from _add_constraint(o, context)
        return
    table = parent_of(o.id)
    guarded = context.online and not is_compressed(table, context)
    plain = alter_parent(
        o.id,
        sql.SQL("ALTER COLUMN {} SET NOT NULL").format(Name(o.id.name.name)),
        f"forbid nulls in {o.id}",
        context,
        hazards=() if guarded else (_may_fail(o),),
    )
    if not guarded or context.is_new(table):
        yield plain
    else:
        yield from _guarded(o, plain, context, ahead=ahead)


def _guarded(o: Column, forbidding: Step, context: Context, *, ahead: bool = False) -> Iterator[Step]:
    """Yield a step that forbids nulls between those that spare it looking through the rows."""
    name = Name(o.id.name.name)
    guard = Name(short_name(f"pgwright_{o.id.name.name}_not_null"))
    yield alter_parent(
        o.id,
        sql.SQL("ADD CONSTRAINT {} CHECK ({} IS NOT NULL) NOT VALID").format(guard, name),
        f"refuse new nulls in {o.id}",
        context,
        ahead=ahead,
    )
    yield replace(_validate(o, guard, context), ahead=ahead)
    yield forbidding
    yield alter_parent(
        o.id,
        sql.SQL("DROP CONSTRAINT {}").format(guard),
        f"remove the check that {o.id} no longer needs",
        context,
    )


def not_null_follows(o: Column, context: Context) -> bool:
    """Tell whether a new column gets its NOT NULL afterwards: no definition takes one that checks no row."""
    return o.not_null and not o.not_null_valid and is_special(o, context)


def _may_fail(o: Column) -> Hazard:
    return Hazard(
        code=HazardCode.MAY_FAIL,
        message=f"null values in {o.id.path} stop it",
        hint=f"fill {o.id.name.name} in {parent_of(o.id).path} where it is null",
    )


def _add_constraint(o: Column, context: Context) -> Iterator[Step]:
    """Yield a NOT NULL that is added as what it is to PostgreSQL 18: a constraint, validated later."""
    name = o.not_null_name or given_name(o)
    at_once = o.not_null_valid and (context.is_new(parent_of(o.id)) or not context.online)
    yield alter_parent(
        o.id,
        constraint(o, name, valid=at_once),
        f"forbid nulls in {o.id}",
        context,
        hazards=(_may_fail(o),) if at_once else (),
    )
    if o.not_null_valid and not at_once:
        yield _validate(o, Name(name), context)


def _validate(o: Column, name: Name, context: Context) -> Step:
    return alter_parent(
        o.id,
        sql.SQL("VALIDATE CONSTRAINT {}").format(name),
        f"check that {o.id} holds no nulls",
        context,
        lock=LockMode.SHARE_UPDATE_EXCLUSIVE,
        hazards=(_may_fail(o),),
        phase=Phase.BACKFILL,
        lock_timeout=60.0,
    )


def change_not_null(before: Column, after: Column, context: Context) -> Iterator[Step]:
    """Yield the steps that give a NOT NULL which stays its name, have it checked, or inherited."""
    if context.server.major < FIRST_NAMED:
        return
    old = name_before(before)
    new = name_afterwards(after.id, context)
    looser = before.not_null_valid and not after.not_null_valid
    if looser or (old != new and _is_called_otherwise_below(before, context)):
        yield from _make_again(after, new, context)
        return
    if old != new:
        text = sql.SQL("RENAME CONSTRAINT {} TO {}").format(Name(old), Name(new))
        yield alter_parent(after.id, text, f"rename the NOT NULL of {after.id} to {new}", context)
    if before.not_null_inherits != after.not_null_inherits:
        word = sql.SQL("INHERIT" if after.not_null_inherits else "NO INHERIT")
        yield alter_parent(
            after.id,
            sql.SQL("ALTER CONSTRAINT {} {}").format(Name(new), word),
            f"{'forbid' if after.not_null_inherits else 'do not forbid'} nulls below {after.id}",
            context,
            hazards=[_may_fail(heir) for heir in _heirs(after, context)] if after.not_null_inherits else (),
        )
    if after.not_null_valid and not before.not_null_valid:
        yield _validate(after, Name(new), context)


def _heirs(o: Column, context: Context) -> Iterator[Column]:
    for table in context.with_descendants(parent_of(o.id))[1:]:
        heir = context.before.get(o.id._replace(parent=table))
        if isinstance(heir, Column):
            yield heir


def _is_called_otherwise_below(o: Column, context: Context) -> bool:
    """Tell whether an heir has the NOT NULL under another name: PostgreSQL renames none then."""
    return o.not_null_inherits and any(name_before(heir) != name_before(o) for heir in _heirs(o, context))


def _make_again(o: Column, name: str, context: Context) -> Iterator[Step]:
    """Yield one statement that drops the NOT NULL and adds it, so that nobody can write nulls in between."""
    from pgwright.kinds.registry import kind

    again = sql.SQL("ALTER COLUMN {} DROP NOT NULL, {}").format(
        Name(o.id.name.name), constraint(o, name, valid=o.not_null_valid)
    )
    step = alter_parent(o.id, again, f"make the NOT NULL of {o.id} anew as {name}", context)
    guarded = o.not_null_valid and context.online and not context.is_new(parent_of(o.id))
    yield from _guarded(o, step, context) if guarded else (step,)
    for comment in context.after.children(as_part(o.id)):
        if comment == context.before.get(comment.id):
            yield from kind("comment").create(comment, context)

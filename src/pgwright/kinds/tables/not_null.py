"""Forbidding nulls in a column that holds rows."""

from __future__ import annotations

from collections.abc import Iterator

from psycopg import sql

from pgwright.kinds.contract import Context
from pgwright.kinds.steps import alter_parent, parent_of, short_name
from pgwright.kinds.tables.column_types import Column
from pgwright.kinds.timeseries.compressed import is_compressed
from pgwright.model.locks import LockMode
from pgwright.model.plan import Hazard, HazardCode, Phase, Step
from pgwright.pg.quoting import Name


def set_not_null(o: Column, context: Context, *, ahead: bool = False) -> Iterator[Step]:
    """Yield SET NOT NULL; on a live table after a CHECK that was validated without blocking writers.

    `ahead` says that the check holds for the column as it is before all other changes, too. A table whose
    chunks are compressed takes no such check.
    """
    table = parent_of(o.id)
    name = Name(o.id.name.name)
    hazard = Hazard(
        code=HazardCode.MAY_FAIL,
        message=f"null values in {o.id.path} stop it",
        hint=f"fill {o.id.name.name} in {table.path} where it is null",
    )
    guarded = context.online and not is_compressed(table, context)
    plain = alter_parent(
        o.id,
        sql.SQL("ALTER COLUMN {} SET NOT NULL").format(name),
        f"forbid nulls in {o.id}",
        context,
        hazards=() if guarded else (hazard,),
    )
    if not guarded or context.is_new(table):
        yield plain
        return
    guard = Name(short_name(f"pgwright_{o.id.name.name}_not_null"))
    yield alter_parent(
        o.id,
        sql.SQL("ADD CONSTRAINT {} CHECK ({} IS NOT NULL) NOT VALID").format(guard, name),
        f"refuse new nulls in {o.id}",
        context,
        ahead=ahead,
    )
    yield alter_parent(
        o.id,
        sql.SQL("VALIDATE CONSTRAINT {}").format(guard),
        f"check that {o.id} holds no nulls",
        context,
        lock=LockMode.SHARE_UPDATE_EXCLUSIVE,
        hazards=(hazard,),
        ahead=ahead,
        phase=Phase.BACKFILL,
        lock_timeout=60.0,
    )
    yield plain
    yield alter_parent(
        o.id,
        sql.SQL("DROP CONSTRAINT {}").format(guard),
        f"remove the check that {o.id} no longer needs",
        context,
    )

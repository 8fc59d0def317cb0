"""A foreign key of a partitioned table that is full, without reading its rows under a lock.

Before version 18 PostgreSQL adds one to a partitioned table only with a check of all rows. Where each
partition has the same foreign key already, and validated, it takes these over instead.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

from psycopg import sql

from pgwright.kinds.steps import name_of, parent_of, step
from pgwright.kinds.timeseries.policy_records import relation
from pgwright.model.locks import LockMode
from pgwright.model.plan import Hazard, HazardCode, Phase
from pgwright.pg.quoting import Name, deparsed, literal

if TYPE_CHECKING:
    from pgwright.model.plan import Step


def add_by_partitions(o: Any) -> Iterator[Step]:
    """Yield the steps of a foreign key: on each partition, unchecked; checked there; on the whole table.

    New rows are checked after the first. The others may be done again, and lock nobody out for long.
    """
    table, name = parent_of(o.id), Name(o.id.name.name)
    clause = sql.SQL("ADD CONSTRAINT {} {}").format(name, deparsed(o.definition))
    pieces = sql.SQL("SELECT inhrelid::regclass FROM pg_inherits WHERE inhparent = {}").format(
        relation(table)
    )
    unchecked = sql.SQL(
        "SELECT conrelid::regclass FROM pg_constraint WHERE conname = {} AND NOT convalidated "
        "AND conrelid IN ({})"
    ).format(literal(o.id.name.name), pieces)
    both = (table, *([o.target] if o.target else []))
    yield step(
        o.id,
        _for_each(pieces, sql.SQL("{} NOT VALID").format(clause)),
        f"add {o.id} to each partition, for new rows",
        lock=LockMode.SHARE_ROW_EXCLUSIVE,
        on=both,
    )
    message = f"a row of {table.path} that breaks {o.id.name} stops it; new rows are checked already"
    yield step(
        o.id,
        _for_each(unchecked, sql.SQL("VALIDATE CONSTRAINT {}").format(name)),
        f"validate {o.id} in each partition",
        hazards=(Hazard(code=HazardCode.MAY_FAIL, message=message),),
        phase=Phase.BACKFILL,
        lock_timeout=60.0,
    )
    text = sql.SQL(
        "DO $pgwright$ BEGIN\n"
        "IF NOT EXISTS (SELECT FROM pg_constraint WHERE conrelid = {relation} AND conname = {text}) THEN\n"
        "    ALTER TABLE {table} {clause};\n"
        "END IF;\n"
        "END $pgwright$"
    ).format(relation=relation(table), text=literal(o.id.name.name), table=name_of(table), clause=clause)
    yield step(
        o.id,
        text,
        f"add {o.id}, which takes over those of the partitions",
        lock=LockMode.SHARE_ROW_EXCLUSIVE,
        on=both,
        phase=Phase.BACKFILL,
    )


def _for_each(relations: sql.Composable, action: sql.Composable) -> sql.Composed:
    """Compose ALTER TABLE for each relation that a query yields."""
    return sql.SQL(
        "DO $pgwright$\n"
        "DECLARE piece regclass;\n"
        "BEGIN\n"
        "FOR piece IN {} LOOP\n"
        "    EXECUTE format('ALTER TABLE %s %s', piece, {});\n"
        "END LOOP;\n"
        "END $pgwright$"
    ).format(relations, literal(action.as_string()))

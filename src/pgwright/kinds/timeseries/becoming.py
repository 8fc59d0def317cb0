"""What keeps a table from becoming a time series in one transaction: refused in the plan, or said there."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

from pgwright.errors import PolicyError
from pgwright.model.plan import Hazard, HazardCode

if TYPE_CHECKING:
    from pgwright.kinds.contract import Context
    from pgwright.model.names import ObjectId

_LOGGED_PARTITIONS_SINCE = 18  # before, PostgreSQL took UNLOGGED for a partitioned table without a word


def require_may_become(table: ObjectId, context: Context) -> None:
    """Raise `PolicyError` for a table that the server would refuse to divide, whatever rows it has."""
    found: Any = context.after.get(table)
    if context.server.timescaledb and table in context.before and table not in context.prepared:
        named = [o.id.name.name for o in context.before.of("publication") if _names(o, table)]
        if named:
            raise PolicyError(
                f"{table.path} cannot become a hypertable, since it is in the publication {named[0]}",
                detail="TimescaleDB refuses that; nothing was changed",
                hint=f"convert it while it is in use, which carries publications over: "
                f"pgwright policy convert {table.path}; or first: "
                f"ALTER PUBLICATION {named[0]} DROP TABLE {table.path}",
            )
    unlogged = getattr(found, "unlogged", False) and not context.server.timescaledb
    if unlogged and context.server.major >= _LOGGED_PARTITIONS_SINCE:
        raise PolicyError(
            f"{table.path} cannot be a time series, since it is UNLOGGED",
            detail="PostgreSQL has no unlogged partitioned tables; nothing was changed",
            hint=f"ALTER TABLE {table.path} SET LOGGED, or leave out TimeSeries(...)",
        )


def may_stop(table: ObjectId, context: Context) -> Iterator[Hazard]:
    """Yield what may stop the server from dividing a table, as far as its rows or its version decide."""
    if context.server.timescaledb:
        yield from _may_stop_chunks(table, context)
    if table not in context.before:
        return
    for part in context.after.children(table, "constraint"):
        found: Any = part
        name = found.id.name.name
        # A foreign key that PostgreSQL has not checked stays so in partitions.
        if not found.validated and (found.type == "c" or context.server.timescaledb):
            yield Hazard(
                code=HazardCode.MAY_FAIL,
                message=f"rows of {table.path} that break {name}, which was never validated, stop it",
                hint=f"first: ALTER TABLE {table.path} VALIDATE CONSTRAINT {name}",
            )


def _may_stop_chunks(table: ObjectId, context: Context) -> Iterator[Hazard]:
    everything = [o.id.name.name for o in context.before.of("publication") if getattr(o, "all_tables", False)]
    if everything:
        yield Hazard(
            code=HazardCode.MAY_FAIL,
            message=f"the publication {everything[0]} has all tables: some versions of TimescaleDB (2.29) "
            "make no hypertable then",
            hint="let the publication name its tables, or schemas",
        )
    if getattr(context.after.get(table), "unlogged", False):
        yield Hazard(
            code=HazardCode.MAY_FAIL,
            message=f"{table.path} is UNLOGGED: some versions of TimescaleDB (2.19) make no hypertable of it",
            hint=f"ALTER TABLE {table.path} SET LOGGED",
        )
    referring = [
        o.id.path
        for o in context.before.of("constraint")
        if getattr(o, "target", None) == table and o.id.parent != table
    ]
    if referring and table in context.before:
        yield Hazard(
            code=HazardCode.MAY_FAIL,
            message=f"TimescaleDB moves no rows of {table.path}, to which {', '.join(referring)} refers: "
            "where it has rows, that stops it",
            hint=f"convert it while it is in use: pgwright policy convert {table.path}",
        )


def _names(publication: Any, table: ObjectId) -> bool:
    return any(published.table == table for published in publication.tables)

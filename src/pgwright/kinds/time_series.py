"""Tables that grow along a time column: partitions on PostgreSQL, chunks of a hypertable on TimescaleDB."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from psycopg import sql

from pgwright.errors import PolicyError
from pgwright.kinds.contract import Alteration, Context, Kind
from pgwright.kinds.relations import held
from pgwright.kinds.steps import parent_of, statement, step
from pgwright.kinds.timeseries.becoming import may_stop, require_may_become
from pgwright.kinds.timeseries.buckets import TIMES, interval
from pgwright.kinds.timeseries.hypertables import require_chunks_bear
from pgwright.kinds.timeseries.partition_steps import CONVERSION_HINT, becomes_series, column_type, series_of
from pgwright.kinds.timeseries.policy_records import forget, reader, record, relation
from pgwright.model.catalog import CatalogObject, fact
from pgwright.model.change import Change
from pgwright.model.locks import LockMode
from pgwright.model.names import ObjectId
from pgwright.model.plan import Hazard, HazardCode, Phase, Step
from pgwright.pg.quoting import literal

if TYPE_CHECKING:
    from pgwright.model.catalog import Catalog


@dataclass(frozen=True, kw_only=True)
class Series(CatalogObject):
    """Define the time column of a table, the interval of its pieces, and how they are named and made ahead.

    `native` tells that the pieces are partitions rather than chunks.
    """

    column: str
    interval: str
    zone: str = "UTC"
    ahead: int = 3
    suffix: str = ""
    native: bool = fact(True)


def create(o: Series, context: Context) -> tuple[Step, ...]:
    """Return the record, and on TimescaleDB the call that makes the table a hypertable."""
    table = parent_of(o.id)
    _require_possible(o, table, context)
    require_chunks_bear(table, context)
    known = o.native is False or series_of(context.before, table) is not None
    if not known:
        require_may_become(table, context)
    known = known or table in context.prepared
    hazards = [] if known else list(may_stop(table, context))
    kept = step(o.id, record(o), f"record that {table} is a time series by {o.column}")
    if not context.server.timescaledb or o.native is False or table in context.prepared:
        return (replace(kept, hazards=tuple(hazards)),)
    text = make_hypertable(table, o)
    if not context.is_new(table):
        message = f"nobody reads or writes {table.path} while its rows are moved into chunks"
        hazards.append(Hazard(code=HazardCode.LOCKS_READERS, message=message, hint=CONVERSION_HINT))
    made = step(
        o.id,
        text,
        f"make {table} a hypertable",
        hazards=hazards,
        **held(context, LockMode.ACCESS_EXCLUSIVE, table),
    )
    return made, kept


def make_hypertable(table: ObjectId, o: Series) -> sql.Composed:
    """Compose what makes a table a hypertable, moving its rows into chunks."""
    return statement(
        # It may be one that somebody made without pgwright, with another interval.
        "SELECT create_hypertable({table}, {column}, chunk_time_interval => {interval}, "
        "create_default_indexes => false, migrate_data => true, if_not_exists => true);\n"
        "SELECT set_chunk_time_interval({table}, {interval})",
        table=relation(table),
        column=literal(o.column),
        interval=interval(o.interval),
    )


def _require_possible(o: Series, table: ObjectId, context: Context) -> None:
    """Raise `PolicyError` for a table that PostgreSQL would refuse to partition by this column."""
    columns = {c.id.name.name for c in context.after.children(table, "column")}
    if o.column not in columns:
        raise PolicyError(
            f"{table.path} has no column {o.column}",
            detail=f"it has {', '.join(sorted(columns))}; nothing was changed",
            hint="name the time column in TimeSeries(...)",
        )
    type = column_type(context.after, table, o.column)
    if type not in TIMES:
        raise PolicyError(
            f"{table.path}.{o.column} is of type {type}, which is no moment in time",
            detail="a time series needs timestamp with time zone, timestamp or date; nothing was changed",
            hint=f"name another column, or change the type of {o.column} first",
        )
    for part in (*context.after.children(table, "constraint"), *context.after.children(table, "index")):
        keyed = getattr(part, "is_key", False) or getattr(part, "unique", False)
        if keyed and o.column not in getattr(part, "columns", (o.column,)):
            raise PolicyError(
                f"the unique key {part.id.name} of {table.path} lacks the column {o.column}",
                detail="a key is kept within each piece of a time series, so it must hold the time column; "
                "nothing was changed",
                hint=f"add {o.column} to the key (Django: CompositePrimaryKey), or drop the key",
            )
    _require_same_columns(table, context)


def _require_same_columns(table: ObjectId, context: Context) -> None:
    """Raise `PolicyError` where a full table, which is to become a partition, lacks what all shall have."""
    if table in context.prepared or not becomes_series(table, context):
        return
    had, gets = (_shapes(table, catalog) for catalog in (context.before, context.after))
    changed = sorted({name for name, _ in had ^ gets})
    if changed:
        raise PolicyError(
            f"{table.path} cannot become a time series and change {', '.join(changed)} in the same plan",
            detail="its rows are taken in as they are; nothing was changed",
            hint=f"first: pgwright policy apply --table {table.path}; then: pgwright schema plan",
        )


def _shapes(table: ObjectId, catalog: Catalog) -> set[tuple[str, tuple[object, ...]]]:
    """Return what PostgreSQL wants to be alike in a table and its partitions, by name."""
    parts: list[Any] = [*catalog.children(table, "column"), *catalog.children(table, "constraint")]
    return {
        (part.id.name.name, (part.type, getattr(part, "not_null", getattr(part, "definition", None))))
        for part in parts
        if part.id.kind == "column" or part.type == "c"
    }


def drop(o: Series, context: Context) -> tuple[Step, ...]:
    """Return the removal of the record; the table itself becomes plain by its own steps."""
    return forget(o, context)


def alter(change: Change, context: Context) -> Alteration:
    """Record other intervals and names; they hold for pieces that are made from then on."""
    before, after = change.before, change.after
    assert isinstance(before, Series) and isinstance(after, Series)
    table = parent_of(after.id)
    kept = step(after.id, record(after), f"record the changed {after.id}")
    if before.interval == after.interval or before.native:
        return Alteration(steps=(kept,))
    text = statement("SELECT set_chunk_time_interval({}, {})", relation(table), interval(after.interval))
    summary = f"let new chunks of {table} span {after.interval}"
    return Alteration(steps=(step(after.id, text, summary, phase=Phase.EXPAND), kept))


KIND = Kind(
    name="time_series",
    cls=Series,
    rank=90,
    read=reader(Series, "time_series", lambda found: {"native": found.relkind == "p"}),
    create=create,
    drop=drop,
    alter=alter,
    queries=(),
)

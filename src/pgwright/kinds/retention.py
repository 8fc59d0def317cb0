"""How long the rows of a table are kept."""

from __future__ import annotations

from dataclasses import dataclass, replace

from psycopg import sql

from pgwright.errors import PolicyError
from pgwright.kinds.contract import Alteration, Context, Kind
from pgwright.kinds.steps import parent_of, statement, step
from pgwright.kinds.timeseries.buckets import interval
from pgwright.kinds.timeseries.continuous import GRACE, look_back_less
from pgwright.kinds.timeseries.engines import is_continuous, is_hypertable
from pgwright.kinds.timeseries.partition_steps import series_of
from pgwright.kinds.timeseries.policy_records import COMMUNITY, forget, reader, record, relation
from pgwright.kinds.timeseries.rollup_join import require_whole
from pgwright.model.catalog import Catalog, CatalogObject, fact
from pgwright.model.change import Change
from pgwright.model.names import ObjectId
from pgwright.model.plan import Hazard, HazardCode, Phase, Step
from pgwright.model.span import Span


@dataclass(frozen=True, kw_only=True)
class Retention(CatalogObject):
    """Say that rows older than `keep` are retired.

    `column` tells their age in a table without time series, `archive` is where they are kept as files. `by`
    names who retires them: TimescaleDB's own job (``timescale``) or ``pgwright policy run``.
    """

    keep: str
    column: str = ""
    archive: str = ""
    by: str = fact("")


def _who(o: Retention, table: ObjectId, context: Context) -> str:
    """Return who retires rows: TimescaleDB where it may, pgwright where it has more to do before."""
    own = [o for o in context.after.children(table, "rollup") if not is_continuous(o, context)]
    return (
        COMMUNITY
        if context.server.timescaledb == COMMUNITY
        and is_hypertable(table, context)
        and not own
        and not o.archive
        else ""
    )


def create(o: Retention, context: Context) -> tuple[Step, ...]:
    """Return the record, and TimescaleDB's job where the server's edition has one."""
    table = parent_of(o.id)
    _require_sense(o, table, context.after)
    by = _who(o, table, context)
    hazard = Hazard(
        code=HazardCode.LONG_RUNNING,
        message=f"rows of {table.path} older than {o.keep} are deleted from now on, by "
        + ("TimescaleDB's own job" if by else "pgwright policy run"),
    )
    waits = bool(by) and not context.is_new(table) and bool(context.after.children(table, "rollup"))
    if waits:
        message = (
            f"TimescaleDB's own job begins in {GRACE}: until then pgwright policy run adds up what is older"
        )
        hazard = replace(hazard, message=f"{hazard.message}; {message}")
    kept = step(o.id, record(o, by=by), f"keep the rows of {table} for {o.keep}", hazards=(hazard,))
    shortened = tuple(look_back_less(table, context))
    if not by:
        return (*shortened, kept)
    # A second policy is ignored, whatever it says: the one that is there goes first.
    text = statement(
        "SELECT remove_retention_policy({table}, if_exists => true);\n"
        "SELECT add_retention_policy({table}, drop_after => {keep}{later})",
        table=relation(table),
        keep=interval(o.keep),
        later=sql.SQL(", initial_start => now() + {}").format(interval(GRACE)) if waits else sql.SQL(""),
    )
    return *shortened, step(o.id, text, f"let TimescaleDB retire rows of {table}"), kept


def _require_sense(o: Retention, table: ObjectId, catalog: Catalog) -> None:
    """Raise `PolicyError` where rows would be retired before a rollup has their whole bucket."""
    if series_of(catalog, table) is None and not o.column:
        raise PolicyError(
            f"the retention of {table.path} names no time column",
            detail="the table is no time series; nothing was changed",
            hint="declare TimeSeries(...) too, or Retain(..., column=...)",
        )
    if o.archive and series_of(catalog, table) is None:
        raise PolicyError(
            f"the retention of {table.path} has an archive, but the table is no time series",
            detail="partitions and chunks are archived, not single rows; nothing was changed",
            hint="declare TimeSeries(...) too, or leave archive= out",
        )
    for rollup in catalog.children(table, "rollup"):
        bucket = getattr(rollup, "bucket", "")
        if bucket and Span.of(bucket).approximate_seconds > Span.of(o.keep).approximate_seconds:
            raise PolicyError(
                f"{table.path} keeps rows for {o.keep}, but {rollup.id.name} adds up {bucket}",
                detail="the rows of a bucket would be gone before it is complete; nothing was changed",
                hint=f"keep them for {bucket} at least",
            )
    require_whole(table, catalog)
    for part in catalog if series_of(catalog, table) is not None else ():
        if getattr(part, "target", None) == table and getattr(part, "type", "") == "f":
            raise PolicyError(
                f"{part.id.path} refers to {table.path}, so its rows cannot be retired",
                detail="dropping a partition or a chunk fails while a foreign key points at it; "
                "nothing was changed",
                hint=f"drop the foreign key {part.id.name} first",
            )


def drop(o: Retention, context: Context) -> tuple[Step, ...]:
    """Return the removal of the record, and of TimescaleDB's job."""
    table = parent_of(o.id)
    if o.by != COMMUNITY or context.goes_with_parent(o.id):
        return forget(o, context)
    text = statement("SELECT remove_retention_policy({}, if_exists => true)", relation(table))
    ended = step(o.id, text, f"let TimescaleDB keep the rows of {table}", phase=Phase.CONTRACT)
    return ended, *forget(o, context)


def alter(change: Change, context: Context) -> Alteration:
    """Set the other time; on TimescaleDB the job is made anew."""
    before, after = change.before, change.after
    assert isinstance(before, Retention) and isinstance(after, Retention)
    ended = drop(before, context)[:-1] if not _who(after, parent_of(after.id), context) else ()
    return Alteration(steps=(*ended, *create(after, context)), atomic=True)


KIND = Kind(
    name="retention",
    cls=Retention,
    rank=92,
    read=reader(Retention, "retention"),
    create=create,
    drop=drop,
    alter=alter,
    queries=(),
)

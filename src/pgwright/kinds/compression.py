"""How old chunks are compressed, where the server can: TimescaleDB's Community edition."""

from __future__ import annotations

from dataclasses import dataclass

from psycopg import sql

from pgwright.kinds.contract import Alteration, Context, Kind
from pgwright.kinds.relations import held
from pgwright.kinds.steps import name_of, parent_of, statement, step
from pgwright.kinds.timeseries.buckets import interval
from pgwright.kinds.timeseries.compressed import (
    require_no_deleted_rows,
    require_no_exclusion,
    require_no_row_security,
    switching_off,
    unpacking,
)
from pgwright.kinds.timeseries.partition_steps import series_of
from pgwright.kinds.timeseries.policy_records import COMMUNITY, forget, reader, record, relation
from pgwright.model.catalog import CatalogObject, fact
from pgwright.model.change import Change
from pgwright.model.locks import LockMode
from pgwright.model.plan import Hazard, HazardCode, Phase, Step
from pgwright.pg.quoting import Name, literal, render


@dataclass(frozen=True, kw_only=True)
class Compression(CatalogObject):
    """Say that chunks older than `after` are compressed, by which columns and in which order.

    `by` is ``timescale`` where the server does so; elsewhere the declaration waits for one that can. `packed`
    tells that there are compressed chunks.
    """

    after: str
    segment_by: tuple[str, ...] = ()
    order_by: str = ""
    by: str = fact("")
    packed: bool = fact(False)


def create(o: Compression, context: Context) -> tuple[Step, ...]:
    """Return TimescaleDB's settings and job with the record, or the record alone with the reason."""
    table, licence = parent_of(o.id), context.server.timescaledb
    if licence != COMMUNITY:
        why = (
            "TimescaleDB's Apache edition has no compression" if licence else "PostgreSQL has no compression"
        )
        hazard = Hazard(
            code=HazardCode.NOT_AVAILABLE,
            message=f"rows of {table.path} stay as they are: {why} by chunks; large values are compressed "
            "one by one (TOAST) as always",
            hint="the declaration is kept, and takes effect on TimescaleDB's Community edition",
        )
        return (step(o.id, record(o, by=""), f"record the compression of {table}", hazards=(hazard,)),)
    require_no_row_security(table, context)
    require_no_deleted_rows(table, context)
    require_no_exclusion(table, context)
    settings = [
        sql.SQL("timescaledb.compress"),
        sql.SQL("timescaledb.compress_segmentby = {}").format(literal(", ".join(o.segment_by))),
    ]
    order = o.order_by or _former_order(o, context)
    if order:
        settings.append(sql.SQL("timescaledb.compress_orderby = {}").format(literal(order)))
    text = statement("ALTER TABLE {} SET ({})", name_of(table), sql.SQL(", ").join(settings))
    # A second policy is ignored, whatever it says: the one that is there goes first.
    job = statement(
        "SELECT remove_compression_policy({table}, if_exists => true);\n"
        "SELECT add_compression_policy({table}, compress_after => {after})",
        table=relation(table),
        after=interval(o.after),
    )
    return (
        step(
            o.id, text, f"set the compression of {table}", **held(context, LockMode.ACCESS_EXCLUSIVE, table)
        ),
        step(o.id, job, f"let TimescaleDB compress chunks of {table} after {o.after}"),
        step(o.id, record(o, by=COMMUNITY), f"record the compression of {table}"),
    )


def _former_order(o: Compression, context: Context) -> str:
    """Return TimescaleDB's own order where one that was declared is to go: none can be taken back."""
    before, series = context.before.get(o.id), series_of(context.after, parent_of(o.id))
    return f"{render(Name(series.column))} DESC" if series and getattr(before, "order_by", "") else ""


def drop(o: Compression, context: Context) -> tuple[Step, ...]:
    """Return the end of the job, the decompression of all chunks, and the removal of the record."""
    table = parent_of(o.id)
    if o.by != COMMUNITY or context.goes_with_parent(o.id):
        return forget(o, context)
    lock = held(context, LockMode.ACCESS_EXCLUSIVE, table)
    hazard = Hazard(
        code=HazardCode.LONG_RUNNING, message=f"every compressed chunk of {table.path} is unpacked"
    )
    unpack, off = unpacking(table), switching_off(table)
    return (
        _end_job(o),
        step(o.id, unpack, f"unpack the chunks of {table}", hazards=(hazard,), phase=Phase.CONTRACT, **lock),
        step(o.id, off, f"switch off the compression of {table}", phase=Phase.CONTRACT, **lock),
        *forget(o, context),
    )


def _end_job(o: Compression) -> Step:
    text = statement("SELECT remove_compression_policy({}, if_exists => true)", relation(parent_of(o.id)))
    return step(o.id, text, f"stop compressing chunks of {parent_of(o.id)}", phase=Phase.CONTRACT)


def alter(change: Change, context: Context) -> Alteration:
    """Set what differs; chunks that are compressed already keep their form until they are compressed anew."""
    before, after = change.before, change.after
    assert isinstance(before, Compression) and isinstance(after, Compression)
    return Alteration(steps=create(after, context), atomic=True)


KIND = Kind(
    name="compression",
    cls=Compression,
    rank=91,
    read=reader(Compression, "compression"),
    create=create,
    drop=drop,
    alter=alter,
    queries=(),
)

"""Who keeps a table over time: PostgreSQL with pgwright, or TimescaleDB in the server's edition."""

from __future__ import annotations

import re
from dataclasses import replace
from typing import Any

from pgwright.kinds.contract import Context
from pgwright.kinds.steps import parent_of
from pgwright.kinds.table import Table
from pgwright.kinds.timeseries.buckets import equally_long
from pgwright.kinds.timeseries.compressed import has_row_security
from pgwright.kinds.timeseries.partition_steps import column_type, series_of
from pgwright.kinds.timeseries.policy_records import COMMUNITY
from pgwright.kinds.timeseries.rollup_names import joined_table
from pgwright.model.catalog import Catalog
from pgwright.model.names import ObjectId, QualifiedName
from pgwright.model.policy import POLICY_KINDS
from pgwright.model.span import Span

_EXTENSION = ObjectId("extension", QualifiedName(None, "timescaledb"))


def neutral(catalog: Catalog, *, keep_extension: bool = False) -> Catalog:
    """Return the catalog as PostgreSQL alone would keep it: without TimescaleDB, its declarations pgwright's.

    A scratch database has no TimescaleDB. What is declared means the same there, and is carried out natively.
    """
    objects = {id: o for id, o in catalog.objects.items() if keep_extension or id.root != _EXTENSION}
    for kind in POLICY_KINDS:
        for o in catalog.of(kind):
            facts = {"native": True} if kind == "time_series" else {"by": ""}
            objects[o.id] = replace(o, **facts)
    for o in catalog.of("table"):
        # A hypertable that nobody declared: nothing says how to keep it without TimescaleDB.
        if isinstance(o, Table) and (o.time_column or o.chunks):
            column = o.time_column if series_of(catalog, o.id) is not None else None
            objects[o.id] = replace(o, time_column=column, chunks=None)
    return replace(catalog, objects=objects, server=replace(catalog.server, timescaledb=""))


def with_engine_of(copy: Catalog, live: Catalog) -> Catalog:
    """Return a copy that was rebuilt elsewhere with what `live` knows of who acts on its declarations."""
    known = {o.id: o for kind in POLICY_KINDS for o in live.of(kind)}
    for o in live.of("table"):
        made = copy.get(o.id)
        if isinstance(o, Table) and o.chunks is not None and isinstance(made, Table):
            known[o.id] = replace(made, chunks=o.chunks)
    return copy.replacing({**copy.objects, **known}.values())


def is_hypertable(table: ObjectId, context: Context) -> bool:
    """Tell whether TimescaleDB keeps the table once the plan is done."""
    if not context.server.timescaledb or series_of(context.after, table) is None:
        return False
    before = series_of(context.before, table)
    return before is None or not before.native


def has_chunks(table: ObjectId, context: Context) -> bool:
    """Tell whether the table is a hypertable before the plan, and stays one."""
    before = series_of(context.before, table)
    return before is not None and before.native is False and is_hypertable(table, context)


def rollup_relation(rollup: ObjectId) -> ObjectId:
    """Return the table that a rollup writes to; it stands in the schema of its source."""
    schema = parent_of(rollup).name.schema
    return ObjectId("table", QualifiedName(schema, rollup.name.name))


def filling(relation: ObjectId, catalog: Catalog) -> Any | None:
    """Return the rollup that fills a relation, for rollups of rollups; None for a table of rows."""
    return next((o for o in catalog.of("rollup") if rollup_relation(o.id) == relation), None)


def adopts(rollup: ObjectId, context: Context) -> bool:
    """Tell whether the rollup writes to a table that is declared by itself, as a model of its own."""
    table = context.after.get(rollup_relation(rollup))
    return table is not None and not table.derived


def is_continuous(rollup: Any, context: Context) -> bool:
    """Tell whether TimescaleDB's Community edition keeps the rollup, as a continuous aggregate.

    It cannot where the rollup has a table of its own, no bucket of the hypertable's time, or joins, nor where
    the table has row-level security, and is not to where it would miss changes.
    """
    known = context.before.get(rollup.id)
    if known is not None and rollup.id not in context.created:
        return bool(getattr(known, "by", "") == COMMUNITY)
    table = parent_of(rollup.id)
    above, series = filling(table, context.after), series_of(context.after, table)
    return bool(
        context.server.timescaledb == COMMUNITY
        and rollup.bucket
        and (series is None or rollup.column in ("", series.column))
        and not rollup.joins
        and not why_not_continuous(rollup, context)
        and (is_hypertable(table, context) or (above is not None and is_continuous(above, context)))
        and not adopts(rollup.id, context)
    )


def why_not_continuous(rollup: Any, context: Context) -> str:
    """Return why a rollup of a hypertable is to be no continuous aggregate (TimescaleDB 2.29), or nothing.

    TimescaleDB refuses one of a table with row-level security. Others would miss changes. Where buckets are
    cut by months or by the clock of a zone, the last moment that a transaction touched is taken for one past
    its end: a row right at the start of a bucket does not count as changed. And what COPY brings is not noted
    at all where it has to insert row by row: before triggers that may change a row, and for those that see
    all new rows.
    """
    table = parent_of(rollup.id)
    series = series_of(context.after, table)
    if series is None or not rollup.bucket or not is_hypertable(table, context):
        return ""
    if has_row_security(table, context):
        return "TimescaleDB refuses one of a table with row-level security"
    type = column_type(context.after, table, rollup.column or series.column)
    if not equally_long(Span.of(rollup.bucket), rollup.zone or series.zone, type):
        return "by months, or by the clock of a zone, it would miss rows right at the start of a bucket"
    for trigger in context.after.children(table, "trigger"):
        if _ROW_BY_ROW.match(getattr(trigger, "definition", "")):
            return f"{trigger.id} would hide from it what COPY brings"
    known = [o for o in _known_rollups(context) if parent_of(o.id) == table or _joins(o, table)]
    # Where one is continuous already, the triggers of the others were made for that.
    mixed = any(o.by == COMMUNITY for o in known)
    blind = None if mixed else next(iter(known), None)
    return f"the triggers of {blind.id} would hide from it what COPY brings" if blind else ""


def noted_by_row(table: ObjectId, context: Context) -> frozenset[str]:
    """Return the events of a table of which rollups by pgwright note each row by itself.

    TimescaleDB's compression does not go with triggers that see all deleted rows, and what COPY brings is
    hidden from continuous aggregates by those that see all new ones.
    """
    if context.server.timescaledb != COMMUNITY or not is_hypertable(table, context):
        return frozenset()
    continuous = any(is_continuous(o, context) for o in context.after.children(table, "rollup"))
    return frozenset({"DELETE", "INSERT"} if continuous else {"DELETE"})


def _known_rollups(context: Context) -> list[Any]:
    return [o for o in context.before.of("rollup") if o.id in context.after and o.id not in context.created]


def _joins(rollup: Any, table: ObjectId) -> bool:
    return any(joined_table(parent_of(rollup.id), join[0]) == table for join in rollup.joins)


_ROW_BY_ROW = re.compile(
    r'CREATE (?:OR REPLACE )?(?:CONSTRAINT )?TRIGGER (?:"(?:[^"]|"")+"|\S+) '
    r"(?:BEFORE (?:\w+ OR )*INSERT\b.* FOR EACH ROW|AFTER INSERT\b.* REFERENCING .*NEW TABLE)",
    re.DOTALL,
)

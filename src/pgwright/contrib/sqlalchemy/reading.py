"""Buckets of time and filled gaps in queries, the same on PostgreSQL with TimescaleDB and without.

::

    hourly = (
        select(time_bucket(Reading.at, "1 hour", zone="Europe/Oslo").label("bucket"),
               Reading.sensor_id, func.avg(Reading.value).label("average"))
        .group_by("bucket", Reading.sensor_id)
    )
    session.execute(gapfill(hourly, fill={"average": "interpolate"}))
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, datetime, timedelta
from typing import Any

from sqlalchemy import Date, DateTime, Select, TextualSelect, text
from sqlalchemy.dialects.postgresql.base import PGDialect
from sqlalchemy.ext.compiler import compiles
from sqlalchemy.sql import coercions, roles
from sqlalchemy.sql.elements import Label
from sqlalchemy.sql.functions import FunctionElement

from pgwright.kinds.timeseries.buckets import ZONED, bucket_start
from pgwright.model.span import Span
from pgwright.pg.quoting import deparsed, render
from pgwright.timeseries.gaps import Fill, Gapfill


class TimeBucket(FunctionElement[datetime]):
    """Be the start of the bucket that a moment falls into; `time_bucket` makes one."""

    name = "time_bucket"
    inherit_cache = False

    def __init__(self, column: Any, span: Span, zone: str) -> None:
        super().__init__(coercions.expect(roles.ExpressionElementRole, column))
        self.span, self.zone = span, zone
        self.type = self.clauses.clauses[0].type

    @property
    def sql_type(self) -> str:
        """Return the column's type as PostgreSQL calls it."""
        if isinstance(self.type, Date):
            return "date"
        zoned = not isinstance(self.type, DateTime) or self.type.timezone
        return ZONED if zoned else "timestamp without time zone"


@compiles(TimeBucket, "postgresql")
def _compiled(element: TimeBucket, compiler: Any, **options: Any) -> str:
    at = compiler.process(element.clauses.clauses[0], **options)
    return render(bucket_start(deparsed(at), element.span, element.zone, element.sql_type))


def time_bucket(column: Any, span: Span | timedelta | str, *, zone: str = "UTC") -> TimeBucket:
    """Return the start of the bucket of `span` that `column` falls into, by the calendar of `zone`.

    For ``select()``, ``group_by()``, ``order_by()``. Spans are those of `TimeSeries`: whole months, days, or
    times that divide a day. On other databases than PostgreSQL compiling it fails.
    """
    return TimeBucket(column, Span.of(span), zone)


def gapfill(
    query: Select[Any],
    *,
    start: datetime | date | None = None,
    finish: datetime | date | None = None,
    fill: Mapping[str, Fill] | None = None,
) -> TextualSelect:
    """Return a query whose result has every bucket from `start` to before `finish`, for each group.

    One column of `query` is a labelled `time_bucket`; columns that it groups by tell the groups. `fill` says
    for the other columns what stands in a bucket without rows: ``"locf"`` the last value before it,
    ``"interpolate"`` one on the line between its neighbours, by default null. Without `start` and `finish`
    the rows that there are tell the range. Raises `ValueError` for a query without a bucket, and for a column
    that it has not.
    """
    columns = list(query.selected_columns.keys())
    found = [
        (label, c.element)
        for label, c in query.selected_columns.items()
        if isinstance(c, Label) and isinstance(c.element, TimeBucket)
    ]
    if len(found) != 1:
        raise ValueError("the query has to have one time_bucket(...) with a .label(...)")
    ((bucket, element),) = found
    unknown = sorted(set(fill or ()) - set(columns))
    if unknown:
        raise ValueError(f"the query has no column {unknown[0]}; it has {', '.join(columns)}")
    grouped = query._group_by_clauses
    groups = [
        label
        for label, c in query.selected_columns.items()
        if label != bucket and any(c is g or getattr(g, "element", None) == label for g in grouped)
    ]
    compiled = query.compile(dialect=PGDialect(paramstyle="named"))  # type: ignore[no-untyped-call]
    composed = Gapfill(
        columns=columns,
        bucket=bucket,
        span=element.span,
        zone=element.zone,
        type=element.sql_type,
        groups=groups,
        fill=fill or {},
        start=start,
        finish=finish,
    ).compose(deparsed(str(compiled)))
    return text(render(composed)).bindparams(**compiled.params).columns(*query.selected_columns)

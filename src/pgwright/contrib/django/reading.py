"""Buckets of time and filled gaps in querysets, the same on PostgreSQL with TimescaleDB and without.

::

    hourly = (
        EnvironmentalReading.objects.annotate(bucket=TimeBucket("timestamp", "1 hour", zone="Europe/Oslo"))
        .values("bucket", "sensor_id").annotate(average=Avg("value"))
    )
    rows = gapfill(hourly, fill={"average": "locf"})
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from django.db import NotSupportedError, connections
from django.db.models import DateField, DateTimeField, Func, QuerySet
from django.db.models.functions import Trunc
from psycopg import sql

from pgwright.kinds.timeseries.buckets import ZONED, bucket_start
from pgwright.model.span import Span
from pgwright.pg.quoting import deparsed, names, render
from pgwright.timeseries.gaps import Fill, Gapfill

# What other databases can do themselves.
_TRUNC = {"1 hour": "hour", "1 day": "day", "7 days": "week", "1 month": "month", "1 year": "year"}
_AT = "\x01"


class TimeBucket(Func):
    """Be the start of the bucket of `span` that a moment falls into, by the calendar of `zone`.

    Spans are those of `TimeSeries`: whole months, days, or times that divide a day. On other databases than
    PostgreSQL hours, days, weeks, months and years work, and anything else raises `ValueError`.
    """

    function = "time_bucket"
    arity = 1

    def __init__(
        self, expression: Any, span: Span | timedelta | str, *, zone: str = "UTC", **extra: Any
    ) -> None:
        super().__init__(expression, **extra)
        self.span, self.zone = Span.of(span), zone

    def _resolve_output_field(self) -> Any:
        field = self.get_source_fields()[0]
        return DateField() if type(field) is DateField else DateTimeField()

    @property
    def sql_type(self) -> str:
        """Return the type of the moments as PostgreSQL calls it."""
        return ZONED if isinstance(self.output_field, DateTimeField) else "date"

    def as_sql(self, compiler: Any, connection: Any, **extra: Any) -> Any:  # type: ignore[override]
        """Compile to what the database knows itself."""
        kind = _TRUNC.get(str(self.span))
        if kind is None:
            raise ValueError(f"{connection.vendor} has no buckets of {self.span}")
        source = self.get_source_expressions()[0]
        trunc = Trunc(source, kind, output_field=self.output_field, tzinfo=ZoneInfo(self.zone))
        return trunc.as_sql(compiler, connection)

    def as_postgresql(self, compiler: Any, connection: Any, **extra: Any) -> Any:
        """Compile to the same SQL that partitions and rollups are cut by."""
        at, parameters = compiler.compile(self.get_source_expressions()[0])
        text = render(bucket_start(deparsed(_AT), self.span, self.zone, self.sql_type)).replace("%", "%%")
        return text.replace(_AT, at), tuple(parameters) * text.count(_AT)


def gapfill(
    queryset: QuerySet[Any, Any],
    *,
    start: datetime | date | None = None,
    finish: datetime | date | None = None,
    fill: Mapping[str, Fill] | None = None,
) -> list[dict[str, Any]]:
    """Return the rows of a queryset with every bucket from `start` to before `finish`, for each group.

    `queryset` ends in ``.values("bucket", …).annotate(…)``, where one annotation is a `TimeBucket`; the other
    plain values tell the groups. `fill` says for the aggregates what stands in a bucket without rows:
    ``"locf"`` the last value before it, ``"interpolate"`` one on the line between its neighbours, by default
    null. Without `start` and `finish` the rows that there are tell the range. Raises `ValueError` for a
    queryset without a bucket, and for a column that it has not; `NotSupportedError` on other databases than
    PostgreSQL.
    """
    query = queryset.order_by().query
    buckets = {n: e for n, e in query.annotations.items() if isinstance(e, TimeBucket)}
    aggregates = [n for n, e in query.annotations.items() if e.contains_aggregate]
    # From Django 5.2 on, columns come in the order of values().
    columns = list(getattr(query, "selected", None) or (*query.values_select, *query.annotation_select))
    if len(buckets) != 1 or next(iter(buckets)) not in columns:
        raise ValueError("the queryset has to have one TimeBucket(...) among its values")
    unknown = sorted(set(fill or ()) - set(columns))
    if unknown:
        raise ValueError(f"the queryset has no column {unknown[0]}; it has {', '.join(columns)}")
    ((bucket, element),) = buckets.items()
    connection = connections[queryset.db]
    if connection.vendor != "postgresql":
        raise NotSupportedError(f"gaps can be filled on PostgreSQL, not on {connection.vendor}")
    inner, parameters = query.get_compiler(connection=connection).as_sql()
    rows = sql.SQL("SELECT * FROM ({}) AS q ({})").format(deparsed(_AT), names(columns))
    composed = Gapfill(
        columns=columns,
        bucket=bucket,
        span=element.span,
        zone=element.zone,
        type=element.sql_type,
        groups=[c for c in columns if c != bucket and c not in aggregates],
        fill=fill or {},
        start=start,
        finish=finish,
    ).compose(rows)
    text = render(composed).replace("%", "%%").replace(_AT, inner)
    with connection.cursor() as cursor:
        cursor.execute(text, parameters)
        return [dict(zip(columns, row, strict=True)) for row in cursor.fetchall()]

"""Buckets without rows, put into the result of a query, with values carried forward or drawn through.

The result is that of TimescaleDB's ``time_bucket_gapfill``, ``locf`` and ``interpolate``, in plain SQL, so
that it is the same on every server.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Literal

from psycopg import sql

from pgwright.kinds.timeseries.buckets import bucket_after, bucket_start
from pgwright.model.span import Span
from pgwright.pg.quoting import Name, deparsed, literal, names

Fill = Literal["locf", "interpolate"]


@dataclass(frozen=True, kw_only=True)
class Gapfill:
    """Describe a query whose gaps are to be filled.

    `columns` are those of its result, in order; `bucket` is the one with the start of the bucket of length
    `span` in `zone`, of the SQL type `type`; `groups` are filled each by itself. `fill` says for a column
    how: ``locf`` carries the last value forward, ``interpolate`` draws a line between its neighbours; what
    is not named stays null. `start` and `finish` (not included) are the range, by default that of the rows
    that there are.
    """

    columns: Sequence[str]
    bucket: str
    span: Span
    zone: str
    type: str
    groups: Sequence[str] = ()
    fill: Mapping[str, Fill]
    start: datetime | date | None = None
    finish: datetime | date | None = None

    def compose(self, query: sql.Composable) -> sql.Composed:
        """Compose the query with its gaps filled, ordered by groups and time."""
        bucket, at = Name(self.bucket), sql.SQL("b.at")
        after = bucket_after(at, self.span, self.zone, self.type)
        first = self._moment(self.start) or sql.SQL("(SELECT min({}) FROM pgwright_rows)").format(bucket)
        last = sql.SQL("(SELECT max({}) FROM pgwright_rows)").format(bucket)
        upto = self._moment(self.finish) or bucket_after(last, self.span, self.zone, self.type)
        values = [c for c in self.columns if c != self.bucket and c not in self.groups]
        number = sql.SQL("dense_rank() OVER (ORDER BY {})").format(names(self.groups))
        return sql.SQL(
            "WITH RECURSIVE pgwright_rows AS ({query}),\n"
            "pgwright_numbered AS (SELECT *, {number} AS pgwright_group FROM pgwright_rows),\n"
            "pgwright_groups AS (SELECT DISTINCT pgwright_group{groups} FROM pgwright_numbered),\n"
            "pgwright_buckets AS (SELECT {start} AS at, {upto} AS upto\n"
            "    UNION ALL SELECT {after}, b.upto FROM pgwright_buckets AS b WHERE {after} < b.upto),\n"
            "pgwright_spread AS (SELECT g.*, b.at AS {bucket}, "
            "r.{bucket} IS NOT NULL AS pgwright_there{values}\n"
            "    FROM pgwright_buckets AS b CROSS JOIN pgwright_groups AS g\n"
            "    LEFT JOIN pgwright_numbered AS r ON r.{bucket} = b.at "
            "AND r.pgwright_group = g.pgwright_group\n"
            "    WHERE b.at < b.upto),\n"
            "pgwright_runs AS (SELECT *,\n"
            "    count(*) FILTER (WHERE pgwright_there) OVER forwards AS pgwright_before,\n"
            "    count(*) FILTER (WHERE pgwright_there) OVER backwards AS pgwright_behind\n"
            "    FROM pgwright_spread WINDOW forwards AS (PARTITION BY pgwright_group ORDER BY {bucket}),\n"
            "    backwards AS (PARTITION BY pgwright_group ORDER BY {bucket} DESC))\n"
            "SELECT {columns} FROM pgwright_runs\n"
            "WINDOW forwards AS (PARTITION BY pgwright_group, pgwright_before ORDER BY {bucket}),\n"
            "    backwards AS (PARTITION BY pgwright_group, pgwright_behind ORDER BY {bucket} DESC)\n"
            "ORDER BY pgwright_group, {bucket}"
        ).format(
            query=query,
            number=number if self.groups else sql.SQL("1"),
            groups=_listed(Name(g) for g in self.groups),
            start=bucket_start(first, self.span, self.zone, self.type),
            upto=upto,
            after=after,
            bucket=bucket,
            values=_listed(sql.SQL("r.{}").format(Name(v)) for v in values),
            columns=sql.SQL(", ").join(self._filled(c) for c in self.columns),
        )

    def _moment(self, value: datetime | date | None) -> sql.Composable | None:
        if value is None:
            return None
        return sql.SQL("{}::{}").format(literal(value.isoformat()), deparsed(self.type))

    def _filled(self, column: str) -> sql.Composable:
        way, value, bucket = self.fill.get(column), Name(column), Name(self.bucket)
        if way == "locf":
            return sql.SQL("first_value({value}) OVER forwards AS {value}").format(value=value)
        if way != "interpolate":
            return value
        # In the order in which TimescaleDB reckons, so that the last digit is the same, too.
        return sql.SQL(
            "CASE WHEN pgwright_there THEN {value} ELSE\n"
            "    (first_value({value}) OVER forwards * {seconds_after}\n"
            "    + first_value({value}) OVER backwards * {seconds_before})\n"
            "    / ({seconds_before} + {seconds_after}) END AS {value}"
        ).format(
            value=value,
            seconds_before=_seconds(bucket, sql.SQL("first_value({}) OVER forwards").format(bucket)),
            seconds_after=_seconds(sql.SQL("first_value({}) OVER backwards").format(bucket), bucket),
        )


def _seconds(upto: sql.Composable, since: sql.Composable) -> sql.Composed:
    """Compose the seconds between two moments, as a number without fractions of its own."""
    return sql.SQL(
        "(extract(epoch FROM ({})::timestamptz) - extract(epoch FROM ({})::timestamptz))::double precision"
    ).format(upto, since)


def _listed(parts: Iterable[sql.Composable]) -> sql.Composed:
    return sql.SQL("").join(sql.SQL(", {}").format(part) for part in parts)

"""What is declared about tables that grow with time: partitions, retention, compression, rollups."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, fields
from datetime import timedelta
from typing import Any, ClassVar, NamedTuple
from zoneinfo import ZoneInfo, available_timezones

from pgwright.model.wording import did_you_mean

# In the order in which they are declared about a table.
POLICY_KINDS = ("time_series", "compression", "rollup", "retention")

# Those that pgwright.storage opens.
ARCHIVE_SCHEMES = ("file", "s3", "gs", "az")

_TERM = re.compile(r"(\d+)\s*(second|minute|hour|day|week|month|mon|quarter|year)s?")
_UNITS = {
    "second": (0, 0, 1),
    "minute": (0, 0, 60),
    "hour": (0, 0, 3600),
    "day": (0, 1, 0),
    "week": (0, 7, 0),
    "month": (1, 0, 0),
    "mon": (1, 0, 0),
    "quarter": (3, 0, 0),
    "year": (12, 0, 0),
}
_HOUR, _DAY, _MONTH_DAYS = 3600, 86400, 30


@dataclass(frozen=True, kw_only=True)
class Span:
    """Measure time in exactly one of months, days or seconds: a month is not a number of days."""

    months: int = 0
    days: int = 0
    seconds: int = 0

    def __post_init__(self) -> None:
        parts = (self.months, self.days, self.seconds)
        if sum(part != 0 for part in parts) != 1 or min(parts) < 0:
            raise ValueError("a span of time is a positive number of months, of days or of seconds")

    @classmethod
    def of(cls, value: Span | timedelta | str) -> Span:
        """Read a span from text such as ``1 day``, ``3 months``, ``1 year``, or from a timedelta.

        Raises `ValueError` for anything else, and for a mixture such as ``1 month 3 days``.
        """
        if isinstance(value, Span):
            return value
        if isinstance(value, timedelta):
            if value.microseconds:
                raise ValueError(f"{value} is finer than a second")
            days = value.days if value.seconds == 0 else 0
            return cls(days=days, seconds=0 if days else value.days * _DAY + value.seconds)
        terms = _TERM.findall(value.strip().lower()) if isinstance(value, str) else ()
        if not terms or _TERM.sub("", value.strip().lower()).strip():
            raise ValueError(f"{value!r} is no span of time; write, for example, '1 day' or '3 months'")
        months, days, seconds = (sum(int(count) * _UNITS[unit][i] for count, unit in terms) for i in range(3))
        return cls(months=months, days=days, seconds=seconds)

    @property
    def approximate_seconds(self) -> int:
        """Return the length with months of 30 days: to compare spans, never to compute dates."""
        return (self.months * _MONTH_DAYS + self.days) * _DAY + self.seconds

    def __str__(self) -> str:
        if self.months:
            years, months = divmod(self.months, 12)
            return _text(self.months, "month") if months else _text(years, "year")
        if self.days:
            return _text(self.days, "day")
        for size, unit in ((_HOUR, "hour"), (60, "minute")):
            if self.seconds % size == 0:
                return _text(self.seconds // size, unit)
        return _text(self.seconds, "second")


def _text(count: int, unit: str) -> str:
    # PostgreSQL has to read it: no commas in the number.
    return f"{count} {unit}{'' if count == 1 else 's'}"


def _bucket(value: Span | timedelta | str, what: str) -> str:
    span = Span.of(value)
    if span.seconds and _DAY % span.seconds:
        raise ValueError(f"{what} of {span} does not divide a day")
    return str(span)


def _zone(name: str) -> str:
    try:
        ZoneInfo(name)
    except (KeyError, ValueError, OSError):
        # A system without the database of zones knows none; the server will tell.
        if known := available_timezones():
            raise ValueError(f"{name!r} is no time zone{did_you_mean(name, known)}") from None
    return name


@dataclass(frozen=True, kw_only=True)
class Policy:
    """Be something declared about a table; `kind` is the kind of object that it becomes."""

    kind: ClassVar[str]

    @property
    def name(self) -> str:
        """Return the name of the object: a table has one policy of each kind, rollups apart."""
        return self.kind

    def arguments(self) -> dict[str, Any]:
        """Return the arguments that make the policy, those at their default left out.

        Aggregates stay pairs: their order is that of the columns.
        """
        found = {
            "name" if f.name == "rollup" else f.name: getattr(self, f.name)
            for f in fields(self)
            if getattr(self, f.name) != f.default
        }
        if isinstance(self, TimeSeries) and self.suffix == TimeSeries(self.column, self.interval).suffix:
            del found["suffix"]
        return found


@dataclass(frozen=True, init=False)
class TimeSeries(Policy):
    """Declare that a table grows along a time column, and is kept in pieces of one `interval` each.

    The pieces are the partitions of a partitioned table, or a hypertable's chunks. Their bounds are those
    of calendar units in `zone`. `ahead` is how many are made before they are needed; `suffix` is the pattern
    (of PostgreSQL's ``to_char``) that names a partition after its start, by default as fine as the interval.
    """

    kind: ClassVar[str] = "time_series"
    column: str
    interval: str
    zone: str = "UTC"
    ahead: int = 3
    suffix: str = ""

    def __init__(
        self,
        column: str,
        interval: Span | timedelta | str = "1 month",
        *,
        zone: str = "UTC",
        ahead: int = 3,
        suffix: str = "",
    ) -> None:
        if not isinstance(ahead, int) or ahead < 1:
            raise ValueError("at least one partition has to be made ahead")
        if '"' in suffix or "'" in suffix:
            raise ValueError("a partition's suffix holds no quotes")
        set_ = object.__setattr__
        set_(self, "column", column)
        set_(self, "interval", _bucket(interval, "an interval"))
        set_(self, "zone", _zone(zone))
        set_(self, "ahead", ahead)
        set_(self, "suffix", suffix or _suffix(Span.of(interval)))


def _suffix(interval: Span) -> str:
    if interval.months:
        return "YYYY" if interval.months % 12 == 0 else "YYYY_MM"
    return "YYYY_MM_DD" if interval.days else "YYYY_MM_DD_HH24MI"


@dataclass(frozen=True, init=False)
class Retain(Policy):
    """Declare how long rows are kept; older ones are retired, after the rollups have taken them in.

    A table without `TimeSeries` names the `column` that tells a row's age. `archive` is a folder or bucket
    (``s3://bucket/readings``) in which each partition or chunk is kept as a Parquet file before it goes.
    """

    kind: ClassVar[str] = "retention"
    keep: str
    column: str = ""
    archive: str = ""

    def __init__(self, keep: Span | timedelta | str, *, column: str = "", archive: str = "") -> None:
        scheme, found, rest = archive.partition("://")
        if found and (scheme not in ARCHIVE_SCHEMES or not rest):
            places = ", ".join(f"{known}://" for known in ARCHIVE_SCHEMES)
            raise ValueError(f"{archive!r} is no place for an archive; it is a path, or begins with {places}")
        object.__setattr__(self, "keep", str(Span.of(keep)))
        object.__setattr__(self, "column", column)
        object.__setattr__(self, "archive", archive)


@dataclass(frozen=True, init=False)
class Compress(Policy):
    """Declare that chunks are compressed when their rows are older than `after`.

    `segment_by` are the columns that queries filter by, `order_by` is SQL such as ``at DESC``.
    """

    kind: ClassVar[str] = "compression"
    after: str
    segment_by: tuple[str, ...] = ()
    order_by: str = ""

    def __init__(
        self,
        after: Span | timedelta | str,
        *,
        segment_by: tuple[str, ...] | list[str] | str = (),
        order_by: str = "",
    ) -> None:
        object.__setattr__(self, "after", str(Span.of(after)))
        object.__setattr__(self, "segment_by", _texts(segment_by))
        object.__setattr__(self, "order_by", order_by)


Pairs = Mapping[str, str] | Iterable[tuple[str, str]]


class Join(NamedTuple):
    """Declare that a rollup reads another table, too, summed up for each row of its source.

    `on` pairs columns of the `table` with those of the source that they equal; `aggregates` maps names to SQL
    over the table's columns (``"sum(total)"``), and `where` leaves rows of it out. The rollup's own
    aggregates use those names, null where the table has no row. As a row of the source meets one row at
    most, nothing counts twice.
    """

    table: str
    on: Pairs
    aggregates: Pairs
    where: str = ""


@dataclass(frozen=True, init=False)
class Rollup(Policy):
    """Declare a table of aggregates that is kept up to date from the rows of another.

    There is one row for each `bucket` of time and each combination of `group_by`; without a bucket one for
    each combination. `aggregates` maps a column of the rollup to SQL over the source's columns
    (``"avg(temperature)"``). `refresh` is how often it is brought up to date, `retain` how long its own
    rows are kept. `bucket_column` names the column that holds the start of the bucket. `realtime` adds a
    view, named like the rollup with ``_live`` behind it, that also counts what no refresh has seen. `column`
    and `zone` are by default those of the table's `TimeSeries`; `where` leaves rows out. `of` names another
    rollup of the table to add up from: hours to days, days to months. `joins` are other tables to read.
    """

    kind: ClassVar[str] = "rollup"
    rollup: str
    bucket: str = ""
    group_by: tuple[str, ...] = ()
    aggregates: tuple[tuple[str, str], ...] = ()
    refresh: str = "1 hour"
    retain: str = ""
    realtime: bool = False
    column: str = ""
    zone: str = ""
    where: str = ""
    bucket_column: str = "bucket"
    of: str = ""
    joins: tuple[Join, ...] = ()

    def __init__(
        self,
        name: str,
        *,
        aggregates: Pairs,
        bucket: Span | timedelta | str = "",
        group_by: tuple[str, ...] | list[str] | str = (),
        refresh: Span | timedelta | str = "1 hour",
        retain: Span | timedelta | str = "",
        realtime: bool = False,
        column: str = "",
        zone: str = "",
        where: str = "",
        bucket_column: str = "bucket",
        of: str = "",
        joins: Iterable[Join] = (),
    ) -> None:
        groups, sums = _texts(group_by), dict(aggregates)
        joined = tuple(_joined(join, name, {bucket_column, *groups}) for join in joins)
        if not bucket and not groups:
            raise ValueError(f"rollup {name} needs a bucket or columns to group by")
        if not sums:
            raise ValueError(f"rollup {name} declares no aggregates")
        taken = {bucket_column, *groups} & set(sums)
        if taken:
            raise ValueError(f"rollup {name} uses {sorted(taken)[0]} both as a key and as an aggregate")
        if len({join.table for join in joined}) < len(joined):
            raise ValueError(f"rollup {name} joins a table twice")
        if retain and not bucket:
            raise ValueError(f"rollup {name} has no bucket by which its rows could be retired")
        set_ = object.__setattr__
        set_(self, "rollup", name)
        set_(self, "bucket", _bucket(bucket, "a bucket") if bucket else "")
        set_(self, "group_by", groups)
        set_(self, "aggregates", tuple(sums.items()))
        set_(self, "refresh", str(Span.of(refresh)))
        set_(self, "retain", str(Span.of(retain)) if retain else "")
        set_(self, "realtime", realtime)
        set_(self, "column", column)
        set_(self, "zone", _zone(zone) if zone else "")
        set_(self, "where", where)
        set_(self, "bucket_column", bucket_column)
        set_(self, "of", of)
        set_(self, "joins", joined)

    @property
    def name(self) -> str:
        """Return the name of the rollup's table."""
        return self.rollup


def _joined(given: Join, rollup: str, keys: set[str]) -> Join:
    join = Join(*given)
    on, sums = tuple(dict(join.on).items()), tuple(dict(join.aggregates).items())
    if not on or not sums:
        raise ValueError(
            f"rollup {rollup} joins {join.table} without columns to join on, or without aggregates"
        )
    taken = keys.intersection(name for name, _ in sums)
    if taken:
        raise ValueError(
            f"rollup {rollup} uses {min(taken)} both as a key and as an aggregate of {join.table}"
        )
    return Join(join.table, on, sums, join.where)


def _texts(value: tuple[str, ...] | list[str] | str) -> tuple[str, ...]:
    return (value,) if isinstance(value, str) else tuple(value)

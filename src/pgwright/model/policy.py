"""What is declared about tables that grow with time: partitions, retention, compression, rollups."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, fields
from datetime import timedelta
from typing import Any, ClassVar, NamedTuple

from pgwright.model.policy_arguments import LONGEST_NAME, Arguments, Pairs
from pgwright.model.span import Span

# In the order in which they are declared about a table.
POLICY_KINDS = ("time_series", "compression", "rollup", "retention")

# Those that pgwright.storage opens.
ARCHIVE_SCHEMES = ("file", "s3", "gs", "az")

# More are not made at once, by any run.
MOST_AHEAD = 1000


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
        given, set_ = Arguments("TimeSeries", "the time series"), object.__setattr__
        set_(self, "column", given.name("column", column, "created_at"))
        set_(self, "interval", given.bucket("interval", interval))
        set_(self, "zone", given.zone(zone))
        set_(self, "ahead", given.number("ahead", ahead, most=MOST_AHEAD))
        set_(self, "suffix", given.suffix(suffix, Span.of(self.interval)))


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
        given, place = Arguments("Retain", "the retention"), "s3://bucket/readings"
        scheme, found, rest = given.text("archive", archive, place, empty=True).partition("://")
        if found and (scheme not in ARCHIVE_SCHEMES or not rest):
            places = ", ".join(f"{known}://" for known in ARCHIVE_SCHEMES)
            why = f"{archive!r} is no place for an archive; it is a path, or begins with {places}"
            given.refuse("archive", why, repr(place))
        object.__setattr__(self, "keep", given.span("keep", keep))
        object.__setattr__(self, "column", given.text("column", column, "created_at", empty=True))
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
        given = Arguments("Compress", "the compression")
        object.__setattr__(self, "after", given.span("after", after))
        object.__setattr__(self, "segment_by", given.names("segment_by", segment_by, "sensor_id"))
        object.__setattr__(self, "order_by", given.text("order_by", order_by, "at DESC", empty=True))


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
        given, set_ = Arguments("Rollup", "a rollup"), object.__setattr__
        given.declared = f"rollup {given.name('name', name, 'readings_hourly')}"
        live = LONGEST_NAME - len("_live") if given.flag("realtime", realtime) else LONGEST_NAME
        groups = given.names("group_by", group_by, "sensor_id")
        key = given.name("bucket_column", bucket_column, "bucket")
        set_(self, "rollup", given.name("name", name, "readings_hourly", longest=live))
        set_(self, "bucket", given.bucket("bucket", bucket) if bucket != "" else "")
        set_(self, "group_by", groups)
        set_(self, "aggregates", given.pairs("aggregates", aggregates, {"average": "avg(value)"}))
        set_(self, "refresh", given.span("refresh", refresh))
        set_(self, "retain", given.span("retain", retain) if retain != "" else "")
        set_(self, "realtime", realtime)
        set_(self, "column", given.text("column", column, "created_at", empty=True))
        set_(self, "zone", given.zone(zone) if zone != "" else "")
        set_(self, "where", given.text("where", where, "value IS NOT NULL", empty=True))
        set_(self, "bucket_column", key)
        set_(self, "of", given.text("of", of, "readings_hourly", empty=True))
        set_(self, "joins", _joins(given, joins, {key, *groups}))
        self._require_whole(given)

    def _require_whole(self, given: Arguments) -> None:
        """Raise `DeclarationError` for arguments that do not go together."""
        if not self.bucket and not self.group_by:
            given.refuse("bucket", "it needs a bucket or columns to group by", "'1 hour'")
        if not self.aggregates:
            given.refuse("aggregates", "it declares no aggregates", "{'average': 'avg(value)'}")
        taken = {self.bucket_column, *self.group_by} & {name for name, _ in self.aggregates}
        if taken:
            why = f"{min(taken)} is used both as a key and as an aggregate"
            given.refuse("aggregates", why, "{'average': 'avg(value)'}")
        if self.retain and not self.bucket:
            given.refuse("bucket", "without one, its rows could not be retired by retain", "'1 hour'")
        if (
            self.retain
            and Span.of(self.retain).approximate_seconds < Span.of(self.bucket).approximate_seconds
        ):
            why = f"{self.retain} is shorter than its bucket, which would go before it is full"
            given.refuse("retain", why, "'1 year'")
        if self.of == self.rollup:
            given.refuse("of", "it cannot add up its own rows", "'readings_hourly'")

    @property
    def name(self) -> str:
        """Return the name of the rollup's table."""
        return self.rollup


_JOIN = "[Join('bookings', on={'flight_id': 'id'}, aggregates={'sold': 'sum(passengers)'})]"


def _joins(given: Arguments, joins: object, keys: set[str]) -> tuple[Join, ...]:
    if not isinstance(joins, Iterable) or isinstance(joins, (str, Join)):
        given.refuse("joins", f"{joins!r} is no list of Join(...)", _JOIN)
    joined = tuple(_joined(given, join, keys) for join in joins)
    if len({join.table for join in joined}) < len(joined):
        given.refuse("joins", "it joins a table twice", _JOIN)
    return joined


def _joined(given: Arguments, join: object, keys: set[str]) -> Join:
    # A tuple is what a migration file or a record may hold of it.
    if isinstance(join, str) or not isinstance(join, (tuple, list)) or len(join) not in (3, 4):
        given.refuse("joins", f"{join!r} is no Join(...)", _JOIN)
    table, on, sums, where = Join(*join)
    table = given.text("joins", table, "bookings")
    where = given.text("joins", where, "paid", empty=True)
    pairs = given.pairs("joins", on, {"flight_id": "id"})
    aggregates = given.pairs("joins", sums, {"sold": "sum(passengers)"})
    if not pairs or not aggregates:
        given.refuse("joins", f"{table} without columns to join on, or without aggregates", _JOIN)
    taken = keys.intersection(name for name, _ in aggregates)
    if taken:
        given.refuse("joins", f"{min(taken)} is used both as a key and as an aggregate of {table}", _JOIN)
    return Join(table, pairs, aggregates, where)

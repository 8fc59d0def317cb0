"""Buckets of time as SQL: where the one that holds a moment begins, and where the next one does.

Months and days are those of the calendar in a time zone, so a day has 23, 24 or 25 hours. Buckets of an hour
and less are counted within the hour: the hour that a clock shows twice in autumn is two buckets. Whole
numbers of longer hours start at midnight. Where a clock is changed by a part of a bucket, as by half an hour
on Lord Howe Island, another bucket begins there.
"""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from functools import cache
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from psycopg import sql

from pgwright.model.span import Span
from pgwright.pg.quoting import deparsed, literal

_HOUR = 3600
ZONED = "timestamp with time zone"
_NEVER_CHANGED = frozenset({"UTC", "Etc/UTC"})
TIMES = (ZONED, "timestamp without time zone", "date")


def bare_type(type: str) -> str:
    """Return a type without its precision: ``timestamp(3) with time zone`` is a timestamp with time zone."""
    head, paren, rest = type.partition("(")
    return head + rest.partition(")")[2] if paren else type


def bucket_start(at: sql.Composable, span: Span, zone: str, type: str) -> sql.Composed:
    """Compose the start of the bucket that `at`, an expression of the given type, falls into."""
    zoned = type == ZONED
    if not _divides_hour(span):
        return _back(_floor(_local(at, zone, zoned), span), zone, type)
    start = _within_hour(at, span.seconds, zone, type)
    if not zoned or _keeps_step(zone, span.seconds):
        return start
    # Counted back by the new clock, it would begin within one of the old clock, which goes on to its own end.
    old = _within_hour(start, span.seconds, zone, type)
    return sql.SQL("(CASE WHEN {old} + {span} <= {at} THEN {old} + {span} ELSE {old} END)").format(
        old=old, span=_interval(span), at=at
    )


@cache
def _keeps_step(zone: str, seconds: int) -> bool:
    """Tell whether the clocks of a zone have always been changed by whole buckets of this length."""
    if zone in _NEVER_CHANGED:
        return True
    try:
        clock = ZoneInfo(zone)
    except (ZoneInfoNotFoundError, ValueError):
        return False
    first, week = datetime(1970, 1, 1, tzinfo=UTC), timedelta(days=7)
    found = (clock.utcoffset(first + n * week) or timedelta() for n in range(70 * 52))
    return len({offset % timedelta(seconds=seconds) for offset in found}) == 1


def _within_hour(at: sql.Composable, seconds: int, zone: str, type: str) -> sql.Composed:
    """Compose the start of a bucket of an hour or less, in whole numbers: it is asked of every row.

    Within the hour no clock changes: what has passed of the bucket can be taken off the moment itself.
    """
    zoned = type == ZONED
    unit, local = _unit(seconds), _local(at, zone, zoned)
    if zoned and zone not in _NEVER_CHANGED:
        # With the zone as an argument the moment keeps its offset, in the hour that comes twice too.
        start = sql.SQL("date_trunc({}, {}, {})").format(literal(unit), at, literal(zone))
    else:
        start = sql.SQL("date_trunc({}, {})").format(literal(unit), local)
        start = _back(start, zone, type) if zoned else start
    if unit == "hour" or seconds == 1:
        return start
    passed = sql.SQL("date_part('minute', {local})::int").format(local=local)
    if unit == "second":
        passed = sql.SQL("{} * 60 + floor(date_part('second', {}))::int").format(passed, local)
    size = seconds // 60 if unit == "minute" else seconds
    return sql.SQL("({} - mod({}, {}) * interval {})").format(
        start, passed, _number(size), literal(f"1 {unit}")
    )


def may_be_shown_twice(span: Span, zone: str, type: str) -> bool:
    """Tell whether buckets of this length are cut by a clock, which may show where one begins twice.

    In the Azores it does so at midnight, in Oslo at two o'clock. Buckets of an hour and less are told apart.
    """
    return type == ZONED and zone not in _NEVER_CHANGED and not _divides_hour(span)


def equally_long(span: Span, zone: str, type: str) -> bool:
    """Tell whether all buckets take the same time: there are no months, and no clock that is changed."""
    return not span.months and (type != ZONED or zone in _NEVER_CHANGED)


def _divides_hour(span: Span) -> bool:
    return bool(span.seconds) and _HOUR % span.seconds == 0


def _unit(seconds: int) -> str:
    return "hour" if seconds == _HOUR else "minute" if seconds % 60 == 0 else "second"


def bucket_opening(at: sql.Composable, span: Span, zone: str, type: str) -> sql.Composed:
    """Compose the first moment of the bucket of `at`, before the one that it is named after.

    Where a clock shows its beginning twice, it has that name from the first time on, but means the second.
    """
    start = bucket_start(at, span, zone, type)
    if not may_be_shown_twice(span, zone, type):
        return start
    before = sql.SQL("({} - interval '1 microsecond')").format(start)
    return sql.SQL(
        "(CASE WHEN {earlier} = {start} THEN {start} - ({last} + interval '1 microsecond' - {first}) "
        "ELSE {start} END)"
    ).format(
        earlier=bucket_start(before, span, zone, type),
        start=start,
        last=_local(before, zone, True),
        first=_local(start, zone, True),
    )


def bucket_after(start: sql.Composable, span: Span, zone: str, type: str) -> sql.Composed:
    """Compose the start of the bucket that follows the one that begins at `start`."""
    zoned = type == ZONED
    if _divides_hour(span):
        after = sql.SQL("({} + {})").format(start, _interval(span))
        return (
            after if not zoned or _keeps_step(zone, span.seconds) else bucket_start(after, span, zone, type)
        )
    named: sql.Composable = _local(start, zone, zoned)
    if zoned and zone not in _NEVER_CHANGED:
        # Where clocks go forward, the start is shown as something later than what the bucket is named after.
        named = _floor(named, span)
    return _back(sql.SQL("({} + {})").format(named, _interval(span)), zone, type)


def _local(at: sql.Composable, zone: str, zoned: bool) -> sql.Composed:
    if zoned:
        return sql.SQL("({} AT TIME ZONE {})").format(at, _offset(zone))
    return sql.SQL("({})::timestamp").format(at)


def _offset(zone: str) -> sql.Composed:
    """Compose what a clock is ahead of UTC by.

    PostgreSQL looks up the name of a zone for each row, which is half of the time that a bucket takes: an
    interval it only adds.
    """
    return sql.SQL("interval '0'").format() if zone in _NEVER_CHANGED else literal(zone)


def _back(local: sql.Composable, zone: str, type: str) -> sql.Composed:
    if type == ZONED:
        return sql.SQL("({} AT TIME ZONE {})").format(local, _offset(zone))
    return sql.SQL("({})::{}").format(local, deparsed("date" if type == "date" else "timestamp"))


def _floor(local: sql.Composable, span: Span) -> sql.Composable:
    """Compose the start of the bucket of a local time; buckets are counted from 2000, weeks from a Monday."""
    if span.months:
        month = sql.SQL("date_trunc('month', {})").format(local)
        if span.months == 1:
            return month
        # The remainder of a negative number is negative, hence twice; so it is for days.
        return sql.SQL(
            "({month} - make_interval(months => mod(mod(((extract(year FROM {local}) - 2000) * 12 "
            "+ extract(month FROM {local}) - 1)::int, {months}) + {months}, {months})))"
        ).format(month=month, local=local, months=_number(span.months))
    day = sql.SQL("date_trunc('day', {})").format(local)
    if span.days == 1:
        return day
    if span.days == 7:
        return sql.SQL("date_trunc('week', {})").format(local)
    if span.days:
        return sql.SQL(
            "({day} - make_interval(days => "
            "mod(mod({local}::date - date '2000-01-03', {days}) + {days}, {days})))"
        ).format(day=day, local=local, days=_number(span.days))
    return sql.SQL(
        "({day} + make_interval(secs => (floor(extract(epoch FROM {local}::time)::numeric / {seconds}) "
        "* {seconds})::double precision))"
    ).format(day=day, local=local, seconds=_number(span.seconds))


def _interval(span: Span) -> sql.Composed:
    return sql.SQL("interval {}").format(literal(str(span)))


def interval(span: Span | str) -> sql.Composed:
    """Compose a span as a constant of type `interval`."""
    return _interval(Span.of(span))


def _number(value: int) -> sql.Composed:
    return deparsed(str(value))

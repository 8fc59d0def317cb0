"""Declarations held against what TimescaleDB does, and what it was told without pgwright.

TimescaleDB's catalogs say what really holds: a job that somebody changed or removed makes a record untrue,
and what is read is what the server does.
"""

from __future__ import annotations

import dataclasses
import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from psycopg.rows import namedtuple_row

from pgwright.kinds.timeseries.policy_records import COMMUNITY, Record, recorded_in
from pgwright.model.policy_checks import order_terms
from pgwright.model.span import Span
from pgwright.pg.sqlfiles import load_sql

if TYPE_CHECKING:
    from psycopg import Connection


@dataclass(frozen=True, kw_only=True)
class _Server:
    """Hold what TimescaleDB says, by the OID of the relation."""

    dimensions: Mapping[int, Any] = field(default_factory=dict)
    jobs: Mapping[tuple[int, str], Any] = field(default_factory=dict)
    compression: Mapping[int, Any] = field(default_factory=dict)
    aggregates: Mapping[tuple[str, str], Any] = field(default_factory=dict)


def read_records(conn: Connection[Any], *, timescaledb: str, major: int) -> tuple[Record, ...]:
    """Return the declarations of the database as they are in force.

    `timescaledb` is the licence as in `ServerFacts`. A record that the server does not act on any more is
    marked as `gone`, and what the server does without a record is there as well, marked as not `recorded`.
    """
    with conn.cursor(row_factory=namedtuple_row) as cursor:
        recorded = recorded_in(cursor, major)
        if not timescaledb:
            return tuple(r if r.kind != "time_series" or r.relkind == "p" else _no_more(r) for r in recorded)

        def ask(name: str) -> list[Any]:
            return cursor.execute(load_sql("pgwright.kinds.timeseries", name, major).encode()).fetchall()

        server = _Server(
            dimensions={r.relation: r for r in ask("policy_dimensions")},
            jobs={(r.relation, r.procedure): r for r in ask("policy_jobs")},
            compression={r.relation: r for r in ask("policy_compression")},
            aggregates={(r.schema, r.name): r for r in ask("policy_aggregates")},
        )
    recorded = tuple(_with_time_of(recorded, server))
    known = {(r.relation, r.kind) for r in recorded}
    kept = {**_kept_by_hand(server), **dict(_kept(recorded))}
    true = (_held_against(r, server, kept.get((r.schema, r.table_name))) for r in recorded)
    return (*(_told_apart(*pair) for pair in zip(recorded, true, strict=True)), *_unrecorded(server, known))


def _with_time_of(recorded: Iterable[Record], server: _Server) -> Iterator[Record]:
    """Yield the records, of pgwright's rollups as `stale` where a hypertable's time column was renamed."""
    series = [r for r in recorded if r.kind == "time_series" and r.relation in server.dimensions]
    moved = {
        r.relation for r in series if r.definition["column"] != server.dimensions[r.relation].column_name
    }
    for r in recorded:
        own = r.kind == "rollup" and r.relation in moved and not r.definition.get("by")
        yield dataclasses.replace(r, definition={**r.definition, "stale": True}) if own else r


def _no_more(record: Record) -> Record:
    return dataclasses.replace(record, gone=True)


# What only the server knows, which is declared nowhere.
_FACTS = frozenset({"since", "packed"})


def _told_apart(declared: Record, here: Record) -> Record:
    """Return the record as it is here, with what of it is not as it was declared."""
    was, now = declared.definition, here.definition
    fields = (name for name in now if name not in _FACTS and now[name] != was.get(name))
    return here if here.gone else dataclasses.replace(here, drifted=tuple(sorted({*here.drifted, *fields})))


def _kept(recorded: Iterable[Record]) -> Iterator[tuple[tuple[str, str], Span]]:
    """Yield how long the rows of tables and rollups are kept."""
    for r in recorded:
        if r.kind == "retention":
            yield (r.schema, r.table_name), Span.of(r.definition["keep"])
        elif r.kind == "rollup" and r.definition.get("retain"):
            yield (r.schema, r.name), Span.of(r.definition["retain"])


def _kept_by_hand(server: _Server) -> Mapping[tuple[str, str], Span]:
    """Return how long TimescaleDB's own jobs keep the rows of tables."""
    jobs = ((table, server.jobs.get((relation, _RETIRES))) for relation, table in server.dimensions.items())
    return {
        (table.schema, table.name): span_told(job.after_text)
        for table, job in jobs
        if job is not None and not job.by_creation
    }


def _held_against(record: Record, server: _Server, kept: Span | None) -> Record:
    """Return the record as the server acts on it. `kept` is how long its rows are."""
    definition = dict(record.definition)
    if record.kind == "time_series":
        return _series_as_it_is(record, server)
    if definition.get("by") != COMMUNITY:
        return record
    if record.kind == "rollup":
        return _continuous_as_it_is(record, server, kept)
    procedure, told = _JOBS[record.kind]
    job = server.jobs.get((record.relation, procedure))
    if job is None or job.by_creation:
        return _no_more(record)
    definition[told] = _same(definition[told], job.after_text)
    if record.kind == "compression":
        settings = server.compression.get(record.relation)
        definition["segment_by"] = list(settings.segment_by) if settings else []
        definition["packed"] = bool(settings and settings.packed)
        time = server.dimensions[record.relation].column_name
        if settings and not _same_order(definition["order_by"], settings.order_by, time):
            definition["order_by"] = settings.order_by
    return dataclasses.replace(record, definition=definition)


def _series_as_it_is(record: Record, server: _Server) -> Record:
    """Return the record of a time series with the column and the interval of a hypertable's chunks."""
    if record.relkind == "p":
        return record
    definition, dimension = dict(record.definition), server.dimensions.get(record.relation)
    if dimension is None:
        return _no_more(record)
    if Span.of(definition["interval"]).approximate_seconds != dimension.seconds:
        definition["interval"] = str(_span(dimension.seconds))
    return dataclasses.replace(record, definition={**definition, "column": dimension.column_name})


def _continuous_as_it_is(record: Record, server: _Server, kept: Span | None) -> Record:
    """Return the record of a continuous aggregate with what its jobs do, and from when on one looks at rows.

    A job that looks further back than rows are kept would delete the history of those that are gone: it
    counts as none.
    """
    found = server.aggregates.get((record.schema, record.name))
    if found is None:
        return _no_more(record)
    definition = dict(record.definition)
    job = server.jobs.get((found.relation, "policy_refresh_continuous_aggregate"))
    since = span_told(job.after_text) if job and job.after_text else None
    if job is None or (kept and (since is None or since.approximate_seconds > kept.approximate_seconds)):
        definition["refresh"] = ""
    else:
        definition["refresh"] = _same(definition["refresh"], job.every_text)
        definition["since"] = str(since or "")
    retention = server.jobs.get((found.relation, _RETIRES))
    if retention is None or retention.by_creation:
        definition["retain"] = ""
    else:
        definition["retain"] = _same(definition["retain"], retention.after_text)
    definition["realtime"] = definition["realtime"] and not found.materialized_only
    return dataclasses.replace(record, definition=definition)


def _same_order(declared: str, told: str, time: str) -> bool:
    """Tell whether rows are ordered as declared; TimescaleDB puts the time column behind, latest first."""
    wanted, here = order_terms(declared), order_terms(told)
    return not declared or here in (wanted, [*wanted, (time, "DESC", "FIRST")])


# The procedure of TimescaleDB behind a kind of policy, and the field that says after which time it acts.
_RETIRES = "policy_retention"
_JOBS = {"retention": (_RETIRES, "keep"), "compression": ("policy_compression", "after")}


def _unrecorded(server: _Server, known: set[tuple[int, str]]) -> Iterator[Record]:
    """Yield what somebody set up in TimescaleDB without pgwright."""
    for relation, dimension in server.dimensions.items():
        where: dict[str, Any] = {
            "relation": relation,
            "schema": dimension.schema,
            "table_name": dimension.name,
            "relkind": "r",
            "recorded": False,
        }
        if (relation, "time_series") not in known:
            series = {"column": dimension.column_name, "interval": str(_span(dimension.seconds))}
            yield Record(kind="time_series", name="time_series", definition=series, **where)
        for kind, (procedure, told) in _JOBS.items():
            job = server.jobs.get((relation, procedure))
            if job is None or (relation, kind) in known:
                continue
            after, since = span_told(job.after_text), " from when a chunk was made" if job.by_creation else ""
            definition: dict[str, Any] = {told: f"{after}{since}", "by": COMMUNITY}
            if kind == "compression" and relation in server.compression:
                settings = server.compression[relation]
                definition |= {"segment_by": settings.segment_by, "order_by": settings.order_by}
            yield Record(kind=kind, name=kind, definition=definition, **where)


def _span(seconds: int) -> Span:
    return Span(days=seconds // 86400) if seconds % 86400 == 0 else Span(seconds=seconds)


def _same(declared: str, told: str) -> str:
    """Return what is declared where the server says the same in other words, else what the server says."""
    here = span_told(told)
    return declared if declared and Span.of(declared) == here else str(here)


_PART = re.compile(r"(-?\d+) (year|mon|day)s?|(-?)(\d+):(\d\d):(\d\d)")
_MONTHS = {"year": 12, "mon": 1}


def span_told(text: str) -> Span:
    """Read an interval as PostgreSQL prints it: ``1 mon``, ``30 days``, ``01:00:00``.

    A mixture, which nobody can declare, is told in seconds with months of 30 days, and what is shorter than a
    second as one.
    """
    months = days = seconds = 0
    for count, unit, minus, hour, minute, second in _PART.findall(text):
        months += int(count or 0) * _MONTHS.get(unit, 0)
        days += int(count or 0) if unit == "day" else 0
        if hour:
            seconds += (int(hour) * 3600 + int(minute) * 60 + int(second)) * (-1 if minus else 1)
    whole = {name: n for name, n in (("months", months), ("days", days), ("seconds", seconds)) if n}
    if len(whole) == 1 and min(whole.values()) > 0:
        return Span(**whole)
    return Span(seconds=max((months * 30 + days) * 86400 + seconds, 1))

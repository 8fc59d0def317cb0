"""How the declarations of a database fare: who acts on each, when it last did, what is wrong."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from psycopg import Connection

from pgwright.kinds.timeseries.policy_records import Record
from pgwright.kinds.timeseries.rollup_live import form
from pgwright.model.span import Span
from pgwright.model.wording import counted
from pgwright.timeseries.continuous import blinded, continuous, may_miss, unseen
from pgwright.timeseries.jobs import Fared, fared, jobs_fared
from pgwright.timeseries.partitions import Supply, supplies, wanted_ahead
from pgwright.timeseries.records import Declarations, declarations, lacking_column

# A rollup may be late by its own pause once more, and by this, before it counts as late.
_GRACE = timedelta(minutes=10)
_NOT_FILLED = "not filled yet, and it may miss what is written meanwhile: pgwright policy run"
_RUN, _PLAN = "pgwright policy run", "pgwright policy plan"
_COMMAND = re.compile(r"pgwright(?: [a-z][\w.]*| --[a-z-]+)+")
NOT_AVAILABLE = "not available on this server"


_GONE = {
    "time_series": "the table is no time series here: pgwright policy plan",
    "compression": "TimescaleDB's job is gone or paused: pgwright policy plan",
    "retention": "TimescaleDB's job is gone or paused: pgwright policy plan",
    "rollup": "the continuous aggregate is gone: pgwright policy plan",
}


@dataclass(frozen=True, kw_only=True)
class Standing:
    """Describe one declaration: `state` is ``ok``, or what deserves attention.

    `by` is who acts: ``TimescaleDB``, or ``pgwright`` (`pgwright policy run`), or ``nobody`` on a server that
    cannot. `urgent` tells that rows are refused now, or will be with the next piece of time.
    """

    table: str
    kind: str
    name: str
    says: str
    by: str
    state: str
    last_run: datetime | None = None
    error: str | None = None
    urgent: bool = False

    @property
    def healthy(self) -> bool:
        """Tell whether the declaration is carried out, as far as this server can."""
        return self.state in ("ok", NOT_AVAILABLE)

    @property
    def next_command(self) -> str:
        """Return what to type first: the command that the state names, or the run that is due."""
        command = next(iter(_COMMAND.findall(self.state)), _RUN)
        if command == _RUN:
            return f"{_RUN} --yes; then have it run by a schedule, every few minutes"
        return f"{command}; then pgwright policy apply" if command == _PLAN else str(command)


def policy_status(conn: Connection[Any], declared: Declarations | None = None) -> tuple[Standing, ...]:
    """Return how each declaration fares, tables in order. Raises psycopg errors as they come."""
    declared = declared or declarations(conn)
    supplied = supplies(conn, declared)
    unfilled = {(r.schema, r.name) for r in continuous(declared) if r.ran_at is None}
    unfilled |= may_miss(conn, declared)
    hidden = {name: ": ".join(said) for name, said in unseen(conn, declared).items()}
    inexact = {**blinded(conn, declared), **dict.fromkeys(unfilled, _NOT_FILLED), **hidden}
    known, jobs = (*declared.records, *declared.gone), jobs_fared(conn)
    lacking = {(r.relation, r.kind, r.name): lacking_column(conn, r, declared) for r in known}
    order = {"time_series": 0, "compression": 1, "retention": 2, "rollup": 3}
    return tuple(
        _standing(
            record,
            supplied.get(record.relation),
            lacking[record.relation, record.kind, record.name],
            inexact.get((record.schema, record.name)) if record.kind == "rollup" else None,
            fared(record, jobs),
        )
        for record in sorted(known, key=lambda r: (r.schema, r.table_name, order[r.kind], r.name))
    )


def _standing(
    record: Record, supply: Supply | None, lacking: str | None, inexact: str | None, job: Fared | None
) -> Standing:
    failure = job.failure if job else ""
    failed = [f"TimescaleDB's job failed: {failure}"] if failure else []
    problems = [
        *failed,
        *_problems(record, supply, lacking),
        *_drift(record),
        *([inexact] if inexact else []),
    ]
    if record.gone:
        problems = [_GONE[record.kind]]
    return Standing(
        table=record.table.path,
        kind=record.kind,
        name=record.name,
        says=_says(record),
        by=_by(record),
        state="; ".join(problems) or "ok",
        last_run=record.ran_at or (job.last_run if job else None),
        error=record.error or failure or None,
        urgent=supply is not None and supply.ahead < 1,
    )


def _by(record: Record) -> str:
    if record.definition.get("by") or (record.kind == "time_series" and record.relkind != "p"):
        return "TimescaleDB"
    return "nobody" if record.kind == "compression" else "pgwright"


def _says(record: Record) -> str:
    d = record.definition
    if record.kind == "time_series":
        zone = f", {d['zone']}" if d.get("zone", "UTC") != "UTC" else ""
        return f"by {d['column']}, {d['interval']} each{zone}"
    if record.kind == "retention":
        return f"rows are kept for {d['keep']}" + (f", then in {d['archive']}" if d.get("archive") else "")
    if record.kind == "compression":
        by = f", by {', '.join(d['segment_by'])}" if d.get("segment_by") else ""
        return f"after {d['after']}{by}"
    keys = [*([d["bucket"]] if d["bucket"] else []), *d["group_by"]]
    every = f"; every {d['refresh']}" if d["refresh"] else ""
    return f"{', '.join(name for name, _ in d['aggregates'])} by {', '.join(keys)}{every}"


def _problems(record: Record, supply: Supply | None, lacking: str | None) -> Iterator[str]:
    if lacking:
        yield f"there is no column {lacking} any more: declare it anew, then pgwright policy plan"
    elif record.error and not record.lacks:
        yield f"failed: {record.error}"
    if record.kind == "time_series" and supply is not None:
        if not supply.partitions:
            yield "no partitions: pgwright policy run"
        elif supply.ahead < wanted_ahead(record):
            ahead = counted(supply.ahead, "partition")
            yield f"{ahead} ahead, {wanted_ahead(record)} wanted: pgwright policy run"
    if record.kind == "compression" and not record.definition.get("by"):
        yield NOT_AVAILABLE
    if record.lacks:
        yield f"changes are not noted, {record.lacks[0]} is missing or off: pgwright policy plan"
    if record.definition.get("stale"):
        yield "columns that it names were renamed, and writers may fail: declare it anew"
    if record.kind == "rollup" and not record.definition["refresh"]:
        yield "TimescaleDB does not refresh it, or would delete its history: pgwright policy plan"
    if record.kind == "rollup" and not record.definition.get("by"):
        if is_late(record):
            late = "never refreshed" if record.ran_at is None else "refresh is late"
            yield f"{late}: pgwright policy run"
        if record.late:
            yield f"{counted(record.late, 'late change')} below its floor left out"


def _outdated(record: Record) -> bool:
    shown = record.kind == "rollup" and record.definition.get("realtime") and not record.definition.get("by")
    return bool(shown and record.definition.get("live") != form())


def _drift(record: Record) -> Iterator[str]:
    # That nothing refreshes a rollup is told by itself.
    drifted = [name for name in record.drifted if name != "refresh" or record.definition[name]]
    if drifted:
        yield f"somebody changed {' and '.join(drifted).replace('_', ' ')}: pgwright policy plan"
    if _outdated(record):
        yield "an earlier version of pgwright made its live view: pgwright policy plan"


def is_late(record: Record) -> bool:
    """Tell whether a rollup should have been refreshed by now."""
    pause = timedelta(seconds=Span.of(record.definition["refresh"]).approximate_seconds)
    return not record.ran_within(2 * pause + _GRACE)

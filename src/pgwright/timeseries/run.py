"""Do what the declarations ask for: partitions ahead, rollups refreshed, old rows retired.

One thing that fails is reported and does not stop the others. Everything may be killed at any moment and run
again.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import timedelta
from fnmatch import fnmatchcase
from functools import partial
from typing import Any

import psycopg
from psycopg import Connection

from pgwright.errors import PgwrightError, PolicyError, UsageError
from pgwright.kinds.timeseries.policy_records import Record
from pgwright.kinds.timeseries.rollup_names import own_log
from pgwright.kinds.timeseries.rollup_watch import mark_everything
from pgwright.model.names import ObjectId, QualifiedName
from pgwright.model.run import Run, RunStatus
from pgwright.model.span import Span
from pgwright.model.wording import counted
from pgwright.pg.connect import connect
from pgwright.pg.redact import redact
from pgwright.pg.session import advisory_lock
from pgwright.pg.statements import statement_error
from pgwright.state.ledger import Ledger
from pgwright.timeseries.archive import require_place
from pgwright.timeseries.continuous import continuous, may_miss, refresh_continuous, uneven
from pgwright.timeseries.exactness import set_right
from pgwright.timeseries.partitions import due, make_each
from pgwright.timeseries.patience import patiently
from pgwright.timeseries.pinned import pinned
from pgwright.timeseries.records import Declarations, declarations, forget_gone, own_rollups
from pgwright.timeseries.refresh import refresh
from pgwright.timeseries.retire import (
    Old,
    archive_beforehand,
    drop_left_behind,
    history_of,
    old_pieces,
    old_rows,
    retire_chunks,
    retire_partition,
    retire_rows,
)

JOB = "policy run"

Telling = Callable[[str, float, float | None], None]


@dataclass(frozen=True, kw_only=True)
class Outcome:
    """Say what was done about one declaration, or with `dry_run` what would be; `error` when it failed."""

    task: str
    subject: str
    said: str
    count: int = 0
    error: str | None = None


@dataclass(frozen=True, kw_only=True)
class Maintained:
    """Hold the outcomes of a run; `run` is its place in the ledger, None for a dry run."""

    outcomes: tuple[Outcome, ...]
    run: Run | None = None

    @property
    def failed(self) -> tuple[Outcome, ...]:
        """Return what failed."""
        return tuple(o for o in self.outcomes if o.error)


@dataclass(frozen=True, kw_only=True)
class Demand:
    """Say what a run is to do.

    `tasks` are partitions, refresh and retire; `only` restricts it to tables and rollups that match. `force`
    refreshes rollups that are not due yet, `anew` computes all of those that are refreshed; `dry_run` changes
    nothing.
    """

    tasks: tuple[str, ...] = ("partitions", "refresh", "retire")
    only: tuple[str, ...] = ()
    force: bool = False
    anew: bool = False
    dry_run: bool = False

    def wants(self, task: str, record: Record) -> bool:
        """Tell whether a task is to be done for a declaration."""
        names = (record.table.path, f"{record.schema}.{record.name}", record.table_name, record.name)
        return task in self.tasks and (
            not self.only or any(fnmatchcase(name, pattern) for name in names for pattern in self.only)
        )


def run_policies(url: str, demand: Demand | None = None, *, tell: Telling | None = None) -> Maintained:
    """Carry out what is declared in the database at `url`, and return what was done.

    `tell` hears of long tasks (label, done, total). One run at a time: raises `LockTimeoutError` while
    another one is at work, `PolicyError` where the database follows another one, `UsageError` where nothing
    declared has a name of `demand.only`, and the `ConnectError` family.
    """
    demand = demand or Demand()
    with connect(url, autocommit=True, application_name="pgwright policy run") as conn, pinned(conn):
        if demand.dry_run:
            return Maintained(outcomes=tuple(_all(conn, _declared(conn, demand), demand, tell)))
        with advisory_lock(conn, JOB):
            declared = _declared(conn, demand)
            if not declared.records and not (gone := _forget(conn)):
                return Maintained(outcomes=())
            ledger, outcomes = Ledger(conn=conn), []
            ledger.prepare()
            run = ledger.begin(JOB, instead=True)
            for outcome in _all(conn, declared, demand, tell):
                outcomes.append(outcome)
                ledger.advance(run.id, f"{outcome.task} {outcome.subject}", {"done": len(outcomes)})
            outcomes += _forget(conn) if declared.records else gone
            bad = [f"{o.task} {o.subject}: {o.error}" for o in outcomes if o.error]
            status = RunStatus.FAILED if bad else RunStatus.SUCCEEDED
            result = {
                "done": [f"{o.task} {o.subject}: {o.said}" for o in outcomes if not o.error and o.count]
            }
            run = ledger.finish(run.id, status, result=result, error="; ".join(bad) or None)
            return Maintained(outcomes=tuple(outcomes), run=run)


def _forget(conn: Connection[Any]) -> list[Outcome]:
    gone, said = forget_gone(conn), "its table was dropped"
    return [Outcome(task="forget", subject=subject, said=said, count=1) for subject in gone]


def _declared(conn: Connection[Any], demand: Demand) -> Declarations:
    """Read what is declared; a name that nothing has was mistyped."""
    found = declarations(conn)
    if demand.only and not any(demand.wants(t, record) for record in found.records for t in demand.tasks):
        raise UsageError(
            f"nothing is declared that is called {', '.join(demand.only)}",
            detail="nothing was changed",
            hint="see what is declared, and about which tables: pgwright policy status",
        )
    return found


def _all(
    conn: Connection[Any], declared: Declarations, demand: Demand, tell: Telling | None
) -> Iterator[Outcome]:
    for record in declared.of("time_series"):
        if record.relkind == "p" and demand.wants("partitions", record):
            yield from _guarded(conn, record, "partitions", partial(_ahead, conn, record, declared, demand))
    for record in sorted(declared.of("rollup"), key=declared.depth):
        if demand.wants("refresh", record):
            work = partial(_refresh_continuous, conn, record, declared, demand)
            if not record.definition.get("by"):
                work = partial(_refresh, conn, record, declared, demand, tell)
            yield from _guarded(conn, record, "refresh", work)
    for record in declared.of("retention"):
        if not record.definition.get("by") and demand.wants("retire", record):
            yield from _guarded(
                conn, record, "retire", partial(_retire, conn, record, declared, demand, tell)
            )


def _guarded(
    conn: Connection[Any], record: Record, task: str, work: Callable[[], Iterator[Outcome]]
) -> Iterator[Outcome]:
    """Yield the outcomes of some work; an error ends it and becomes an outcome, kept with the declaration."""
    error = None
    try:
        yield from work()
    except psycopg.Error as exc:
        if conn.closed or conn.broken:
            raise statement_error(exc, conn=conn) from exc
        told = statement_error(exc, conn=conn, left="what was finished stays")
        if isinstance(exc, (psycopg.errors.UndefinedColumn, psycopg.errors.UndefinedTable)):
            told.hint = "what is declared names what is not there any more: pgwright policy plan"
        error = _in_words(told, f"({exc.sqlstate})")
        yield Outcome(task=task, subject=_subject(record), said="failed", error=error)
    except PgwrightError as exc:
        if conn.closed or conn.broken:
            raise
        error = _in_words(exc, f"[{exc.code}]")
        yield Outcome(task=task, subject=_subject(record), said="failed", error=error)
    if record.kind != "rollup" or error:
        _note(conn, record, error)


def _in_words(exc: PgwrightError, code: str) -> str:
    """Return an error with what to do about it, as it is kept and shown."""
    return redact(f"{exc.message} {code}" + (f"; {exc.hint}" if exc.hint else ""))


def _note(conn: Connection[Any], record: Record, error: str | None) -> None:
    conn.execute(
        "UPDATE pgwright.policy SET error = %s, ran_at = CASE WHEN %s::text IS NULL THEN clock_timestamp() "
        "ELSE ran_at END WHERE relation = %s AND kind = %s AND name = %s",
        (error, error, record.relation, record.kind, record.name),
    )


def _subject(record: Record) -> str:
    return f"{record.schema}.{record.name}" if record.kind == "rollup" else record.table.path


def _ahead(
    conn: Connection[Any], record: Record, declared: Declarations, demand: Demand
) -> Iterator[Outcome]:
    found, failed = due(conn, record, declared), list[str]()
    made = [piece.name for piece in found.pieces]
    if not demand.dry_run:
        made = list(make_each(conn, record, declared, found.pieces, failed))
    verb = "would make" if demand.dry_run else "made"
    said = f"{verb} {', '.join(made) or 'none'}" if found.pieces else "enough ahead"
    if found.astray is not None:
        said += f"; its newest row is of {found.astray}, too far ahead to make partitions up to it"
    yield Outcome(task="partitions", subject=record.table.path, said=said, count=len(made))
    if failed:
        raise PolicyError(
            f"{counted(len(failed), 'partition')} could not be made: {'; '.join(failed)}",
            hint="correct what is in the way; the next run tries again: pgwright policy run",
        )


def _refresh(
    conn: Connection[Any], record: Record, declared: Declarations, demand: Demand, tell: Telling | None
) -> Iterator[Outcome]:
    subject = _subject(record)
    if not demand.force and not is_due(record):
        yield Outcome(task="refresh", subject=subject, said="not due yet")
        return
    if demand.dry_run:
        yield Outcome(task="refresh", subject=subject, said="would be refreshed", count=1)
        return
    progress = (lambda done, total: tell(f"refresh {subject}", done, total)) if tell else None
    if demand.anew:
        conn.execute(mark_everything(own_log(QualifiedName(record.schema, record.name))))
    done = refresh(conn, record, declared, progress=progress)
    said = f"{counted(done.keys, 'key')} computed anew, {counted(done.rows, 'row')}"
    if done.late:
        said += f"; {counted(done.late, 'late change')} below the floor left out"
    yield Outcome(task="refresh", subject=subject, said=said, count=done.keys)


def _refresh_continuous(
    conn: Connection[Any], record: Record, declared: Declarations, demand: Demand
) -> Iterator[Outcome]:
    """Fill a continuous aggregate once, and set right what TimescaleDB's job misses of uneven buckets.

    That job looks back no longer than rows are kept, and may miss what is written while it runs first.
    """
    name = (record.schema, record.name)
    filled = record.ran_at is not None and name not in may_miss(conn, declared)
    is_uneven = name in uneven(conn, declared)
    watched = record.definition["refresh"] and is_uneven and is_due(record)
    if filled and not watched and not demand.force:
        return
    anew = not filled or demand.anew
    if demand.dry_run:
        said = "would be filled from all rows" if anew else "would be refreshed"
    else:
        said = (
            "filled from all rows" if refresh_continuous(conn, record, declared, anew=anew) else "refreshed"
        )
        if is_uneven and (mended := set_right(conn, record, declared)):
            said += f", {counted(mended, 'bucket')} that TimescaleDB had missed"
    yield Outcome(task="refresh", subject=_subject(record), said=f"{said}; TimescaleDB goes on", count=1)


def is_due(record: Record) -> bool:
    """Tell whether the time between two refreshes of a rollup has passed."""
    return not record.ran_within(timedelta(seconds=Span.of(record.definition["refresh"]).approximate_seconds))


def _retire(
    conn: Connection[Any], record: Record, declared: Declarations, demand: Demand, tell: Telling | None
) -> Iterator[Outcome]:
    subject = record.table.path
    if declared.series(record.relation) is None:
        yield from _retire_rows(conn, record, declared, demand, tell, table=record.table)
        return
    pieces = old_pieces(conn, record, declared)
    if demand.dry_run or not pieces:
        verb = "archive and drop" if record.definition.get("archive") else "drop"
        said = f"would {verb} {_named(pieces)}{_rows(pieces)}" if pieces else "nothing is old enough"
        yield Outcome(task="retire", subject=subject, said=said, count=len(pieces))
    else:
        yield from _retire_pieces(conn, record, declared, pieces, tell)
    if record.relkind == "p":
        # What goes piece by piece comes first: it is gone at once, and it is most of what is old.
        history = history_of(conn, record)
        if history is not None and history not in [piece.table for piece in pieces]:
            yield from _retire_history(conn, record, declared, demand, tell, history=history)
        if not demand.dry_run:
            for name in drop_left_behind(conn, record, declared):
                said = f"{_gone(record)} {name}, left by a killed run"
                yield Outcome(task="retire", subject=subject, said=said, count=1)


def _retire_pieces(
    conn: Connection[Any],
    record: Record,
    declared: Declarations,
    pieces: tuple[Old, ...],
    tell: Telling | None,
) -> Iterator[Outcome]:
    subject = record.table.path
    if place := record.definition.get("archive"):
        # Before anything is detached: it would wait for its archive where nobody sees it.
        require_place(place)
    # The rollups are brought up to date first, so that little is left to do under the lock.
    for rollup in own_rollups(declared, record.relation):
        refresh(conn, rollup, declared)
    if record.relkind != "p":
        for rollup in continuous(declared, record.relation):
            refresh_continuous(conn, rollup, declared)
        for piece in pieces:
            archive_beforehand(conn, record, declared, piece.table)
        patiently(partial(retire_chunks, conn, record, declared, pieces))
        said = f"{_gone(record)} {_named(pieces)}"
        yield Outcome(task="retire", subject=subject, said=said, count=len(pieces))
        return
    for done, piece in enumerate(pieces, start=1):
        retire_partition(conn, record, declared, piece)
        if tell:
            tell(f"retire {subject}", done, len(pieces))
        said = f"{_gone(record)} {piece.table.name.name}{_rows((piece,))}"
        yield Outcome(task="retire", subject=subject, said=said, count=1)


def _named(pieces: tuple[Old, ...]) -> str:
    return ", ".join(piece.table.name.name for piece in pieces)


def _rows(pieces: tuple[Old, ...]) -> str:
    known = [piece.rows for piece in pieces if piece.rows is not None]
    return f" (about {counted(sum(known), 'row')})" if len(known) == len(pieces) else ""


def _gone(record: Record) -> str:
    return "archived and dropped" if record.definition.get("archive") else "dropped"


def _retire_history(
    conn: Connection[Any],
    record: Record,
    declared: Declarations,
    demand: Demand,
    tell: Telling | None,
    *,
    history: ObjectId,
) -> Iterator[Outcome]:
    """Delete the old rows of the partition of all that is older; an archive takes it as a whole, later."""
    if not record.definition.get("archive"):
        yield from _retire_rows(conn, record, declared, demand, tell, table=history)
    elif old := old_rows(conn, record, declared, history):
        said = f"{counted(old, 'old row')} of {history.path} stay until it is archived whole"
        yield Outcome(task="retire", subject=record.table.path, said=said)


def _retire_rows(
    conn: Connection[Any],
    record: Record,
    declared: Declarations,
    demand: Demand,
    tell: Telling | None,
    *,
    table: ObjectId,
) -> Iterator[Outcome]:
    total, subject = old_rows(conn, record, declared, table), table.path
    if table != record.table and not total:
        return
    if demand.dry_run or not total:
        said = f"would delete {counted(total, 'row')}" if total else "nothing is old enough"
        yield Outcome(task="retire", subject=subject, said=said, count=total)
        return
    for rollup in own_rollups(declared, record.relation):
        refresh(conn, rollup, declared)
    done = 0
    for deleted in retire_rows(conn, record, declared, table):
        done += deleted
        if tell:
            tell(f"retire {subject}", done, total)
    yield Outcome(task="retire", subject=subject, said=f"deleted {counted(done, 'row')}", count=done)

"""Copy a database: schema, rows, what stands over them, and the proof that it arrived."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field, replace
from typing import Any

import psycopg
from psycopg import Connection, sql

from pgwright.errors import FollowRefused, UsageError
from pgwright.kinds.timeseries.policy_carry import carry, declared_in
from pgwright.model.run import Run, RunStatus
from pgwright.pg.address import parse_address, same_database
from pgwright.pg.connect import connect
from pgwright.pg.quoting import Name, render
from pgwright.pg.session import advisory_lock, settings
from pgwright.pg.timescale import as_at_work, end_restoring
from pgwright.sources.workshop import Workshop
from pgwright.transfer.copy import record as records
from pgwright.transfer.copy.builders import EARLY
from pgwright.transfer.copy.checklist import require_possible
from pgwright.transfer.copy.choice import Choice
from pgwright.transfer.copy.declared import coming_along, left_behind, settled, with_declarations
from pgwright.transfer.copy.due import ROWS_COMPLETE, plan_load, start_of
from pgwright.transfer.copy.dump import Dumped, Entry, dump_schema
from pgwright.transfer.copy.existing import (
    match_tables,
    require_empty,
    require_no_large_objects,
    without_foreign_keys,
)
from pgwright.transfer.copy.extensions import bring_extension_rows, extension_counters
from pgwright.transfer.copy.finish import make_entries, set_sequences
from pgwright.transfer.copy.hypertables import becoming_plain, ordinary, with_chunks_rows, without_chunks
from pgwright.transfer.copy.judgement import judge_schema, judge_table, materialized
from pgwright.transfer.copy.large_objects import copy_large_objects
from pgwright.transfer.copy.load import Progress, bring
from pgwright.transfer.copy.needs import require_needs
from pgwright.transfer.copy.tables import LEAST_PART_BYTES, CopyTable, hold, read_tables, split
from pgwright.verify.contents import Scope, verify_databases
from pgwright.verify.others import SEQUENCES
from pgwright.verify.result import Verification
from pgwright.verify.side import Side


@dataclass(frozen=True, kw_only=True)
class Manner:
    """Say how a copy is done.

    `jobs` workers bring rows and as many builders make indexes; `rate` is in bytes a second for all of
    them, 0 for no limit; locks of the target are waited for up to `lock_timeout` seconds; `least_part` is the
    size in bytes below which a table is not split. `verify` compares the two sides at the end. `snapshot`
    is one of the source that somebody else holds.
    """

    jobs: int = 2
    rate: float = 0
    least_part: int = LEAST_PART_BYTES
    lock_timeout: float = 60
    verify: bool = True
    snapshot: str | None = None
    workshop: Workshop = field(default_factory=Workshop)
    on_progress: Callable[[Progress], None] = lambda progress: None
    on_compare: Callable[[int, int], None] = lambda done, total: None
    on_note: Callable[[str], None] = lambda text: None


@dataclass(frozen=True, kw_only=True)
class Copied:
    """Tell what a copy did: its run in the target's ledger, the rows brought this time, the comparison."""

    run: Run
    rows: int
    tables: int
    verification: Verification | None


def copy_database(
    source: str, target: str, choice: Choice | None = None, manner: Manner | None = None
) -> Copied:
    """Copy the database at the URL `source` into the one at `target`, as of one snapshot.

    The source is only read. The target must be empty, or allowed by `choice` to hold something else. Each
    finished piece is marked in the target, so that `resume_copy` goes on after any failure or kill.

    Raises `TargetNotEmpty`, `CopyFailed`, and the errors of `connect` and of statements.
    """
    choice, manner = choice or Choice(), manner or Manner()
    require_two_places(source, target)
    require_possible(source, target, choice, jobs=manner.jobs)
    with _sides(source, target, manner) as (side, conn):
        with side.session() as reader:
            kept = _prepare(url=source, side=side, reader=reader, conn=conn, choice=choice, manner=manner)
        records.prepare(conn)
        return _carry_out(records.begin(conn, kept), kept, (source, target), side, manner)


def resume_copy(source: str, target: str, manner: Manner | None = None) -> Copied:
    """Go on with the unfinished copy of this target, with what was chosen then.

    Finished pieces are not done again. The old snapshot is gone with the killed process: what is missing is
    taken from a new one, and tables that were begun before are compared with it and brought up to date.

    Raises `NothingToResume`, and what `copy_database` raises.
    """
    manner = manner or Manner()
    with _sides(source, target, manner) as (side, conn):
        record, kept = records.resume(conn)
        if kept.source != _place(source):
            raise UsageError(
                f"the unfinished copy of this target comes from {kept.source}",
                detail=f"not from {_place(source)}; nothing was changed",
                hint="name the same source, or begin anew with an empty target",
            )
        if manner.snapshot is not None and ROWS_COMPLETE in record.finished():
            raise FollowRefused(
                "the rows of this copy are of an earlier moment, and what changed since is not known",
                detail="nothing was changed",
                hint="finish it without --follow, or begin again with an empty target",
            )
        with side.session() as reader:
            hold(reader, kept.tables)
        return _carry_out(record, kept, (source, target), side, manner)


@contextmanager
def _sides(source: str, target: str, manner: Manner) -> Iterator[tuple[Side, Connection[Any]]]:
    with (
        connect(target, autocommit=True, lock_timeout=manner.lock_timeout) as conn,
        advisory_lock(conn, "copy"),
        settings(conn, search_path=""),  # what the server deparses is then qualified
        # One session beside the one that a mend uses: reading sequences must not wait for it.
        Side(source, jobs=3, snapshot=manner.snapshot) as side,
    ):
        yield side, conn


def _prepare(
    *, url: str, side: Side, reader: Connection[Any], conn: Connection[Any], choice: Choice, manner: Manner
) -> records.Kept:
    """Look at both sides and settle what is made and brought; nothing is changed yet."""
    choice.require_match(reader)
    declared = declared_in(reader)
    for rollup in left_behind(choice, declared):
        manner.on_note(
            f"rollup {rollup.name} of {rollup.about.path} stays behind; to have it there, too: "
            "pgwright policy apply"
        )
    choice = settled(choice, declared)
    plain = becoming_plain(reader, choice)
    if plain is not None:
        choice = without_chunks(choice, plain)
    tables = choice.tables(read_tables(reader))
    if plain is not None:
        tables = with_chunks_rows(tables, plain)
    hold(reader, tables)
    require_needs(reader, conn, choice, tables)
    alone: frozenset[int] = frozenset()
    if choice.large_objects:
        require_no_large_objects(conn)
    if choice.what == "data":
        found = match_tables(conn, tables)
        schema = without_foreign_keys(conn, tables)
        # Switching triggers off wants the table for itself: such a table comes in one part.
        alone = frozenset(oid for oid, table in found.items() if table.triggers)
    else:
        if not choice.existing:
            require_empty(conn, unfinished=records.unfinished(conn))
        dumped = with_declarations(_dump(url, side, reader, choice), coming_along(choice, declared), declared)
        schema = _with_schemas(dumped if plain is None else ordinary(dumped, conn), tables, choice)
    parts = split(tables, jobs=manner.jobs, major=side.major, least=manner.least_part, alone=alone)
    return records.Kept(source=_place(url), choice=choice, schema=schema, parts=tuple(parts))


def _dump(url: str, side: Side, reader: Connection[Any], choice: Choice) -> Dumped:
    assert side.snapshot is not None
    options = choice.dump_options(reader)
    return dump_schema(url, side.snapshot, options, owners=choice.owners, privileges=choice.privileges)


def _with_schemas(dumped: Dumped, tables: Iterable[CopyTable], choice: Choice) -> Dumped:
    """Add the schemas of the tables: told to dump tables by name, pg_dump leaves them out."""
    if not choice.include:
        return dumped
    made = tuple(
        Entry(
            id=-number,
            oid=0,
            type="SCHEMA",
            name=name,
            sql=render(sql.SQL("CREATE SCHEMA {}").format(Name(name))),
        )
        for number, name in enumerate(sorted({str(table.name.schema) for table in tables}), 1)
    )
    return Dumped(before=made + dumped.before, after=dumped.after)


def _carry_out(
    record: records.Record, kept: records.Kept, urls: tuple[str, str], side: Side, manner: Manner
) -> Copied:
    side.left = records.STAYS
    try:
        try:
            with records.open_target(urls[1], record.run.id) as writer:
                rows = _carry_over(
                    record=record, kept=kept, writer=writer, urls=urls, side=side, manner=manner
                )
                found = _verify(urls, kept, side, writer, manner) if manner.verify else None
        finally:
            if not record.conn.closed:
                end_restoring(record.conn)
    except Exception as error:
        with suppress(psycopg.Error):  # the target may be what failed
            record.end(RunStatus.FAILED, result={}, error=str(getattr(error, "message", error)))
        told = records.broken_off(error)
        if told is error:
            raise
        raise told from error
    agrees = found is None or found.agrees
    tables = len(kept.tables)
    record.end(
        RunStatus.SUCCEEDED if agrees else RunStatus.FAILED,
        result={"tables": tables, "rows": rows, "verified": found is not None and agrees},
        error=None if agrees else "the target differs from the source",
    )
    return Copied(run=record.run, rows=rows, tables=tables, verification=found)


def _carry_over(
    *,
    record: records.Record,
    kept: records.Kept,
    writer: Connection[Any],
    urls: tuple[str, str],
    side: Side,
    manner: Manner,
) -> int:
    run, choice, schema = record.run.id, kept.choice, kept.schema

    def make(entries: Iterable[Entry], stage: str) -> None:
        make_entries(writer, run, entries, stage=stage, partial=choice.partial, on_note=manner.on_note)

    make(schema.before, "before")
    load = plan_load(kept, record.finished(), writer)
    rows = bring_extension_rows(side, writer, run, kept.tables)
    if load.parts or load.waits or load.stale:
        start = start_of(urls, side, run, rate=manner.rate / manner.jobs, lock_timeout=manner.lock_timeout)
        rows += bring(load, start, side, urls[1], jobs=manner.jobs, on_progress=manner.on_progress)
    with records.doing(writer, run, ROWS_COMPLETE) as first:
        if first:
            # Floors have to be those of the snapshot that the rows are of.
            with side.session() as reader:
                declared = coming_along(choice, declared_in(reader))
            carry(writer, declared, declare=choice.what != "data")
    if choice.what != "schema":
        _sequences(side, writer, choice)
    if choice.large_objects:
        copy_large_objects(side, urls, writer, run)
    make((entry for entry in schema.after if entry.type not in EARLY), "entry")
    return rows


def _sequences(side: Side, writer: Connection[Any], choice: Choice) -> None:
    with side.session() as reader:
        counters = extension_counters(reader) if choice.what == "all" and not choice.partial else ()
        set_sequences(reader, writer, (*choice.sequences(reader), *counters))


def _verify(
    urls: tuple[str, str], kept: records.Kept, side: Side, writer: Connection[Any], manner: Manner
) -> Verification:
    """Compare the target with the very snapshot that was copied."""
    choice = kept.choice
    scope = Scope(
        selection=choice.selection,
        jobs=manner.jobs,
        schemas=choice.what != "data" and not (choice.include or choice.schemas or choice.plain),
        contents=choice.what != "schema",
        likely_equal=True,
        may_be_empty=True,
        snapshot=side.snapshot,
        workshop=manner.workshop,
    )
    views = materialized(writer)
    target = as_at_work(writer, parse_address(urls[1])).text
    found = verify_databases(urls[0], target, scope, on_progress=manner.on_compare)
    found = replace(found, changes=judge_schema(found.changes, side.major, writer, manner.on_note))
    tables = tuple(judge_table(table, views) for table in found.tables)
    if any(table.name == SEQUENCES and not table.agrees for table in tables):
        _sequences(side, writer, choice)
        manner.on_note("the source went on using its sequences; they were set again")
        tables = tuple(table for table in tables if table.name != SEQUENCES)
    return replace(found, tables=tables)


def _place(url: str) -> str:
    address = parse_address(url)
    return f"{address.dbname} at {address.place}"


def require_two_places(source: str, target: str) -> None:
    """Raise `UsageError` where both URLs lead to one database."""
    if same_database(parse_address(source), parse_address(target)):
        raise UsageError(
            f"source and target are the same database, {_place(source)}",
            detail="nothing was changed",
            hint="name another target; make one with: CREATE DATABASE",
        )

"""Run an import: fast where all rows are good, row by row where they are not, all or nothing."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from dataclasses import replace
from typing import Any

import psycopg
from psycopg import Connection, sql

from pgwright.errors import CountsDiffer, ImportFailed, PgwrightError, StorageError
from pgwright.formats.batch import Batch
from pgwright.formats.csv import RowCounter
from pgwright.model.wording import counted
from pgwright.pg.quoting import Name, render
from pgwright.pg.statements import statement_error
from pgwright.transfer.imports.merge import merge
from pgwright.transfer.imports.prepare import Prepared, fitted
from pgwright.transfer.imports.rejects import Rejects
from pgwright.transfer.imports.request import Conflict, Counts, Outcome
from pgwright.transfer.imports.sift import is_refusal, sift
from pgwright.transfer.imports.staging import STAGING, Stager, copy_blocks, copy_statement, create_staging
from pgwright.transfer.imports.statement import rows_of, statement_of
from pgwright.transfer.tables import read_tables

Progress = Callable[[int], None]
NOTHING = "nothing was imported"


def run_import(conn: Connection[Any], prepared: Prepared, progress: Progress = lambda rows: None) -> Outcome:
    """Import a file in one transaction and return the counts, which add up.

    `progress` is told the rows read so far. Raises `ImportFailed` with line, column, value and reason when
    more rows are bad than allowed; whatever is raised, nothing was imported.
    """
    if prepared.request.batch_rows is not None:
        from pgwright.transfer.imports.batches import run_batches  # noqa: PLC0415 - imports this module

        return run_batches(conn, prepared, progress)
    with _rejects(prepared) as rejects, _explained(conn, prepared):
        try:
            with conn.transaction(force_rollback=prepared.request.dry_run):
                counts = _import(conn, prepared, rejects, progress)
                require_sum(prepared, counts)
                raise_sequences(conn, prepared)
                where = save_rejects(prepared, rejects)
        except ImportFailed:
            save_rejects(prepared, rejects)
            raise
        except StorageError as exc:
            exc.detail = f"{exc.detail}; {NOTHING}"
            raise
    return Outcome(
        table=str(prepared.table.name), counts=counts, rejects=where, dry_run=prepared.request.dry_run
    )


def _import(conn: Connection[Any], prepared: Prepared, rejects: Rejects, progress: Progress) -> Counts:
    reading, again = prepared.reading, prepared.source.again
    if prepared.request.max_rejects or (reading.blocks is None and not again):
        return carefully(conn, prepared, reading.batches(prepared.shapes), rejects, progress)
    blocks = (
        _counted(reading.blocks(), progress)
        if reading.blocks
        else _whole(reading.batches(prepared.shapes), progress)
    )
    try:
        with conn.transaction():
            return _fast(conn, prepared, _watched(blocks), progress)
    except (psycopg.DatabaseError, _NeedsCare) as exc:
        if isinstance(exc, psycopg.DatabaseError) and not is_refusal(exc):
            raise
        if not again:
            if isinstance(exc, _NeedsCare):
                raise ImportFailed(
                    "a line holds only \\., which ends the data for this server",
                    detail=NOTHING,
                    hint="import from a file, or use --max-rejects 1",
                ) from None
            raise
        failure = exc
    # Read again, to tell the line. That this fails as well is all but certain: somebody may have changed
    # the file or the table in between, and then the import is right.
    reading = prepared.source.open()
    reread = fitted(prepared.request, prepared.source, reading, prepared.table)
    counts = carefully(conn, reread, reading.batches(reread.shapes), rejects, progress)
    del failure
    return counts


def _fast(conn: Connection[Any], prepared: Prepared, blocks: Iterator[bytes], progress: Progress) -> Counts:
    if prepared.direct:
        rows = copy_blocks(conn, copy_statement(prepared, prepared.table.sql, lines=False), blocks)
        progress(rows)
        return Counts(read=rows, inserted=rows)
    create_staging(conn, prepared, lines=False)
    read = copy_blocks(conn, copy_statement(prepared, STAGING, lines=False), blocks)
    progress(read)
    return replace(merge(conn, prepared), read=read)


def carefully(
    conn: Connection[Any],
    prepared: Prepared,
    batches: Iterator[Batch],
    rejects: Rejects,
    progress: Progress,
) -> Counts:
    """Stage row by row, merge, and put aside what is refused on the way."""
    before = rejects.count
    create_staging(conn, prepared, lines=True)
    stager = Stager(conn, prepared, rejects)
    read = 0
    for batch in batches:
        stager.stage(batch)
        read += len(batch.rows) + len(batch.faults)
        progress(read)
    try:
        with conn.transaction():
            counts = merge(conn, prepared)
    except psycopg.DatabaseError as exc:
        if not is_refusal(exc):
            raise
        counts = sift(conn, prepared, read_tables(conn), rejects)
    return replace(counts, read=read, rejected=rejects.count - before)


def require_sum(prepared: Prepared, counts: Counts) -> None:
    """Raise `CountsDiffer` unless every row read is accounted for."""
    if not counts.add_up:
        raise CountsDiffer(
            f"of {counted(counts.read, 'row')} for {prepared.table.name} {counts.inserted:,} were inserted, "
            f"{counts.updated:,} updated, {counts.skipped:,} skipped and {counts.rejected:,} rejected",
            detail=NOTHING,
            hint="look at the triggers and rules of the table: they may write or drop rows",
        )


def raise_sequences(conn: Connection[Any], prepared: Prepared) -> None:
    """Let the sequences of imported columns go on after the largest value, never back."""
    for column in prepared.columns:
        if column.sequence is None:
            continue
        conn.execute(
            sql.SQL(
                "SELECT setval({0}::regclass, found.largest)"
                " FROM (SELECT max({1}) AS largest FROM {2}) AS found"
                " WHERE found.largest > coalesce(pg_sequence_last_value({0}::regclass), 0)"
            ).format(sql.Literal(column.sequence), Name(column.name), prepared.table.sql)
        )


@contextmanager
def _rejects(prepared: Prepared) -> Iterator[Rejects]:
    rejects = Rejects(
        limit=prepared.request.max_rejects, place=prepared.source.place, unit=prepared.reading.unit
    )
    with closing(rejects):
        yield rejects


def save_rejects(prepared: Prepared, rejects: Rejects, *, ordered: bool = True) -> str | None:
    """Write the reject file where one is wanted and needed, and return where.

    That comes before the commit: rows whose rejection nobody could read would be lost.
    """
    if not rejects.count or not prepared.request.max_rejects:
        return None
    rejects.save(where := rejects_place(prepared), ordered=ordered)
    return where


def rejects_place(prepared: Prepared) -> str:
    """Return where the reject file goes."""
    request = prepared.request
    return request.rejects or ("rejects.csv" if request.source == "-" else f"{request.source}.rejects.csv")


@contextmanager
def _explained(conn: Connection[Any], prepared: Prepared) -> Iterator[None]:
    try:
        yield
    except psycopg.Error as exc:
        context = exc.diag.context
        said = explained(exc, conn, prepared, left=NOTHING)
        if context:
            said.detail = f"{said.detail}; {context.splitlines()[0]}"
        raise said from exc


def explained(exc: psycopg.Error, conn: Connection[Any], prepared: Prepared, *, left: str) -> PgwrightError:
    """Return the error that says why the server refused, not yet raised."""
    statement = sql.SQL("").format()
    if isinstance(exc, psycopg.errors.InsufficientPrivilege):
        # All that an import needs, and not what its first statement lacks.
        statement = sql.SQL("COPY {} FROM STDIN").format(prepared.table.sql)
        if prepared.request.conflict is Conflict.UPDATE:
            statement = statement_of(prepared, rows_of(prepared))
    return statement_error(exc, render(statement), conn=conn, left=left)


class _NeedsCare(Exception):
    """Say that the server would stop reading before the end of the file, or that not all of it are rows."""


def _whole(batches: Iterator[Batch], progress: Progress) -> Iterator[bytes]:
    """Yield the rows of batches as blocks, as long as none has faults."""
    read = 0
    for batch in batches:
        if batch.faults:
            raise _NeedsCare
        if batch.rows:
            yield b"\n".join([*batch.rows, b""])
        read += len(batch.rows)
        progress(read)


def _counted(blocks: Iterator[bytes], progress: Progress) -> Iterator[bytes]:
    """Yield blocks of CSV, and tell the rows so far."""
    counter = RowCounter()
    for block in blocks:
        yield block
        progress(counter.add(block))


def _watched(blocks: Iterator[bytes]) -> Iterator[bytes]:
    r"""Yield blocks until a line begins with ``\.``: servers before 18 take it for the end of the data."""
    tail = b"\n"
    for block in blocks:
        if (b"\\." in block or tail.endswith(b"\\")) and b"\n\\." in tail + block:
            raise _NeedsCare
        tail = block[-2:]
        yield block

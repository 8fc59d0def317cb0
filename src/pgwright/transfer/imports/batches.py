"""Import in batches that are committed one by one, so that a run that was killed goes on where it was.

The place in the file is kept in the ledger, moved in the same transaction as the batch.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import closing
from dataclasses import asdict, replace
from typing import Any

import psycopg
from psycopg import Connection

from pgwright.errors import ImportFailed, PgwrightError, UsageError
from pgwright.formats.batch import Batch, Fault
from pgwright.model.run import Run, RunStatus
from pgwright.model.wording import counted
from pgwright.pg.redact import redact
from pgwright.pg.session import advisory_lock
from pgwright.state.ledger import Ledger
from pgwright.transfer.imports.prepare import Prepared
from pgwright.transfer.imports.rejects import Rejects
from pgwright.transfer.imports.request import Counts, Outcome
from pgwright.transfer.imports.run import (
    NOTHING,
    Progress,
    carefully,
    explained,
    raise_sequences,
    rejects_place,
    require_sum,
    save_rejects,
)


def run_batches(conn: Connection[Any], prepared: Prepared, progress: Progress) -> Outcome:
    """Import in batches; a batch that fails ends the run, and the same command goes on with it.

    Raises `ImportFailed` for a batch with more bad rows than are allowed; earlier ones stay.
    """
    if prepared.request.dry_run:
        raise UsageError("a dry run takes everything back, batches stay", hint="leave out --batch-rows")
    if not prepared.source.again:
        raise UsageError("batches need a file that can be read again", hint="leave out --batch-rows")
    ledger = Ledger(conn=conn)
    ledger.prepare()
    job = f"import {prepared.source.place} into {prepared.table.name}"
    with advisory_lock(conn, job):
        last = ledger.last(job)
        ledger.abandon_running(job)
        done, counts = _place(last, _version(prepared))
        run = ledger.begin(job, attempt=last.attempt + 1 if last and done else 1)
        try:
            outcome = _batches(
                conn, prepared, ledger=ledger, run=run, done=done, counts=counts, progress=progress
            )
        except PgwrightError as exc:
            if not conn.closed:  # else the next run finds it abandoned
                ledger.finish(run.id, RunStatus.FAILED, error=redact(exc.message))
            raise
        ledger.finish(run.id, RunStatus.SUCCEEDED, result=asdict(outcome.counts))
        return outcome


def _batches(
    conn: Connection[Any],
    prepared: Prepared,
    *,
    ledger: Ledger,
    run: Run,
    done: int,
    counts: Counts,
    progress: Progress,
) -> Outcome:
    rows_at_once = prepared.request.batch_rows
    assert rows_at_once is not None
    resumed_at = done
    rejects = Rejects(
        limit=prepared.request.max_rejects, place=prepared.source.place, unit=prepared.reading.unit
    )
    with closing(rejects):
        rows = prepared.reading.batches(prepared.shapes)
        try:
            if counts.rejected:
                rejects.restore(rejects_place(prepared), counts.rejected)
            for batch in _resized(_after(rows, done), rows_at_once):
                before = rejects.count
                after = done + len(batch.rows) + len(batch.faults)
                with conn.transaction():
                    counts += carefully(conn, prepared, iter([batch]), rejects, lambda _: None)
                    require_sum(prepared, counts)
                    raise_sequences(conn, prepared)
                    if rejects.count > before:
                        # In this order, so that the next run can tell which of them were committed.
                        save_rejects(prepared, rejects, ordered=False)
                    ledger.advance(run.id, _watermark(after, prepared), {"counts": asdict(counts)})
                done = after
                progress(done)
        except psycopg.Error as exc:
            raise explained(exc, conn, prepared, left=_left(done)) from exc
        except PgwrightError as exc:
            said = (exc.detail or NOTHING).replace(NOTHING, _left(done))
            exc.detail = said if _left(done) in said else f"{said}; {_left(done)}"
            if isinstance(exc, ImportFailed):
                save_rejects(prepared, rejects, ordered=False)
            raise
        where = save_rejects(prepared, rejects)
    return Outcome(table=str(prepared.table.name), counts=counts, rejects=where, resumed_at=resumed_at)


def _left(done: int) -> str:
    if not done:
        return NOTHING
    return f"what is committed stays, {counted(done, 'row')}; run the same command again to go on after them"


def _version(prepared: Prepared) -> str:
    stat = prepared.source.stat
    return f"{stat.etag}:{stat.size}" if stat else ""


def _watermark(done: int, prepared: Prepared) -> str:
    return json.dumps({"rows": done, "file": _version(prepared)})


def _place(last: Run | None, version: str) -> tuple[int, Counts]:
    """Return how many rows an unfinished run of this very file has done, and its counts."""
    if last is None or last.status is RunStatus.SUCCEEDED or last.watermark is None:
        return 0, Counts()
    found = json.loads(last.watermark)
    if found["file"] != version:
        return 0, Counts()
    return found["rows"], Counts(**last.progress["counts"])


def _resized(batches: Iterator[Batch], size: int) -> Iterator[Batch]:
    """Yield the same rows in batches of `size`; faults go with the first rows of their own batch."""
    numbers: list[int] = []
    rows: list[bytes] = []
    faults: list[Fault] = []
    for batch in batches:
        faults += batch.faults
        at = 0
        while len(rows) + len(batch.rows) - at >= size:
            end = at + size - len(rows)
            yield Batch(
                numbers=[*numbers, *batch.numbers[at:end]], rows=[*rows, *batch.rows[at:end]], faults=faults
            )
            numbers, rows, faults, at = [], [], [], end
        numbers += batch.numbers[at:]
        rows += batch.rows[at:]
    if rows or faults:
        yield Batch(numbers=numbers, rows=rows, faults=faults)


def _after(batches: Iterator[Batch], done: int) -> Iterator[Batch]:
    """Yield what follows the first `done` rows; the faults of a batch count as its first ones."""
    for batch in batches:
        size = len(batch.rows) + len(batch.faults)
        if done >= size:
            done -= size
        elif done:
            skipped = done - len(batch.faults)
            yield replace(batch, numbers=batch.numbers[skipped:], rows=batch.rows[skipped:], faults=())
            done = 0
        else:
            yield batch

"""Carry a conversion out: build, fill, compare, exchange, finish; killed anywhere, it goes on from there."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from typing import Any

import psycopg
from psycopg import Connection

from pgwright.diff.compare import compare
from pgwright.diff.ends import pack, read_here, unpack
from pgwright.errors import PgwrightError, PolicyError
from pgwright.model.change import Change
from pgwright.model.names import ObjectId, QualifiedName
from pgwright.model.run import Run, RunStatus
from pgwright.pg.connect import connect
from pgwright.pg.redact import redact
from pgwright.pg.session import advisory_lock, settings
from pgwright.pg.statements import statement_error
from pgwright.server.scratch import EMBEDDED
from pgwright.sources.database import read_catalog
from pgwright.state.ledger import Ledger
from pgwright.timeseries.convert.proposal import Conversion
from pgwright.timeseries.convert.work import Telling, Work

JOB = "policy convert"


@dataclass(frozen=True, kw_only=True)
class Converted:
    """Report a conversion: its rows, how long in seconds nobody could reach the table, what still differs.

    `refused` tells which declarations the server refused, and why.
    """

    run: Run
    table: str
    rows: int
    locked: float
    remaining: tuple[Change, ...] = ()
    refused: tuple[str, ...] = ()


@dataclass(frozen=True, kw_only=True)
class Unfinished:
    """Hold a conversion that was begun and not ended, and how far it came."""

    run: Run
    conversion: Conversion
    exchanged: bool


def unfinished(url: str) -> Unfinished | None:
    """Return the conversion of the database at `url` that was not ended, or None."""
    with connect(url, autocommit=True) as conn:
        return _unfinished(conn)


def _unfinished(conn: Connection[Any]) -> Unfinished | None:
    ledger = Ledger(conn=conn)
    run = ledger.last(JOB) if ledger.exists() else None
    payload = ledger.payload(run.id) if run else None
    if run is None or payload is None or run.status is RunStatus.SUCCEEDED or "table" not in run.progress:
        return None
    server = read_catalog(conn, source="target", kinds=()).server
    table = ObjectId("table", QualifiedName(*run.progress["table"]))
    conversion = Conversion(table=table, ends=unpack(payload), server=server)
    return Unfinished(run=run, conversion=conversion, exchanged=bool(run.progress.get("exchanged")))


def convert(
    url: str, conversion: Conversion, *, tell: Telling | None = None, scratch: str = EMBEDDED
) -> Converted:
    """Carry the conversion out, or go on with the one of the same table that was not ended.

    `tell` hears of the rows copied. Raises `ConversionDiffers` where the copy is not what the table is,
    `PolicyError` where another conversion is unfinished, `LockTimeoutError` where somebody holds the table
    for too long, `StatementError`; whatever it raises, the table can be used.
    """
    with (
        connect(url, autocommit=True, application_name=f"pgwright {JOB}") as conn,
        advisory_lock(conn, JOB),
        settings(conn, DateStyle="ISO, YMD"),
    ):
        ledger = Ledger(conn=conn)
        ledger.prepare()
        left = _unfinished(conn)
        if left is not None and left.conversion.table != conversion.table:
            path = left.conversion.table.path
            raise PolicyError(
                f"the conversion of {path} is not finished",
                detail="nothing was changed",
                hint=f"go on with it: pgwright policy convert {path}, or add --abandon",
            )
        chosen = left.conversion if left else conversion
        ledger.abandon_running(JOB)
        attempt = left.run.attempt + 1 if left else 1
        with conn.transaction():
            run = ledger.begin(JOB, payload=pack(chosen.ends), attempt=attempt)
            if left:
                ledger.advance(run.id, left.run.watermark or "[]", left.run.progress)
        work = Work(conn, ledger, run, chosen, tell or (lambda *_: None))
        with _closing(work):
            return _all(work, left, scratch)


def _all(work: Work, left: Unfinished | None, scratch: str) -> Converted:
    rows = int(left.run.progress.get("rows", 0)) if left else 0
    if left is not None and left.exchanged:
        work.exchanged = True
        work.locked = float(left.run.progress.get("locked", 0))
        work.followed = int(left.run.progress.get("followed", 0))
    else:
        if left is not None and work.is_there():
            work.after = tuple(json.loads(left.run.watermark or "[]"))
            work.done = rows
        else:
            work.patiently(work.build)
        work.fill()
        rows = work.prove()
        work.exchange(rows)
    work.finish(rows)
    _, here = read_here(work.conn, work.conversion.ends, scratch=scratch)
    chosen = work.conversion.ends.selection.apply
    remaining = compare(chosen(here), chosen(work.conversion.ends.after))
    result = {"rows": rows, "locked": round(work.locked, 3)}
    return Converted(
        run=work.ledger.finish(work.run.id, RunStatus.SUCCEEDED, result=result),
        table=work.conversion.table.path,
        rows=rows,
        locked=work.locked,
        remaining=remaining,
        refused=tuple(work.refused.values()),
    )


@contextmanager
def _closing(work: Work) -> Iterator[None]:
    """Close the run of a conversion that fails, and put its error into words."""
    try:
        try:
            yield
        except psycopg.Error as exc:
            raise statement_error(exc, conn=work.conn, left="the table can be used as before") from exc
    except BaseException as exc:
        with suppress(Exception):
            cause = redact(str(exc)) or type(exc).__name__
            work.ledger.finish(work.run.id, RunStatus.FAILED, error=cause)
        # PostgreSQL's own hints (room on the disk) name no command.
        if isinstance(exc, PgwrightError) and "pgwright " not in (exc.hint or ""):
            onward = f"go on: pgwright policy convert {work.conversion.table.path}"
            onward = onward if work.exchanged else f"{onward}; or add --abandon"
            exc.hint = f"{exc.hint.rstrip('.')}; then {onward}" if exc.hint else onward
        raise


def abandon(url: str) -> str | None:
    """Remove all that an unfinished conversion has made; return the table's name, None without one.

    Raises `PolicyError` where the table was exchanged already and only the end is missing.
    """
    with connect(url, autocommit=True) as conn, advisory_lock(conn, JOB):
        left = _unfinished(conn)
        if left is None:
            return None
        path = left.conversion.table.path
        if left.exchanged:
            raise PolicyError(
                f"{path} is converted already, only the end is missing",
                detail="nothing was changed",
                hint=f"let it finish: pgwright policy convert {path}; the way back: add --back after that",
            )
        work = Work(conn, Ledger(conn=conn), left.run, left.conversion, lambda *_: None)
        work.patiently(work.remove)
        work.ledger.finish(left.run.id, RunStatus.FAILED, error="abandoned")
        # Nothing is left to go on with.
        conn.execute("UPDATE pgwright.run SET payload = NULL WHERE id = %s", (left.run.id,))
        return path

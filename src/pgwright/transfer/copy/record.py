"""What a copy has done, kept in the target: each piece is marked in the transaction that does it."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import msgspec
import psycopg
from psycopg import Connection

from pgwright.errors import ConnectError, CopyFailed, NothingToResume, StatementError
from pgwright.model.run import Run, RunStatus
from pgwright.pg.connect import connect
from pgwright.pg.sqlfiles import load_sql
from pgwright.pg.statements import statement_error
from pgwright.state.ledger import Ledger
from pgwright.transfer.copy.choice import Choice
from pgwright.transfer.copy.dump import Dumped
from pgwright.transfer.copy.tables import CopyTable, Part

JOB = "copy"
STAYS = "what is finished stays"
SESSION_NAME = "pgwright copy "  # and the run: by it a resumed run finds sessions that were left behind
_MARK = "INSERT INTO pgwright.copy_item (run, item, part) VALUES (%s, %s, %s) ON CONFLICT DO NOTHING"
_PATIENCE = 30.0  # seconds for sessions of a killed run to end


class Kept(msgspec.Struct, kw_only=True, frozen=True):
    """Hold what a resumed run needs: where the copy comes from, what was chosen, the schema, the parts.

    Parts are kept because tables grow: cut again, the same number would mean other blocks.
    """

    source: str
    choice: Choice
    schema: Dumped
    parts: tuple[Part, ...]

    @property
    def tables(self) -> tuple[CopyTable, ...]:
        """Return the tables whose rows are copied."""
        return tuple({part.table.oid: part.table for part in self.parts}.values())


@dataclass(frozen=True, kw_only=True)
class Record:
    """Read and mark what is finished of one run, over a connection to the target in autocommit."""

    conn: Connection[Any]
    run: Run

    def finished(self) -> dict[str, dict[int, str | None]]:
        """Return the finished parts of each item, with the snapshot that rows were taken from."""
        rows = self.conn.execute(
            "SELECT item, part, snapshot FROM pgwright.copy_item WHERE run = %s", [self.run.id]
        ).fetchall()
        result: dict[str, dict[int, str | None]] = {}
        for item, part, snapshot in rows:
            result.setdefault(item, {})[part] = snapshot
        return result

    def end(self, status: RunStatus, *, result: dict[str, Any], error: str | None = None) -> None:
        """Close the run; what it marked is no longer needed once it has succeeded."""
        with self.conn.transaction():
            # Everything before was committed without waiting for the disk: this commit waits for all of it.
            self.conn.execute("SET LOCAL synchronous_commit = on")
            Ledger(conn=self.conn).finish(self.run.id, status, result=result, error=error)
            if status is RunStatus.SUCCEEDED:
                self.conn.execute("DELETE FROM pgwright.copy_item WHERE run = %s", [self.run.id])


@contextmanager
def doing(conn: Connection[Any], run: str, item: str, part: int = 0) -> Iterator[bool]:
    """Do a piece of work in one transaction with its mark; gives False where it is done already.

    A session that a killed run left behind holds the mark until it ends, so no piece is done twice.
    """
    with conn.transaction():
        marked = conn.execute(_MARK, [run, item, part]).rowcount == 1
        yield marked


def prepare(conn: Connection[Any]) -> None:
    """Make pgwright's own tables in the target where they are missing."""
    Ledger(conn=conn).prepare()
    conn.execute(load_sql("pgwright.transfer.copy", "items", 12).encode())


def begin(conn: Connection[Any], kept: Kept) -> Record:
    """Write down a new run."""
    return Record(conn=conn, run=Ledger(conn=conn).begin(JOB, payload=msgspec.json.encode(kept)))


def resume(conn: Connection[Any]) -> tuple[Record, Kept]:
    """Return the unfinished run of this target, with its left-behind sessions ended.

    Raises `NothingToResume` where the target has none.
    """
    ledger = Ledger(conn=conn)
    run = ledger.last(JOB) if ledger.exists() else None
    payload = ledger.payload(run.id) if run is not None and run.status is not RunStatus.SUCCEEDED else None
    if run is None or payload is None:
        raise NothingToResume(
            "the target has no unfinished copy",
            detail="its last copy is complete" if run is not None else "nothing was ever copied into it",
            hint="compare it with the source: pgwright verify SRC DST",
        )
    _end_sessions(conn, run.id)
    return Record(conn=conn, run=run), msgspec.json.decode(payload, type=Kept)


def unfinished(conn: Connection[Any]) -> bool:
    """Tell whether the target has an unfinished copy."""
    ledger = Ledger(conn=conn)
    run = ledger.last(JOB) if ledger.exists() else None
    return run is not None and run.status is not RunStatus.SUCCEEDED


def open_target(url: str, run: str) -> Connection[Any]:
    """Connect to the target for work of the run; commits do not wait for the disk until the run's end."""
    conn = connect(url, autocommit=True, application_name=SESSION_NAME + run)
    for name, value in (
        ("synchronous_commit", "off"),
        ("search_path", ""),
        ("check_function_bodies", "off"),
        ("statement_timeout", "0"),
        ("idle_in_transaction_session_timeout", "0"),
        ("lock_timeout", "60s"),
        ("client_min_messages", "warning"),
        ("xmloption", "content"),
        ("standard_conforming_strings", "on"),
        ("row_security", "off"),
        ("client_encoding", "UTF8"),
    ):
        conn.execute("SELECT pg_catalog.set_config(%s, %s, false)", [name, value])
    return conn


def _end_sessions(conn: Connection[Any], run: str) -> None:
    """End what a killed run left working in the target, and wait until it is gone."""
    deadline = time.monotonic() + _PATIENCE
    query = (
        "SELECT count(pg_catalog.pg_terminate_backend(pid)) FROM pg_catalog.pg_stat_activity"
        " WHERE datname = pg_catalog.current_database() AND application_name = %s"
        " AND pid <> pg_catalog.pg_backend_pid()"
    )
    while True:
        row = conn.execute(query, [SESSION_NAME + run]).fetchone()
        if row == (0,):
            return
        if time.monotonic() > deadline:
            raise CopyFailed(
                "sessions of the copy before are still at work in the target",
                detail=f"{row[0] if row else 0} sessions named {SESSION_NAME + run!r} do not end",
                hint="look at them with: pgwright inspect activity; then run this again",
            )
        time.sleep(0.1)


def broken_off(error: Exception) -> Exception:
    """Return the error for what a server refused, or for its silence, in the middle of a copy.

    Any other error stays as it is.
    """
    told = statement_error(error, left=STAYS) if isinstance(error, psycopg.Error) else error
    lost = isinstance(told, ConnectError)
    if not isinstance(told, ConnectError | StatementError):
        return told
    return CopyFailed(
        f"the copy was broken off: {told.message}",
        detail=STAYS if lost else told.detail,
        hint="mend that, then go on with: pgwright copy SRC DST --resume",
    )


def failure(error: psycopg.Error) -> str:
    """Return what the server said, in one line."""
    parts = (str(error.diag.message_primary or error), error.diag.message_detail)
    return "; ".join(part.strip() for part in parts if part)

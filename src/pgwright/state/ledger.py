"""The ledger: what pgwright did to a database, kept in that database.

A run is written before its first step, moves its watermark in the same transaction as each
step, and ends with a result. A run without an end whose process is gone can be resumed.
"""

from __future__ import annotations

import secrets
import zlib
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import psycopg
from psycopg import Connection, sql
from psycopg.rows import dict_row
from psycopg.types.json import Jsonb

from pgwright.errors import PrivilegeError
from pgwright.model.run import Run, RunStatus
from pgwright.pg.quoting import Name, render
from pgwright.pg.sqlfiles import load_sql
from pgwright.pg.statements import statement_error
from pgwright.version import __version__

_COLUMNS = sql.SQL(
    "id, job, status, attempt, started_at, heartbeat_at, finished_at, watermark, progress, result, error"
)
_BEGIN = sql.SQL(
    "INSERT INTO pgwright.run (id, job, status, attempt, version, payload) "
    "VALUES (%s, %s, 'running', %s, %s, %s) RETURNING {}"
).format(_COLUMNS)
_BEGIN_INSTEAD = sql.SQL(
    "WITH former AS (UPDATE pgwright.run SET status = 'abandoned' WHERE job = %s AND status = 'running') {}"
).format(_BEGIN)
_ADVANCE = sql.SQL(
    "UPDATE pgwright.run SET watermark = %s, progress = %s, heartbeat_at = clock_timestamp() WHERE id = %s"
)
_FINISH = sql.SQL(
    "UPDATE pgwright.run SET status = %s, result = %s, error = %s, finished_at = clock_timestamp(), "
    "heartbeat_at = clock_timestamp() WHERE id = %s RETURNING {}"
).format(_COLUMNS)
_ABANDON = sql.SQL(
    "UPDATE pgwright.run SET status = 'abandoned' WHERE job = %s AND status = 'running' RETURNING {}"
).format(_COLUMNS)
_GET = sql.SQL("SELECT {} FROM pgwright.run WHERE starts_with(id, %s) LIMIT 2").format(_COLUMNS)
_RECENT = sql.SQL(
    "SELECT {} FROM pgwright.run WHERE %s::text IS NULL OR job = %s ORDER BY started_at DESC LIMIT %s"
).format(_COLUMNS)

# Of several privileges in one text, the function is content with any.
_MAY_WRITE = (
    "SELECT bool_and(has_table_privilege(to_regclass('pgwright.run')::oid, privilege)) "
    "FROM unnest(ARRAY['SELECT', 'INSERT', 'UPDATE', 'DELETE']) AS privilege"
)


@dataclass(frozen=True, kw_only=True)
class Ledger:
    """Read and write the runs of one database, over a connection that the caller owns."""

    conn: Connection[Any]

    def prepare(self) -> None:
        """Make pgwright's own schema and tables where they are missing.

        Raises `PrivilegeError` for a role that may not, or may not write into those that are there.
        """
        try:
            # Null where there is no such table.
            row = self.conn.execute(_MAY_WRITE).fetchone()
            if row == (True,):
                return
            if row == (False,):
                raise self._closed()
        except psycopg.errors.InsufficientPrivilege as exc:
            raise self._closed() from exc
        try:
            with self.conn.transaction():
                self._make()
        except psycopg.errors.InsufficientPrivilege as exc:
            left = "runs are recorded in a schema pgwright, which is not there and cannot be made"
            raise statement_error(exc, "CREATE SCHEMA pgwright", conn=self.conn, left=left) from exc

    def _closed(self) -> PrivilegeError:
        role = render(Name(self.conn.info.user))
        return PrivilegeError(
            f"the role {self.conn.info.user} may not write down here what is done",
            detail="runs are recorded in the schema pgwright of the database; nothing was changed",
            hint=f"as its owner or a superuser: GRANT USAGE ON SCHEMA pgwright TO {role}; "
            f"GRANT SELECT, INSERT, UPDATE, DELETE ON ALL TABLES IN SCHEMA pgwright TO {role}",
        )

    def _make(self) -> None:
        self.conn.execute("SELECT pg_advisory_xact_lock(hashtextextended('pgwright ledger', 0))")
        for statement in load_sql("pgwright.state", "tables", 12).split(";\n"):
            if statement.strip():
                self.conn.execute(statement.encode())

    def exists(self) -> bool:
        """Tell whether the database has a ledger."""
        row = self.conn.execute("SELECT to_regclass('pgwright.run') IS NOT NULL").fetchone()
        return bool(row and row[0])

    def begin(
        self, job: str, *, payload: bytes | None = None, attempt: int = 1, instead: bool = False
    ) -> Run:
        """Write a new run of `job` and return it; `payload` is what a resume needs.

        `instead` marks as abandoned those that never ended; the caller holds the lock of the job.
        """
        packed = None if payload is None else zlib.compress(payload)
        values = (secrets.token_hex(4), job, attempt, __version__, packed)
        return self._one(_BEGIN_INSTEAD, (job, *values)) if instead else self._one(_BEGIN, values)

    def advance(self, id: str, watermark: str, progress: Mapping[str, Any]) -> None:
        """Move the watermark; called inside the transaction of the step that it marks as done."""
        self.conn.execute(
            _ADVANCE,
            (watermark, Jsonb(dict(progress)), id),
        )

    def finish(
        self, id: str, status: RunStatus, *, result: Mapping[str, Any] | None = None, error: str | None = None
    ) -> Run:
        """Close a run. `error` must be redacted already."""
        return self._one(
            _FINISH,
            (status.value, Jsonb(dict(result or {})), error, id),
        )

    def discard(self, id: str) -> None:
        """Forget a run that did nothing: there is nothing to know of it, and nothing to resume."""
        self.conn.execute("DELETE FROM pgwright.run WHERE id = %s", (id,))

    def abandon_running(self, job: str) -> tuple[Run, ...]:
        """Mark as abandoned the runs of `job` that never ended; the caller holds the lock of the job."""
        return self._many(
            _ABANDON,
            (job,),
        )

    def get(self, id: str) -> Run | None:
        """Return the run of that id, which may be shortened as long as it stays unique."""
        found = self._many(_GET, (id,))
        return found[0] if len(found) == 1 else None

    def last(self, job: str) -> Run | None:
        """Return the newest run of `job`."""
        found = self.recent(1, job=job)
        return found[0] if found else None

    def recent(self, limit: int = 20, *, job: str | None = None) -> tuple[Run, ...]:
        """Return the newest runs, of one job or of all, newest first."""
        return self._many(_RECENT, (job, job, limit))

    def payload(self, id: str) -> bytes | None:
        """Return what the run left for its resume."""
        row = self.conn.execute("SELECT payload FROM pgwright.run WHERE id = %s", (id,)).fetchone()
        return zlib.decompress(row[0]) if row and row[0] is not None else None

    def _one(self, query: sql.Composed, parameters: tuple[Any, ...]) -> Run:
        (run,) = self._many(query, parameters)
        return run

    def _many(self, query: sql.Composed, parameters: tuple[Any, ...]) -> tuple[Run, ...]:
        with self.conn.cursor(row_factory=dict_row) as cursor:
            cursor.execute(query, parameters)
            return tuple(Run(**{**row, "status": RunStatus(row["status"])}) for row in cursor.fetchall())

"""Which migrations were run by pgwright, when, by whom and from which text; kept in the database itself."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from psycopg import Connection
from psycopg.rows import class_row

from pgwright.pg.sqlfiles import load_sql

_TABLES = ("pgwright.migration", "pgwright.migration_statement")
_LATEST = (
    "SELECT DISTINCT ON (revision) revision, direction, digest, run, seconds, actor, ended_at "
    "FROM pgwright.migration WHERE tool = %s ORDER BY revision, id DESC"
)
_UNFINISHED = (
    "SELECT DISTINCT revision, direction FROM pgwright.migration_statement WHERE tool = %s ORDER BY revision"
)


@dataclass(frozen=True, kw_only=True)
class MigrationRecord:
    """Record how a revision came to where it is.

    `direction` is ``up``, ``down`` or ``stamp`` (written down without running it). `digest` is that of the
    file that ran, `seconds` how long that took; both None for a stamp.
    """

    revision: str
    direction: str
    digest: str | None
    run: str | None
    seconds: float | None
    actor: str
    ended_at: datetime


@dataclass(frozen=True, kw_only=True)
class Unfinished:
    """Name a revision of which a part is committed, and the direction in which it was run."""

    revision: str
    direction: str


@dataclass(frozen=True, kw_only=True)
class MigrationLedger:
    """Read and write what is known of the migrations of one tool, over a connection that the caller owns."""

    conn: Connection[Any]
    tool: str

    def prepare(self) -> None:
        """Make the tables where they are missing."""
        if self.exists():
            return
        with self.conn.transaction():
            self.conn.execute("SELECT pg_advisory_xact_lock(hashtextextended('pgwright ledger', 0))")
            for statement in load_sql("pgwright.state", "migrations", 12).split(";\n"):
                if statement.strip():
                    self.conn.execute(statement.encode())

    def exists(self) -> bool:
        """Tell whether the database has the tables."""
        row = self.conn.execute(
            "SELECT bool_and(to_regclass(name) IS NOT NULL) FROM unnest(%s::text[]) AS name", (list(_TABLES),)
        ).fetchone()
        return bool(row and row[0])

    def latest(self) -> dict[str, MigrationRecord]:
        """Return the newest record of each revision; empty where pgwright ran none."""
        if not self.exists():
            return {}
        with self.conn.cursor(row_factory=class_row(MigrationRecord)) as cursor:
            return {record.revision: record for record in cursor.execute(_LATEST, (self.tool,))}

    def unfinished(self) -> tuple[Unfinished, ...]:
        """Return the revisions of which a part is committed."""
        if not self.exists():
            return ()
        with self.conn.cursor(row_factory=class_row(Unfinished)) as cursor:
            return tuple(cursor.execute(_UNFINISHED, (self.tool,)))

    def forget(self, revision: str) -> int:
        """Forget which statements of a revision were committed, and return how many those were."""
        return self.conn.execute(
            "DELETE FROM pgwright.migration_statement WHERE tool = %s AND revision = %s",
            (self.tool, revision),
        ).rowcount

    def stamp(self, revision: str, run: str) -> None:
        """Write down that a revision was recorded without being run."""
        self.conn.execute(
            "INSERT INTO pgwright.migration (tool, revision, direction, run) VALUES (%s, %s, 'stamp', %s)",
            (self.tool, revision, run),
        )

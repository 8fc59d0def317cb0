"""What a database holds at one moment, counted in the same snapshot that pg_dump reads."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from types import MappingProxyType
from typing import TYPE_CHECKING, Any

from psycopg import sql
from psycopg.rows import dict_row

from pgwright.backup.repository.manifest import DatabaseFacts, TableFacts
from pgwright.errors import LockTimeoutError, PrivilegeError, UsageError
from pgwright.kinds.timeseries.policy_carry import declared_in
from pgwright.model.wording import shortened
from pgwright.pg.connect import connect
from pgwright.pg.sqlfiles import load_sql

if TYPE_CHECKING:
    import psycopg

# Waits for a lock would hold the snapshot, and with it vacuum, for ever.
LOCK_TIMEOUT = "60s"
_LOCKED = (
    "SELECT l.relation::regclass::text, l.pid, coalesce(a.state, 'at work'), "
    "(extract(epoch FROM clock_timestamp() - a.xact_start) / 60)::int "
    "FROM pg_locks l JOIN pg_stat_activity a USING (pid) WHERE l.mode = 'AccessExclusiveLock' AND l.granted "
    "AND l.relation IS NOT NULL AND l.pid <> pg_backend_pid() AND a.datname = current_database() "
    "ORDER BY a.xact_start, 1 LIMIT 1"
)
Count = Callable[[str, int, int], None]

# The tables in which Alembic and Django keep what was applied, and the query for where they are.
MIGRATION_RECORDS: Mapping[str, str] = MappingProxyType(
    {
        "alembic_version": "SELECT version_num FROM alembic_version ORDER BY 1",
        "django_migrations": "SELECT app || '.' || max(name) FROM django_migrations GROUP BY app ORDER BY 1",
    }
)


@dataclass(frozen=True, kw_only=True)
class Table:
    """Describe a table that a dump will hold, where the role may read it: `hidden` tells of row security.

    `estimate` is about how many rows it has by the server's statistics; None where it has none.
    """

    facts: TableFacts
    bytes: int
    estimate: int | None
    readable: bool
    hidden: bool


@dataclass(frozen=True, kw_only=True)
class Snapshot:
    """Hold a snapshot open for other sessions: `name` is what ``SET TRANSACTION SNAPSHOT`` takes."""

    conn: psycopg.Connection[Any]
    name: str
    lsn: str
    timeline: int | None
    system: str | None

    @property
    def major(self) -> int:
        """Return the server's major version."""
        return self.conn.info.server_version // 10000


@contextmanager
def snapshot(url: str) -> Iterator[Snapshot]:
    """Open a read-only snapshot that lasts for the block.

    Raises the errors of `connect`, and `LockTimeoutError` for a table that somebody keeps locked.
    """
    import psycopg  # noqa: PLC0415

    with connect(url, autocommit=True, application_name="pgwright backup") as conn:
        # Row security must fail loudly: a count of the visible rows would pass for the whole table.
        conn.execute("SET row_security = off")
        conn.execute("SET statement_timeout = 0")
        conn.execute(sql.SQL("SET lock_timeout = {}").format(sql.Literal(LOCK_TIMEOUT)))
        conn.execute("SET idle_in_transaction_session_timeout = 0")
        timeline, system = _control(conn)
        conn.execute("BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY")
        row = conn.execute(
            "SELECT pg_export_snapshot(), CASE WHEN pg_is_in_recovery() THEN pg_last_wal_replay_lsn() "
            "ELSE pg_current_wal_lsn() END::text"
        ).fetchone()
        assert row is not None
        try:
            yield Snapshot(conn=conn, name=row[0], lsn=row[1], timeline=timeline, system=system)
        except psycopg.errors.LockNotAvailable as error:
            raise locked(url) from error


def locked(url: str) -> LockTimeoutError:
    """Return the error for a table that could not be read in time, with whoever holds a lock there now."""
    with connect(url, autocommit=True) as conn:
        row = conn.execute(_LOCKED.encode()).fetchone()
    if row is None:
        return LockTimeoutError(
            f"a table is locked and was not free within {LOCK_TIMEOUT}",
            detail="whoever held it has ended since; nothing was changed",
            hint="run the same command again",
        )
    table, pid, state, minutes = row
    return LockTimeoutError(
        f"{table} is locked and was not free within {LOCK_TIMEOUT}",
        detail=f"process {pid} holds it, {state}, {minutes} min in its transaction; nothing was changed",
        hint=f"wait for it, or end it: SELECT pg_terminate_backend({pid}); then run the same command again",
    )


def _control(conn: psycopg.Connection[Any]) -> tuple[int | None, str | None]:
    import psycopg  # noqa: PLC0415

    try:
        row = conn.execute(
            "SELECT timeline_id, system_identifier::text FROM pg_control_checkpoint(), pg_control_system()"
        ).fetchone()
    except psycopg.errors.InsufficientPrivilege:
        return None, None  # pg_monitor may read these; a dump needs neither
    return (row[0], row[1]) if row else (None, None)


def tables(found: Snapshot, wanted: Sequence[str] = ()) -> tuple[Table, ...]:
    """Return the tables of the snapshot, or those that `wanted` names with their partitions.

    A name may be qualified. Raises `UsageError` for one that is no table here, or a hypertable.
    """
    every = [
        Table(
            facts=TableFacts(
                schema=row["schema"],
                name=row["name"],
                rows=None,
                root=tuple(row["root"]) if row["root"] else None,
                indexes=tuple(row["indexes"]),
                sequences=tuple(row["sequences"]),
                hypertable=row["hypertable"],
            ),
            bytes=row["bytes"],
            estimate=row["estimate"],
            readable=row["readable"],
            hidden=row["hidden"],
        )
        for row in _rows(found.conn, "snapshot")
    ]
    if not wanted:
        return tuple(every)
    chosen = {pair for name in wanted for pair in _family(found.conn, name)}
    for table in every:
        if table.facts.hypertable and (table.facts.schema, table.facts.name) in chosen:
            raise UsageError(
                f"{table.facts} is a hypertable: it cannot be dumped alone",
                detail="its rows are in chunks that TimescaleDB's own catalog lists; nothing was done",
                hint="back up the whole database, or write its rows with: pgwright data export",
            )
    return tuple(table for table in every if (table.facts.schema, table.facts.name) in chosen)


def require_readable(chosen: Iterable[Table], user: str) -> None:
    """Raise `PrivilegeError` where the role `user` may not read all rows of all these tables."""
    listed, name = tuple(chosen), sql.Identifier(user).as_string()
    for what, closed, mend in (
        (
            "may not read",
            [str(table.facts) for table in listed if not table.readable],
            f"GRANT pg_read_all_data TO {name} (PostgreSQL 14 on), or back up as the owner",
        ),
        (
            "does not see all rows of",
            [str(table.facts) for table in listed if table.hidden],
            f"row-level security hides some: ALTER ROLE {name} BYPASSRLS",
        ),
    ):
        if closed:
            raise PrivilegeError(
                f"the role {user} {what} {shortened(closed)}",
                detail="a backup without them would not be one; the repository is as before",
                hint=mend,
            )


def _family(conn: psycopg.Connection[Any], name: str) -> list[tuple[str, str]]:
    """Return a table and whatever inherits from it, as schema and name."""
    found = conn.execute("SELECT to_regclass(%s)::oid", (name,)).fetchone()
    oid = found[0] if found else None
    if oid is None:
        raise UsageError(
            f"there is no table {name}",
            detail="nothing was done",
            hint="list them with: pgwright inspect tables; a group of pgwright.toml goes with --group",
        )
    rows = conn.execute(
        "WITH RECURSIVE family(oid) AS (SELECT %s::oid UNION "
        "SELECT i.inhrelid FROM pg_inherits i JOIN family f ON i.inhparent = f.oid) "
        "SELECT n.nspname, c.relname FROM family JOIN pg_class c USING (oid) "
        "JOIN pg_namespace n ON n.oid = c.relnamespace",
        (oid,),
    )
    return [(row[0], row[1]) for row in rows]


def counted(
    found: Snapshot, chosen: Iterable[Table], progress: Count | None = None
) -> tuple[TableFacts, ...]:
    """Return the tables' facts with the number of rows that the snapshot sees."""
    listed = tuple(chosen)
    result = []
    for done, table in enumerate(listed, start=1):
        name = sql.Identifier(table.facts.schema, table.facts.name)
        row = found.conn.execute(sql.SQL("SELECT count(*) FROM ONLY {}").format(name)).fetchone()
        result.append(replace(table.facts, rows=row[0] if row else 0))
        if progress:
            progress("rows counted, tables", done, len(listed))
    return tuple(result)


def database_facts(found: Snapshot) -> DatabaseFacts:
    """Return what the database is, without its tables."""
    (row,) = _rows(found.conn, "database")
    extensions = found.conn.execute("SELECT extname, extversion FROM pg_extension ORDER BY 1").fetchall()
    return DatabaseFacts(
        **{**row, "settings": tuple(row["settings"]), "roles": tuple(row["roles"])},
        extensions=dict(extensions),
        revision=revision(found.conn),
        policies=declared_in(found.conn),
    )


def revision(conn: psycopg.Connection[Any]) -> tuple[str, ...]:
    """Return what Alembic and Django have on record: the revision, or each app's last migration."""
    for table, query in MIGRATION_RECORDS.items():
        row = conn.execute("SELECT to_regclass(%s) IS NOT NULL", (table,)).fetchone()
        if row and row[0]:
            return tuple(found[0] for found in conn.execute(query.encode()))
    return ()


def _rows(conn: psycopg.Connection[Any], name: str) -> list[dict[str, Any]]:
    with conn.cursor(row_factory=dict_row) as cursor:
        cursor.execute(load_sql("pgwright.backup.contents", name, conn.info.server_version // 10000).encode())
        return cursor.fetchall()

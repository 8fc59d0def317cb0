"""Restore a backup for the sake of knowing that it can be restored, and write down how that went."""

from __future__ import annotations

import secrets
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path

from pgwright import server
from pgwright.backup import target, task
from pgwright.backup.drills import Drill, record
from pgwright.backup.inventory import counted, revision, snapshot
from pgwright.backup.inventory import tables as inventory_tables
from pgwright.backup.load import Progress
from pgwright.backup.manifest import Manifest
from pgwright.backup.recover import build
from pgwright.backup.recovery import Target, plan_recovery
from pgwright.backup.repository import Repository
from pgwright.backup.restore import RestoreOptions, restore_database
from pgwright.backup.structure import changes
from pgwright.backup.unpack import Planned
from pgwright.errors import LockTimeoutError, PgwrightError
from pgwright.pg.address import parse_address
from pgwright.pg.connect import connect
from pgwright.pg.redact import redact
from pgwright.pg.session import advisory_lock

EMBEDDED = "embedded"
_SERVER, _DATABASE = "drill-", "drill_"
_SHOWN = 5
# Looks at a restored database, given its URL, and returns what is wrong with it.
Inspect = Callable[[str], Sequence[str]]


@dataclass(frozen=True, kw_only=True)
class DrillOptions:
    """Say where and how a drill is held.

    `scratch` is "embedded" or a server that has the extensions which the database needs. `queries` must
    each return one true value.
    """

    scratch: str = EMBEDDED
    queries: tuple[str, ...] = ()
    jobs: int = 2
    home: Path | None = None


def drill(
    repository: Repository,
    backup: Manifest,
    options: DrillOptions,
    *,
    inspect: Inspect | None = None,
    progress: Progress | None = None,
) -> Drill:
    """Restore a backup, look at it with the queries and with `inspect`, throw it away, record the outcome.

    A restore that fails is an outcome and not an error; errors of the repository itself are raised.
    """
    began, started = time.monotonic(), datetime.now(UTC)
    result = Drill(
        backup=backup.id, database=backup.database, started_at=started, seconds=0, rows=0, tables=0
    )
    place = _recovered if backup.is_physical else _restored
    try:
        with place(repository, backup, options, progress) as (url, rows, tables):
            result = replace(result, seconds=time.monotonic() - began, rows=rows, tables=tables)
            problems = (
                *_revision(url, backup),
                *_structure(repository, url, backup, options),
                *_asked(url, options.queries),
                *(inspect(url) if inspect else ()),
            )
            result = replace(result, problems=problems)
    except PgwrightError as error:
        detail = f": {error.detail}" if error.detail else ""
        result = replace(
            result,
            seconds=time.monotonic() - began,
            problems=(redact(f"{error.message}{detail}")[:2000],),
        )
    record(repository, result)
    return result


@contextmanager
def _restored(
    repository: Repository, backup: Manifest, options: DrillOptions, progress: Progress | None
) -> Iterator[tuple[str, int, int]]:
    """Restore a dump under a name of its own; with its roles where the server is made for it."""
    embedded = options.scratch == EMBEDDED
    name = f"{_DATABASE}{secrets.token_hex(4)}"
    how = RestoreOptions(
        name=name, content=backup.content, jobs=options.jobs, owner=embedded, create_roles=embedded
    )
    with _own_server(options.home) if embedded else _own_database(options.scratch, name) as url:
        done = restore_database(repository, backup, url, how, progress=progress)
        yield parse_address(url).with_database(name).text, done.rows, done.tables


@contextmanager
def _own_server(home: Path | None) -> Iterator[str]:
    with task.temporary(_SERVER, home) as name:
        server.start(name, durable=False, home=home)
        yield server.url(name, home=home)


@contextmanager
def _own_database(url: str, name: str) -> Iterator[str]:
    """Hold a name on a given server for the block, and drop what drills that were killed left there."""
    ours = f"^{_DATABASE}[0-9a-f]{{8}}(_restoring)?$"
    with target.maintenance(parse_address(url)) as conn, advisory_lock(conn, name):
        found = conn.execute("SELECT datname FROM pg_database WHERE datname ~ %s", (ours,))
        for leftover in [row[0] for row in found.fetchall()]:
            with suppress(LockTimeoutError), advisory_lock(conn, leftover.removesuffix("_restoring")):
                target.drop(conn, leftover)
        try:
            yield url
        finally:
            target.drop(conn, name)


@contextmanager
def _recovered(
    repository: Repository, backup: Manifest, options: DrillOptions, progress: Progress | None
) -> Iterator[tuple[str, int, int]]:
    """Recover the whole server, as far as the archived WAL goes, and count what its databases hold."""
    plan = plan_recovery(repository, Target(), backup=backup.id)
    with task.temporary(_SERVER, options.home) as name:
        done = build(
            Planned(repository=repository, plan=plan), name=name, home=options.home, progress=progress
        )
        rows = tables = 0
        for database in done.databases:
            with snapshot(parse_address(done.url).with_database(database).text) as taken:
                found = counted(taken, inventory_tables(taken))
                rows += sum(facts.rows or 0 for facts in found)
                tables += len(found)
        yield done.url, rows, tables


def _revision(url: str, backup: Manifest) -> Iterator[str]:
    """Compare the migrations on record in the restored database with those that the manifest names."""
    if backup.is_physical:
        return
    wanted = backup.databases[0].revision
    with connect(url, autocommit=True) as conn:
        found = revision(conn)
    if found != wanted:
        has, had = (", ".join(revisions) or "none" for revisions in (found, wanted))
        yield f"migrations on record are {has}, in the backup {had}"


def _structure(repository: Repository, url: str, backup: Manifest, options: DrillOptions) -> Iterator[str]:
    """Compare the restored database with the structure that the backup keeps."""
    owners = options.scratch == EMBEDDED
    found = changes(repository, backup, url, owners=owners, scratch=options.scratch)
    if found:
        shown = ", ".join(str(change) for change in found[:_SHOWN])
        more = f", and {len(found) - _SHOWN} more" if len(found) > _SHOWN else ""
        yield f"the structure is another one; to have what was backed up: {shown}{more}"


def _asked(url: str, queries: Sequence[str]) -> Iterator[str]:
    import psycopg  # noqa: PLC0415

    with connect(url, autocommit=True) as conn:
        conn.execute("SET default_transaction_read_only = on")
        for query in queries:
            try:
                row = conn.execute(query.encode()).fetchone()
            except psycopg.Error as error:
                yield f"{query}: {error.diag.message_primary or error}"
                continue
            if not (row and row[0]):
                yield f"{query}: {row[0] if row else 'no row'}"

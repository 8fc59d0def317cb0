"""Restore a dump for a drill: on a server of its own, or as a database of a given one."""

from __future__ import annotations

import secrets
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from pgwright import server
from pgwright.backup import task
from pgwright.backup.drill.trial import EMBEDDED, SERVER, DrillOptions, Trial, compared, with_owners
from pgwright.backup.repository.manifest import Manifest
from pgwright.backup.repository.repository import Repository
from pgwright.backup.restore import target
from pgwright.backup.restore.database import Restored, RestoreOptions, dump_facts, restore_database
from pgwright.backup.restore.load import Progress
from pgwright.errors import LockTimeoutError
from pgwright.pg.address import parse_address
from pgwright.pg.session import advisory_lock

_DATABASE = "drill_"


@contextmanager
def restored(
    repository: Repository, backup: Manifest, options: DrillOptions, progress: Progress | None
) -> Iterator[Trial]:
    """Restore, and compare with what the backup says it was."""
    began = time.monotonic()
    with placed(repository, backup, options, progress) as (url, done):
        seconds = time.monotonic() - began
        facts = dump_facts(backup, backup.content)
        problems = tuple(compared(repository, backup, facts, url, options))
        yield Trial(url=url, seconds=seconds, rows=done.rows, tables=done.tables, problems=problems)


@contextmanager
def placed(
    repository: Repository, backup: Manifest, options: DrillOptions, progress: Progress | None
) -> Iterator[tuple[str, Restored]]:
    """Restore under a name of its own for the block; with its roles where the server is made for it."""
    embedded, owners = options.scratch == EMBEDDED, with_owners(backup, options)
    name = f"{_DATABASE}{secrets.token_hex(4)}"
    how = RestoreOptions(
        name=name, content=backup.content, jobs=options.jobs, owner=owners, create_roles=owners
    )
    with _own_server(options.home) if embedded else _own_database(options.scratch, name) as place:
        done = restore_database(repository, backup, place, how, progress=progress)
        yield parse_address(place).with_database(name).text, done


@contextmanager
def _own_server(home: Path | None) -> Iterator[str]:
    with task.temporary(SERVER, home) as name:
        server.start(name, durable=False, home=home)
        yield server.url(name, home=home)


@contextmanager
def _own_database(url: str, name: str) -> Iterator[str]:
    """Hold a name on a given server for the block, and drop what drills that were killed left there."""
    ours = f"^{_DATABASE}[0-9a-f]{{8}}(_restoring)?$"
    with target.maintenance(parse_address(url), name) as conn, advisory_lock(conn, name):
        found = conn.execute("SELECT datname FROM pg_database WHERE datname ~ %s", (ours,))
        for leftover in [row[0] for row in found.fetchall()]:
            with suppress(LockTimeoutError), advisory_lock(conn, leftover.removesuffix("_restoring")):
                target.drop(conn, leftover)
        try:
            yield url
        finally:
            target.drop(conn, name)

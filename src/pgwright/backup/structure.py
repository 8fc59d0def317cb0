"""The structure of a database as a backup keeps it, to compare what comes back with."""

from __future__ import annotations

import psycopg

from pgwright.backup.inventory import Snapshot
from pgwright.backup.manifest import Manifest, Role
from pgwright.backup.repository import Repository
from pgwright.diff.comparison import comparable
from pgwright.kinds.codec import catalog_from_json, catalog_to_json
from pgwright.model.change import Change
from pgwright.model.selection import Selection
from pgwright.pg.connect import connect
from pgwright.sources.database import read_catalog
from pgwright.sources.workshop import Workshop


def captured(taken: Snapshot, name: str) -> bytes | None:
    """Return the catalog of a database in a snapshot as JSON; None for a role that may not read all of it."""
    try:
        # A savepoint: the failure must not end the snapshot that pg_dump reads from.
        with taken.conn.transaction():
            return catalog_to_json(read_catalog(taken.conn, source=name))
    except psycopg.errors.InsufficientPrivilege:
        return None


def changes(
    repository: Repository, backup: Manifest, url: str, *, owners: bool, scratch: str
) -> tuple[Change, ...]:
    """Return what is different in the database at `url` from the structure that a backup keeps.

    `owners` tells whether it was restored with owners and grants. Texts of views differ between versions of
    PostgreSQL: where those do, the kept structure is built anew on the `scratch` server. Raises the errors
    of the repository and of that.
    """
    kept = backup.of(Role.CATALOG)
    if not kept:
        return ()
    wanted = catalog_from_json(b"".join(repository.read(backup.id, kept[0])))
    with connect(url, autocommit=True) as conn:
        found = read_catalog(conn, source="restored")
    comparison = comparable(
        found,
        wanted,
        before="",
        after="",
        workshop=Workshop(scratch=scratch),
        selection=Selection(owners=owners, privileges=owners),
    )
    return comparison.changes

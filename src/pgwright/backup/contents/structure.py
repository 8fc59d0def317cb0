"""The structure of databases as a backup keeps it, to compare what comes back with."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass, replace
from typing import Any

import psycopg

from pgwright.backup.contents import inventory
from pgwright.backup.repository.manifest import DatabaseFacts, Manifest, StoredFile
from pgwright.backup.repository.repository import Repository
from pgwright.diff.comparison import comparable
from pgwright.errors import PgwrightError
from pgwright.kinds.codec import catalog_from_json, catalog_to_json
from pgwright.model.catalog import Catalog
from pgwright.model.change import Change
from pgwright.model.selection import Selection
from pgwright.pg.address import parse_address
from pgwright.pg.connect import connect
from pgwright.sources.database import read_catalog
from pgwright.sources.workshop import Workshop

_DATABASES = "SELECT datname FROM pg_database WHERE datallowconn AND NOT datistemplate ORDER BY 1"


@dataclass(frozen=True, kw_only=True)
class Structure:
    """Hold what one database was: its facts, with rows estimated and not counted, and its catalog."""

    facts: DatabaseFacts
    catalog: Catalog

    @property
    def text(self) -> bytes:
        """Return the catalog as a backup keeps it."""
        return catalog_to_json(self.catalog)

    def is_same(self, other: Structure) -> bool:
        """Tell whether nothing but rows can have changed."""
        return _lasting(self.facts) == _lasting(other.facts) and self.catalog.digest == other.catalog.digest


def _lasting(facts: DatabaseFacts) -> DatabaseFacts:
    """Return the facts without what rows change."""
    tables = tuple(replace(table, estimate=None) for table in facts.tables)
    return replace(facts, size_bytes=0, tables=tables)


def captured(taken: inventory.Snapshot, name: str) -> Catalog | None:
    """Return the catalog of a database in a snapshot; None for a role that may not read all of it."""
    try:
        # A savepoint: the failure must not end the snapshot that pg_dump reads from.
        with taken.conn.transaction():
            return read_catalog(taken.conn, source=name)
    except psycopg.errors.InsufficientPrivilege:
        return None


def databases(conn: psycopg.Connection[Any]) -> tuple[str, ...]:
    """Return the names of the databases of a server that people use."""
    return tuple(row[0] for row in conn.execute(_DATABASES).fetchall())


def structures(url: str) -> Mapping[str, Structure]:
    """Return the structure of each database of the server at `url` that its role may read."""
    address = parse_address(url)
    with connect(url, autocommit=True) as conn:
        names = databases(conn)
    return {
        found.facts.name: found for name in names for found in _structure(address.with_database(name).text)
    }


def _structure(url: str) -> Iterator[Structure]:
    # One that is closed to this role, or is just being dropped, is nothing to fail for.
    with suppress(PgwrightError, psycopg.Error), inventory.snapshot(url) as taken:
        facts = inventory.database_facts(taken)
        tables = tuple(replace(table.facts, estimate=table.estimate) for table in inventory.tables(taken))
        catalog = captured(taken, facts.name)
        if catalog is not None:
            yield Structure(facts=replace(facts, tables=tables), catalog=catalog)


def changes(
    repository: Repository, backup: Manifest, file: StoredFile, url: str, *, owners: bool, scratch: str
) -> tuple[Change, ...]:
    """Return what is different in the database at `url` from the structure that a backup keeps in `file`.

    `owners` tells whether it was restored with owners and grants. Texts of views differ between versions of
    PostgreSQL: where those do, the kept structure is built anew on the `scratch` server. Raises the errors
    of the repository and of that.
    """
    wanted = catalog_from_json(b"".join(repository.read(backup.id, file)))
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

"""A database on which schemas are written, read and wiped off again."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from psycopg import Connection

from pgwright.model.catalog import Catalog
from pgwright.server import ensure_roles
from pgwright.sources.database import read_catalog


@dataclass(frozen=True, kw_only=True)
class Slate:
    """Read what SQL makes in an empty database, inside a transaction that is taken back.

    A fresh database for each takes many times as long.
    """

    url: str
    conn: Connection[tuple[Any, ...]]

    def read(self, sql: str, *, roles: Sequence[str] = (), source: str = "slate") -> Catalog:
        """Return the catalog of what the SQL makes, by itself, in a new database."""
        ensure_roles(self.url, roles)
        with self.conn.transaction(force_rollback=True):
            self.conn.execute(sql.encode())
            return read_catalog(self.conn, source=source)

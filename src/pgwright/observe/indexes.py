"""Indexes with their size and use."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Any

from pgwright.observe.fetch import fetch

if TYPE_CHECKING:
    import psycopg


@dataclass(frozen=True, kw_only=True)
class IndexUse:
    """Describe the size (bytes) and use of an index.

    Scans and tuples count since the statistics were last reset, on this server alone: a replica counts its
    own. `constraint` names the key that the index serves. `valid` is False for the leftover of a
    concurrent build that failed. `last_scan` is None before PostgreSQL 16.
    """

    schema: str
    table: str
    name: str
    size_bytes: int
    scans: int | None
    tuples_read: int | None
    tuples_fetched: int | None
    last_scan: datetime | None
    is_unique: bool
    is_primary: bool
    constraint: str | None
    valid: bool
    definition: str

    @property
    def path(self) -> str:
        """Return the name with its schema."""
        return f"{self.schema}.{self.name}"


def indexes(conn: psycopg.Connection[Any]) -> tuple[IndexUse, ...]:
    """Return the indexes outside the system's schemas, the largest first."""
    return tuple(IndexUse(**row) for row in fetch(conn, "pgwright.observe", "indexes"))

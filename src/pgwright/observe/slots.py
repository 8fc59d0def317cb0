"""Replication slots, and the WAL that each keeps from being removed."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from pgwright.observe.fetch import fetch

if TYPE_CHECKING:
    import psycopg


@dataclass(frozen=True, kw_only=True)
class Slot:
    """Describe a replication slot; sizes are in bytes.

    `retained_bytes` is the WAL kept for it. `wal_status` and `safe_wal_bytes` (what may still be written
    before the slot is lost, None without a limit) are None before PostgreSQL 13.
    """

    name: str
    type: str
    plugin: str | None
    database: str | None
    active: bool
    temporary: bool
    retained_bytes: int | None
    wal_status: str | None
    safe_wal_bytes: int | None
    xmin_age: int | None


def slots(conn: psycopg.Connection[Any]) -> tuple[Slot, ...]:
    """Return the slots of the server, the one that holds back most first."""
    return tuple(Slot(**row) for row in fetch(conn, "pgwright.observe", "slots"))

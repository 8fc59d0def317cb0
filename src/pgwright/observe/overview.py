"""The database and its server at a glance."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Any

from pgwright.observe.fetch import fetch

if TYPE_CHECKING:
    import psycopg


@dataclass(frozen=True, kw_only=True)
class Overview:
    """Describe a database and its server at one moment.

    Sizes are in bytes, spans in seconds. `tls` is the protocol of this connection, None without TLS.
    Connections are those of clients; with `sees_all` False the states of other roles' sessions are hidden
    from this role, and the counts by state and the oldest transaction cover its own sessions only.
    `cache_hit` is the share of block reads that the server's own cache answered, from 0 to 1.
    `xid_age` and `multixact_age` are those of the server's oldest database; each limit is where autovacuum
    begins to force freezing. `commits` and what follows count since the statistics were last reset.
    """

    database: str
    role: str
    size_bytes: int
    started_at: datetime
    in_recovery: bool
    tls: str | None
    sees_all: bool
    connections: int
    connections_here: int
    active: int
    idle_in_transaction: int
    waiting: int
    max_connections: int
    reserved_connections: int
    cache_hit: float | None
    oldest_transaction_seconds: float | None
    oldest_transaction_pid: int | None
    xid_age: int
    xid_limit: int
    multixact_age: int
    multixact_limit: int
    commits: int
    rollbacks: int
    deadlocks: int
    temp_bytes: int


def overview(conn: psycopg.Connection[Any]) -> Overview:
    """Return the overview in one round trip."""
    (row,) = fetch(conn, "pgwright.observe", "overview", {})
    return Overview(**row)

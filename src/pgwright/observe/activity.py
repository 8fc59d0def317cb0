"""Sessions, and what each of them does right now."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from pgwright.observe.fetch import fetch
from pgwright.pg.redact import redact

if TYPE_CHECKING:
    import psycopg

CLIENT = "client backend"


@dataclass(frozen=True, kw_only=True)
class Session:
    """Describe a session of the server; spans are in seconds.

    `wait` is ``type:event``; `blocked_by` are the pids whose locks it waits for. `query` is the present or
    last statement, up to 1,000 characters, with passwords masked. Fields that this role may not see of
    another role's session are None, its query says ``<insufficient privilege>``.
    """

    pid: int
    role: str | None
    database: str | None
    application: str
    client: str | None
    kind: str
    state: str | None
    wait: str | None
    state_seconds: float | None
    transaction_seconds: float | None
    query_seconds: float | None
    blocked_by: tuple[int, ...]
    query: str | None


def activity(conn: psycopg.Connection[Any], *, background: bool = False) -> tuple[Session, ...]:
    """Return the sessions of clients, oldest transaction first; with `background`, the server's own too."""
    found = []
    for row in fetch(conn, "pgwright.observe", "activity"):
        if background or row["kind"] in (CLIENT, None):
            query = redact(row["query"]) if row["query"] is not None else None
            found.append(Session(**{**row, "blocked_by": tuple(row["blocked_by"]), "query": query}))
    return tuple(found)

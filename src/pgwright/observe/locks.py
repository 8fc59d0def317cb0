"""Who waits for whom: the tree of blocked sessions, from its roots."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from pgwright.observe.fetch import Row, fetch
from pgwright.pg.redact import redact

if TYPE_CHECKING:
    import psycopg


@dataclass(frozen=True, kw_only=True)
class LockSession:
    """Describe a session that waits for a lock or holds one that others wait for.

    `pid` 0 stands for a prepared transaction. `waits_for` is the lock's mode, `relation` the table that it
    is about where that can be told. Spans are in seconds. `root` is True for who blocks others and waits
    for nobody; a circle of waits, which the server ends by itself, has none. `depth` is 0 for roots.
    `victims` counts who waits for it, directly or through others.
    """

    pid: int
    blocked_by: tuple[int, ...]
    role: str | None
    database: str | None
    application: str
    client: str | None
    state: str | None
    state_seconds: float | None
    transaction_seconds: float | None
    query: str | None
    waits_for: str | None
    relation: str | None
    depth: int
    victims: int

    @property
    def root(self) -> bool:
        """Tell whether this session waits for nobody."""
        return not self.blocked_by


def locks(conn: psycopg.Connection[Any]) -> tuple[LockSession, ...]:
    """Return all who block or wait, each root followed by those below it; empty when nobody waits."""
    return tree(fetch(conn, "pgwright.observe", "locks"))


def tree(rows: Iterable[Row]) -> tuple[LockSession, ...]:
    """Return the sessions of ``locks.sql`` in the order of the tree."""
    known = {row["pid"]: row for row in rows}
    below: dict[int, list[int]] = {pid: [] for pid in known}
    for pid, row in known.items():
        for blocker in row["blocked_by"]:
            below.setdefault(blocker, []).append(pid)
    return tuple(
        LockSession(
            **{
                **known[pid],
                "blocked_by": tuple(known[pid]["blocked_by"]),
                "query": redact(known[pid]["query"]) if known[pid]["query"] else None,
            },
            depth=depth,
            victims=len(_reached(pid, below)) - 1,
        )
        for pid, depth in _in_order(known, below)
    )


def _in_order(known: Mapping[int, Row], below: Mapping[int, list[int]]) -> Iterator[tuple[int, int]]:
    seen: set[int] = set()
    roots = [pid for pid, row in known.items() if not row["blocked_by"]]
    # What no root reaches is part of a circle.
    for start in (*roots, *known):
        waiting = [(start, 0)]
        while waiting:
            pid, depth = waiting.pop()
            if pid in seen or pid not in known:
                continue
            seen.add(pid)
            yield pid, depth
            waiting.extend((other, depth + 1) for other in reversed(below[pid]))


def _reached(start: int, below: Mapping[int, list[int]]) -> set[int]:
    found: set[int] = set()
    waiting = [start]
    while waiting:
        pid = waiting.pop()
        if pid not in found:
            found.add(pid)
            waiting.extend(below.get(pid, ()))
    return found

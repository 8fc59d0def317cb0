"""Pairs of schemas on real databases, the plans between them, and sessions that stand in the way."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import Any

import psycopg

from pgwright.diff.comparison import Comparison
from pgwright.diff.ends import Ends
from pgwright.diff.proposal import propose
from pgwright.model.catalog import Catalog
from pgwright.model.plan import Plan
from pgwright.model.selection import Selection
from pgwright.pg import connect
from pgwright.server import scratch_database
from pgwright.sources.database import read_catalog

_PATIENCE = 20  # seconds


def run(url: str, sql: str) -> None:
    with psycopg.connect(url, autocommit=True) as conn:
        conn.execute(sql.encode())


def rows(url: str, query: str) -> list[tuple[Any, ...]]:
    with psycopg.connect(url, autocommit=True) as conn:
        return conn.execute(query.encode()).fetchall()


def read(url: str) -> Catalog:
    with connect(url) as conn:
        return read_catalog(conn, source="test")


def declared(sql: str) -> Catalog:
    """Return the catalog that the SQL makes in a database of its own."""
    with scratch_database() as scratch:
        run(scratch.url, sql)
        return read(scratch.url)


def proposed(
    url: str,
    after: str | Catalog,
    *,
    renames: Sequence[str] = (),
    rehearsed: bool = False,
    online: bool = True,
) -> tuple[Plan, Ends]:
    """Return the plan that brings the database to what the SQL makes."""
    target = declared(after) if isinstance(after, str) else after
    comparison = Comparison(before=read(url), after=target, selection=Selection())
    found = propose(comparison, renames=renames, rehearsed=rehearsed, online=online)
    return found.plan, found.ends


def until(condition: Callable[[], object], what: str, *, patience: float = _PATIENCE) -> None:
    deadline = time.monotonic() + patience
    while not condition():
        assert time.monotonic() < deadline, f"waited in vain for {what}"
        time.sleep(0.005)


@contextmanager
def holding(url: str, statement: str) -> Iterator[psycopg.Connection[Any]]:
    """Leave a transaction open after the statement, so that others wait for it."""
    with psycopg.connect(url, application_name="in the way") as conn:
        conn.execute(statement.encode())
        yield conn
        conn.rollback()


def waiting(url: str) -> list[int]:
    """Return pgwright's sessions that wait for a lock."""
    return _sessions(url, b" AND wait_event_type = 'Lock'")


def sessions(url: str) -> list[int]:
    """Return pgwright's sessions."""
    return _sessions(url, b"")


def _sessions(url: str, further: bytes) -> list[int]:
    query = b"SELECT pid FROM pg_stat_activity WHERE datname = current_database() AND application_name = %s"
    with psycopg.connect(url, autocommit=True) as conn:
        return [pid for (pid,) in conn.execute(query + further, ("pgwright",)).fetchall()]


def end(url: str, pids: Sequence[int]) -> None:
    """End sessions, as an administrator would or a server that notices that the client is gone."""
    with psycopg.connect(url, autocommit=True) as conn:
        for pid in pids:
            conn.execute("SELECT pg_terminate_backend(%s)", (pid,))
    until(lambda: not set(pids) & set(sessions(url)), "sessions to end")

"""What a statement leaves in the catalogs: whether it did its work, and whether that still stands."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Protocol

from pgwright.migrate.worker.statements import Statement
from pgwright.pg.sqlfiles import load_sql

_NEWEST = (
    "SELECT coalesce(max(indexrelid), 0)::text FROM pg_catalog.pg_index "
    "WHERE indrelid = to_regclass(%(table)s::text)"
)


class Fetches(Protocol):
    """Be what can run a query."""

    def fetch(self, query: str, parameters: Mapping[str, Any] | None = None) -> list[tuple[Any, ...]]:
        """Run a query with ``%(name)s`` parameters."""


def traces(session: Fetches, transaction: str | None = None) -> str | None:
    """Return the id of a transaction (default: the present one) if the catalogs still show what it did.

    The rows that a transaction wrote into the catalogs bear its id until somebody changes them again. Index
    builds, VACUUM and ANALYZE write in place and leave it.
    """
    found = session.fetch(load_sql("pgwright.migrate.worker", "traces", 12), {"transaction": transaction})
    return str(found[0][0]) if found else None


def before_build(session: Fetches, statement: Statement) -> str | None:
    """Return what tells the index of a build that gives it no name: the newest one that is there before."""
    if not statement.builds_unnamed:
        return None
    ((newest,),) = session.fetch(_NEWEST, {"table": statement.table})
    return str(newest)


def indexes(
    session: Fetches, statement: Statement, major: int, *, after: str | None = None
) -> list[tuple[Any, ...]]:
    """Return (schema, name, is it whole, is somebody building it) of what a concurrent build has made.

    `after` is what `before_build` returned.
    """
    values: Mapping[str, Any] = {
        "table_name": statement.table,
        "index_name": statement.builds,
        "newest": after,
    }
    return session.fetch(load_sql("pgwright.migrate.worker", "build_state", major), values)


def took_effect(
    session: Fetches, statement: Statement, major: int, *, after: str | None = None
) -> bool | None:
    """Tell whether a concurrent build or drop has done its work; None for what leaves nothing to judge by."""
    if statement.table is not None:
        return any(is_valid for _, _, is_valid, _ in indexes(session, statement, major, after=after))
    if statement.drops is not None:
        ((is_gone,),) = session.fetch("SELECT to_regclass(%(name)s::text) IS NULL", {"name": statement.drops})
        return bool(is_gone)
    return None

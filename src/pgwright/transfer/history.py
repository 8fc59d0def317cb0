"""Rollups among the tables of an export or import: the moment before which their rows are history.

The rows that such a rollup added up are gone. Without that moment the first refresh of all would take its own
for rows too many.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from psycopg import Connection

from pgwright.kinds.timeseries.policy_carry import Carried, declared_in, keep_history
from pgwright.model.names import QualifiedName

if TYPE_CHECKING:
    from pgwright.transfer.imports.prepare import Prepared

# By the catalogs, which everybody may read.
_READABLE = (
    "SELECT pg_catalog.has_schema_privilege(n.oid, 'USAGE') "
    "AND pg_catalog.has_table_privilege(c.oid, 'SELECT') "
    "FROM pg_catalog.pg_class AS c JOIN pg_catalog.pg_namespace AS n ON n.oid = c.relnamespace "
    "WHERE n.nspname = 'pgwright' AND c.relname = 'policy'"
)


def rollups_in(conn: Connection[Any]) -> dict[QualifiedName, Carried]:
    """Return the rollups of a database by the table that pgwright fills, as far as the role may know them."""
    row = conn.execute(_READABLE).fetchone()
    known = declared_in(conn) if row and row[0] else ()
    return {found.filled: found for found in known if found.filled is not None}


def told_of(conn: Connection[Any], files: Sequence[Prepared]) -> tuple[str, ...]:
    """Return what becomes of the rows of rollups that are imported, a sentence for each with history."""
    here = rollups_in(conn)
    told = [_told(prepared, here.get(prepared.table.name)) for prepared in files]
    return tuple(sentence for sentence in told if sentence)


def _told(prepared: Prepared, rollup: Carried | None) -> str:
    name, before = prepared.table.name, prepared.history_before
    if rollup is None and before:
        return (
            f"rows of {name} from before {before} are history, whose own rows are gone, but no rollup here "
            f"fills {name}: one that is declared later deletes them; declare it first (pgwright policy apply)"
        )
    if rollup is not None and rollup.has_buckets and before is None:
        return (
            f"{name} is computed from {rollup.about.path}, and nothing tells which of its rows are history: "
            "the next refresh may delete those without rows there; export it into a folder, whose manifest "
            "tells it"
        )
    if rollup is not None and before:
        return (
            f"{name} is computed from {rollup.about.path}: its rows from before {before} are history and "
            "stay, the next pgwright policy run computes all others again"
        )
    return ""


def bring_history(conn: Connection[Any], files: Sequence[Prepared]) -> None:
    """Let rows that were imported be history where they were, and mark their rollups for a refresh of all."""
    told = {prepared.table.name: prepared.history_before for prepared in files if prepared.history_before}
    here = rollups_in(conn) if told else {}
    for name, before in told.items():
        if name in here:
            keep_history(conn, here[name], before)

"""What belongs to extensions in a copy: the rows and the counters of their own tables."""

from __future__ import annotations

from collections.abc import Iterable
from graphlib import TopologicalSorter
from typing import Any

from psycopg import Connection, sql

from pgwright.model.names import QualifiedName
from pgwright.transfer.copy.mend import copy_rows
from pgwright.transfer.copy.record import doing
from pgwright.transfer.copy.tables import CopyTable, select_rows
from pgwright.verify.side import Side

_REFERENCES = (
    "SELECT conrelid::bigint, confrelid::bigint FROM pg_catalog.pg_constraint "
    "WHERE contype = 'f' AND conrelid <> confrelid AND conrelid = ANY(%(oids)s) AND confrelid = ANY(%(oids)s)"
)
_COUNTERS = (
    "SELECT n.nspname::text, c.relname::text FROM pg_catalog.pg_extension e, unnest(e.extconfig) marked(oid) "
    "JOIN pg_catalog.pg_class c ON c.oid = marked.oid "
    "JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace "
    "WHERE c.relkind = 'S' ORDER BY 1, 2"
)


def bring_extension_rows(source: Side, target: Connection[Any], run: str, tables: Iterable[CopyTable]) -> int:
    """Bring the users' rows in tables of extensions, referenced ones first; return how many.

    They come in one transaction and are not compared again after a kill: TimescaleDB's say which chunks
    there are, and have to be as old as the schema that was copied.
    """
    found = {table.oid: table for table in tables if table.condition is not None}
    with source.session() as reader, doing(target, run, "extension rows") as due:
        if not due:
            return 0
        order: TopologicalSorter[int] = TopologicalSorter(dict.fromkeys(found, ()))
        for table, needed in reader.execute(_REFERENCES, {"oids": list(found)}).fetchall():
            order.add(table, needed)
        return sum(
            copy_rows(reader, select_rows(found[oid], sql.SQL("")), target, found[oid])
            for oid in order.static_order()
        )


def extension_counters(conn: Connection[Any]) -> tuple[QualifiedName, ...]:
    """Return the sequences whose positions extensions mark as users' data."""
    return tuple(QualifiedName(*row) for row in conn.execute(_COUNTERS).fetchall())

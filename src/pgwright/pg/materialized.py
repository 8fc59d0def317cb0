"""Materialized views: rows that are computed, and so come after those that they are computed from."""

from __future__ import annotations

from typing import Any

from psycopg import Connection, sql

from pgwright.pg.quoting import Name


def refreshes(conn: Connection[Any]) -> tuple[tuple[int, str, sql.Composed], ...]:
    """Return what fills all materialized views of the database anew, each with its OID and name.

    The order is that in which they were made: those made later may read those made before.
    """
    rows = conn.execute(
        "SELECT c.oid::bigint, n.nspname, c.relname FROM pg_catalog.pg_class c"
        " JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace WHERE c.relkind = 'm' ORDER BY c.oid"
    ).fetchall()
    refresh = sql.SQL("REFRESH MATERIALIZED VIEW {}")
    return tuple((oid, name, refresh.format(Name(schema, name))) for oid, schema, name in rows)

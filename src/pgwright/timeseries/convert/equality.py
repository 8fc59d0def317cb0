"""Proof that a copy holds the rows of its table, each of them."""

from __future__ import annotations

from typing import Any

from psycopg import Connection, sql

from pgwright.errors import ConversionDiffers
from pgwright.model.names import ObjectId
from pgwright.verify.hashing import common_ways, row_hash
from pgwright.verify.tables import Table, read_tables

_NAMED = 5


def table_of(conn: Connection[Any], id: ObjectId) -> Table:
    """Return what is known of the columns and the key of a table."""
    return next(t for t in read_tables(conn) if t.id == id)


def require_equal(conn: Connection[Any], table: ObjectId, copy: ObjectId) -> int:
    """Return the number of rows that both hold.

    Within a transaction that sees both at one moment. Raises `ConversionDiffers` with keys of rows that
    differ.
    """
    a, b = table_of(conn, table), table_of(conn, copy)
    hashed = row_hash(common_ways(a, b, fast=False))
    query = sql.SQL("SELECT count(*), coalesce(sum({}), 0)::text FROM {}")
    sides = [conn.execute(query.format(hashed, side.relation)).fetchone() for side in (a, b)]
    (rows, _), (copied, _) = sides[0] or (0, ""), sides[1] or (0, "")
    if sides[0] == sides[1]:
        return int(rows)
    named = sql.SQL("SELECT {key}, {hashed} AS hash FROM {relation}")
    key = sql.SQL(", ").join(sql.SQL("t.{}::text").format(sql.Identifier(k)) for k in a.key)
    one, other = (named.format(key=key, hashed=hashed, relation=side.relation) for side in (a, b))
    found = conn.execute(
        sql.SQL(
            "(({one}) EXCEPT ALL ({other})) UNION ALL (({other}) EXCEPT ALL ({one})) LIMIT {limit}"
        ).format(one=one, other=other, limit=sql.Literal(_NAMED))
    ).fetchall()
    raise ConversionDiffers(
        f"the rows made ready for {table.path} are not those that it has",
        detail=f"{rows:,} rows and {copied:,}; rows that differ, by {', '.join(a.key)}: "
        f"{'; '.join(', '.join(row[:-1]) for row in found)}; {table.path} is as it was",
        hint="what is written into a partition itself, or under session_replication_role = replica, is not "
        f"seen; begin anew: pgwright policy convert {table.path} --abandon",
    )

"""How a large table is cut so that several sessions export it at once, in the order of its rows."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from psycopg import Connection

from pgwright.pg.blocks import TID_RANGES_SINCE, ranges
from pgwright.transfer.tables import Table

# Bytes of one piece: whoever waits for the other pieces keeps what it makes of this one in memory.
_PIECE = 512 * 1024
_LEAST_PIECES = 8  # below, another session costs more than it brings

_SIZE = """
SELECT pg_catalog.pg_relation_size(c.oid), pg_catalog.current_setting('block_size')::int
FROM pg_catalog.pg_class c JOIN pg_catalog.pg_am a ON a.oid = c.relam
WHERE c.oid = %s AND c.relkind IN ('r', 'm') AND a.amname = 'heap'
"""


def block_ranges(conn: Connection[Any], table: Table) -> Iterator[tuple[int | None, int | None]]:
    """Yield the ranges of blocks that cover a large table; none for any other, which is read as a whole.

    A table that others inherit from is one of those: its rows lie in several files.
    """
    if conn.info.server_version // 10000 < TID_RANGES_SINCE or len(table.children) > 1:
        return
    row = conn.execute(_SIZE, [table.oid]).fetchone()
    if row is None or row[0] < _LEAST_PIECES * _PIECE:
        return
    yield from ranges(row[0] // row[1], _PIECE // row[1])

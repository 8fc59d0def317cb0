"""What tables take on a live server, by their paths."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from pgwright.observe.docs.nouns import Size
from pgwright.observe.tables import tables

if TYPE_CHECKING:
    import psycopg


def sizes(conn: psycopg.Connection[Any]) -> Mapping[str, Size]:
    """Return the size of every table and materialized view outside the system's schemas."""
    return {
        use.path: Size(
            total_bytes=use.total_bytes,
            table_bytes=use.table_bytes + use.toast_bytes,
            index_bytes=use.index_bytes,
            rows=use.estimated_rows,
            partitions=use.partitions,
        )
        for use in tables(conn)
    }

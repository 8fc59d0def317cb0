"""What tables take on a live server, by their paths."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Any

from pgwright.observe.docs.nouns import Size
from pgwright.observe.tables import tables
from pgwright.pg.timescale import schema_of

if TYPE_CHECKING:
    import psycopg

# No named query: only a server with TimescaleDB can prepare it. The rows of a hypertable are in its chunks.
_HYPERTABLES = """
    SELECT format('%s.%s', h.hypertable_schema, h.hypertable_name) AS path,
           s.total_bytes, s.table_bytes + s.toast_bytes, s.index_bytes,
           approximate_row_count(format('%I.%I', h.hypertable_schema, h.hypertable_name)::regclass),
           h.num_chunks
    FROM timescaledb_information.hypertables h,
         LATERAL hypertable_detailed_size(format('%I.%I', h.hypertable_schema, h.hypertable_name)::regclass) s
"""


def sizes(conn: psycopg.Connection[Any]) -> Mapping[str, Size]:
    """Return the size of every table and materialized view outside the system's schemas.

    A partitioned table, or a hypertable, has the sums of its partitions.
    """
    found = {
        use.path: Size(
            total_bytes=use.total_bytes,
            table_bytes=use.table_bytes + use.toast_bytes,
            index_bytes=use.index_bytes,
            rows=use.estimated_rows,
            partitions=use.partitions,
        )
        for use in tables(conn)
    }
    return {**found, **dict(_hypertables(conn))}


def _hypertables(conn: psycopg.Connection[Any]) -> Iterator[tuple[str, Size]]:
    schema = schema_of(conn)
    if schema is None:
        return
    with conn.transaction():
        conn.execute("SELECT set_config('search_path', quote_ident(%s) || ', pg_catalog', true)", [schema])
        rows = conn.execute(_HYPERTABLES).fetchall()
    for path, total, table, index, estimate, chunks in rows:
        yield (
            path,
            Size(
                total_bytes=int(total or 0),
                table_bytes=int(table or 0),
                index_bytes=int(index or 0),
                rows=estimate,
                partitions=chunks,
            ),
        )

"""What TimescaleDB does with a hypertable, whoever told it to."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from psycopg.rows import namedtuple_row

from pgwright.pg.sqlfiles import load_sql

if TYPE_CHECKING:
    from collections.abc import Mapping

    from psycopg import Connection

_IS_THERE = (
    b"SELECT FROM pg_class AS c JOIN pg_namespace AS n ON n.oid = c.relnamespace "
    b"WHERE n.nspname = '_timescaledb_catalog' AND c.relname = 'compression_settings'"
)


@dataclass(frozen=True, kw_only=True)
class Chunks:
    """Describe a hypertable beside what is declared about it.

    `compressed` tells that its chunks may be compressed, `packed` that some are; `columns` are those by which
    it is done, now or in a chunk that was compressed before. `keep` is after which time a job of TimescaleDB
    drops chunks, as PostgreSQL prints an interval.
    """

    compressed: bool = False
    packed: bool = False
    columns: tuple[str, ...] = ()
    keep: str = ""


def read_chunks(conn: Connection[Any], *, timescaledb: str, major: int) -> Mapping[int, Chunks]:
    """Return what TimescaleDB does with each hypertable, by its OID."""
    if not timescaledb:
        return {}
    with conn.cursor(row_factory=namedtuple_row) as cursor:
        # Before TimescaleDB 2.14 these settings were kept otherwise.
        if cursor.execute(_IS_THERE).fetchone() is None:
            return {}
        query = load_sql("pgwright.kinds.timeseries", "chunked", major)
        rows: list[Any] = cursor.execute(query.encode()).fetchall()
    return {
        r.relation: Chunks(
            compressed=r.compressed, packed=r.packed, columns=tuple(sorted(r.columns)), keep=r.keep
        )
        for r in rows
    }

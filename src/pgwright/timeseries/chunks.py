"""The pieces of time series, alike for partitions and for chunks: ranges, rows, sizes, compression."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from psycopg import Connection, sql

from pgwright.kinds.timeseries.partition_steps import partition_bound
from pgwright.kinds.timeseries.policy_records import COMMUNITY, Record
from pgwright.pg.quoting import deparsed, literal
from pgwright.timeseries.records import Declarations, declarations, time_of


@dataclass(frozen=True, kw_only=True)
class Chunk:
    """Describe one piece: its range as text (None has no end), estimated rows, bytes with indexes.

    `compressed` is None where the server knows no compression by chunks.
    """

    table: str
    name: str
    start: str | None
    end: str | None
    rows: int
    bytes: int
    compressed: bool | None = None


@dataclass(frozen=True, kw_only=True)
class Holding:
    """Describe a time series as a whole; `ahead` counts the pieces that begin after now."""

    relation: int
    table: str
    engine: str
    column: str
    interval: str
    zone: str
    chunks: int
    ahead: int
    first: str | None
    last: str | None
    rows: int
    bytes: int
    compressed: int | None = None


def chunks(
    conn: Connection[Any], table: str | None = None, declared: Declarations | None = None
) -> tuple[Chunk, ...]:
    """Return the pieces of all time series, or of the one named by `table`, in the order of time."""
    declared = declared or declarations(conn)
    wanted = [r for r in declared.of("time_series") if table is None or table in (r.table.path, r.table_name)]
    return tuple(chunk for record in wanted for chunk in _pieces(conn, record, declared))


def holdings(conn: Connection[Any], declared: Declarations | None = None) -> tuple[Holding, ...]:
    """Return the time series of the database with the number and the size of their pieces."""
    declared = declared or declarations(conn)
    return tuple(_holding(conn, record, declared) for record in declared.of("time_series"))


def _holding(conn: Connection[Any], record: Record, declared: Declarations) -> Holding:
    column, type, zone = time_of(conn, record, declared)
    query = sql.SQL(
        "SELECT count(*), count(*) FILTER (WHERE p.lower > now()::{type}), min(p.lower)::text, "
        "max(p.upper)::text, coalesce(sum(p.rows), 0)::bigint, coalesce(sum(p.bytes), 0)::bigint, "
        # OFFSET keeps the subquery apart: each bound is taken from its text once, not wherever it is used.
        "count(*) FILTER (WHERE p.compressed) FROM ({pieces} OFFSET 0) AS p"
    ).format(type=deparsed(type), pieces=_query(record, declared, type))
    row = conn.execute(query).fetchone()
    assert row is not None
    return Holding(
        relation=record.relation,
        table=record.table.path,
        engine="partitions" if record.relkind == "p" else "hypertable",
        column=column,
        interval=record.definition["interval"],
        zone=zone,
        chunks=row[0],
        ahead=row[1],
        first=row[2],
        last=row[3],
        rows=row[4],
        bytes=row[5],
        compressed=row[6] if declared.timescaledb == COMMUNITY and record.relkind != "p" else None,
    )


def _pieces(conn: Connection[Any], record: Record, declared: Declarations) -> tuple[Chunk, ...]:
    _, type, _ = time_of(conn, record, declared)
    query = sql.SQL(
        "SELECT p.name, p.lower::text, p.upper::text, p.rows, p.bytes, p.compressed FROM ({}) AS p "
        "ORDER BY p.lower NULLS FIRST, p.upper"
    ).format(_query(record, declared, type))
    return tuple(
        Chunk(
            table=record.table.path,
            name=name,
            start=start,
            end=end,
            rows=rows,
            bytes=size,
            compressed=compressed if declared.timescaledb == COMMUNITY else None,
        )
        for name, start, end, rows, size, compressed in conn.execute(query).fetchall()
    )


def _query(record: Record, declared: Declarations, type: str) -> sql.Composed:
    """Compose what yields name, lower, upper, rows, bytes and compressed of each piece."""
    if record.relkind == "p":
        return sql.SQL(
            "SELECT n.nspname || '.' || c.relname AS name, "
            "{lower} AS lower, {upper} AS upper, "
            "greatest(c.reltuples, 0)::bigint AS rows, pg_total_relation_size(c.oid) AS bytes, "
            "false AS compressed FROM pg_inherits AS i JOIN pg_class AS c ON c.oid = i.inhrelid "
            "JOIN pg_namespace AS n ON n.oid = c.relnamespace WHERE i.inhparent = {relation}"
        ).format(
            lower=partition_bound("FROM", type),
            upper=partition_bound("TO", type),
            relation=deparsed(str(record.relation)),
        )
    # The rows of a compressed chunk are in another relation, which only TimescaleDB's functions know.
    compresses = declared.timescaledb == COMMUNITY
    rows, aside, joined = "c.reltuples", "", ""
    if compresses:
        rows = "CASE WHEN t.is_compressed THEN approximate_row_count(c.oid) ELSE c.reltuples END"
        aside = " + coalesce(s.after_compression_total_bytes, 0)"
        joined = (
            "LEFT JOIN chunk_compression_stats({relation}::regclass) AS s USING (chunk_schema, chunk_name) "
        )
    return sql.SQL(
        "SELECT chunk_schema || '.' || chunk_name AS name, t.range_start::{type} AS lower, "
        "t.range_end::{type} AS upper, greatest({rows}, 0)::bigint AS rows, "
        "pg_total_relation_size(c.oid){aside} AS bytes, t.is_compressed AS compressed "
        "FROM timescaledb_information.chunks AS t {joined}"
        "JOIN pg_namespace AS n ON n.nspname = chunk_schema "
        "JOIN pg_class AS c ON c.relnamespace = n.oid AND c.relname = chunk_name "
        "WHERE t.hypertable_schema = {schema} AND t.hypertable_name = {name}"
    ).format(
        type=deparsed(type),
        rows=deparsed(rows),
        aside=deparsed(aside),
        joined=sql.SQL(joined).format(relation=deparsed(str(record.relation))),
        schema=literal(record.schema),
        name=literal(record.table_name),
    )

"""The pieces of time series, alike for partitions and for chunks: ranges, rows, sizes, compression."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from psycopg import Connection, sql

from pgwright.kinds.timeseries.partition_steps import partition_bound
from pgwright.kinds.timeseries.policy_records import COMMUNITY, Record
from pgwright.pg.quoting import deparsed, literal
from pgwright.timeseries.records import Declarations, declarations, time_of

# What the server counted when it last analyzed a piece; else what its statistics saw come and go. Neither is
# there for a piece that was just attached or restored: then only an empty one is known.
_ROWS = (
    "CASE WHEN c.reltuples > 0 OR (c.reltuples = 0 AND c.relpages > 0) THEN c.reltuples::bigint "
    "WHEN pg_stat_get_live_tuples(c.oid) > 0 THEN pg_stat_get_live_tuples(c.oid) "
    "WHEN c.relkind = 'r' AND pg_relation_size(c.oid) = 0 THEN 0 END"
)
# What compressed chunks take, read once and looked up: joined, each would be compared with each, since
# PostgreSQL expects one.
_ASIDE = (
    " + coalesce(((SELECT jsonb_object_agg(chunk_schema || '.' || chunk_name, after_compression_total_bytes) "
    "FROM chunk_compression_stats({relation}::regclass)) ->> o.name)::bigint, 0)"
)


@dataclass(frozen=True, kw_only=True)
class Chunk:
    """Describe one piece: its range as text (None has no end), estimated rows, bytes with indexes.

    `rows` is None where nobody knows: the piece was never analyzed. `compressed` is None where the server
    knows no compression by chunks.
    """

    table: str
    name: str
    start: str | None
    end: str | None
    rows: int | None
    bytes: int
    compressed: bool | None = None


@dataclass(frozen=True, kw_only=True)
class Newest:
    """Hold the newest pieces, newest first, and how many more there are."""

    chunks: tuple[Chunk, ...]
    more: int


@dataclass(frozen=True, kw_only=True)
class Holding:
    """Describe a time series as a whole; `ahead` counts the pieces that begin after now.

    `rows` is None where they are not known of some piece.
    """

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
    rows: int | None
    bytes: int
    compressed: int | None = None


def chunks(
    conn: Connection[Any], table: str | None = None, declared: Declarations | None = None
) -> tuple[Chunk, ...]:
    """Return the pieces of all time series, or of the one named by `table`, in the order of time."""
    declared = declared or declarations(conn)
    wanted = _series(declared, table)
    return tuple(chunk for record in wanted for chunk in reversed(_pieces(conn, record, declared)))


def newest_chunks(conn: Connection[Any], table: str | None = None, *, limit: int | None = None) -> Newest:
    """Return the newest pieces of all time series, or of `table`: of more than `limit` no other is measured.

    To measure a piece the server opens it and all of its indexes, which takes most of the time.
    """
    declared = declarations(conn)
    found: list[Chunk] = []
    more = 0
    for record in reversed(_series(declared, table)):
        room = None if limit is None else limit - len(found)
        pieces = _pieces(conn, record, declared, room) if room != 0 else ()
        more += _count(conn, record, declared) - len(pieces) if room is not None else 0
        found.extend(pieces)
    return Newest(chunks=tuple(found), more=more)


def holdings(conn: Connection[Any], declared: Declarations | None = None) -> tuple[Holding, ...]:
    """Return the time series of the database with the number and the size of their pieces."""
    declared = declared or declarations(conn)
    return tuple(_holding(conn, record, declared) for record in declared.of("time_series"))


def _series(declared: Declarations, table: str | None) -> list[Record]:
    return [r for r in declared.of("time_series") if table is None or table in (r.table.path, r.table_name)]


def _holding(conn: Connection[Any], record: Record, declared: Declarations) -> Holding:
    column, type, zone = time_of(conn, record, declared)
    query = sql.SQL(
        "SELECT count(*), count(*) FILTER (WHERE p.lower > now()::{type}), min(p.lower)::text, "
        "max(p.upper)::text, CASE WHEN bool_and(p.rows IS NOT NULL) IS NOT FALSE THEN "
        "coalesce(sum(p.rows), 0)::bigint END, coalesce(sum(p.bytes), 0)::bigint, "
        "count(*) FILTER (WHERE p.compressed) FROM ({pieces}) AS p"
    ).format(type=deparsed(type), pieces=_measured(record, declared, _outline(record, type)))
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


def _pieces(
    conn: Connection[Any], record: Record, declared: Declarations, limit: int | None = None
) -> tuple[Chunk, ...]:
    """Return the pieces of a time series, or so many of them, newest first."""
    _, type, _ = time_of(conn, record, declared)
    order = sql.SQL("ORDER BY p.lower DESC NULLS LAST, p.upper DESC")
    outline = sql.SQL("SELECT * FROM ({}) AS p {} LIMIT {}").format(
        _outline(record, type), order, deparsed("ALL" if limit is None else str(limit))
    )
    query = sql.SQL(
        "SELECT p.name, p.lower::text, p.upper::text, p.rows, p.bytes, p.compressed FROM ({}) AS p {}"
    ).format(_measured(record, declared, outline), order)
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


def _count(conn: Connection[Any], record: Record, declared: Declarations) -> int:
    _, type, _ = time_of(conn, record, declared)
    row = conn.execute(sql.SQL("SELECT count(*) FROM ({}) AS p").format(_outline(record, type))).fetchone()
    return int(row[0]) if row else 0


def _outline(record: Record, type: str) -> sql.Composed:
    """Compose what yields oid, name, lower, upper and compressed of each piece."""
    if record.relkind == "p":
        return sql.SQL(
            "SELECT c.oid, n.nspname || '.' || c.relname AS name, {lower} AS lower, {upper} AS upper, "
            "false AS compressed FROM pg_inherits AS i JOIN pg_class AS c ON c.oid = i.inhrelid "
            "JOIN pg_namespace AS n ON n.oid = c.relnamespace WHERE i.inhparent = {relation}"
        ).format(
            lower=partition_bound("FROM", type),
            upper=partition_bound("TO", type),
            relation=deparsed(str(record.relation)),
        )
    return sql.SQL(
        "SELECT c.oid, t.chunk_schema || '.' || t.chunk_name AS name, t.range_start::{type} AS lower, "
        "t.range_end::{type} AS upper, t.is_compressed AS compressed "
        "FROM timescaledb_information.chunks AS t JOIN pg_namespace AS n ON n.nspname = t.chunk_schema "
        "JOIN pg_class AS c ON c.relnamespace = n.oid AND c.relname = t.chunk_name "
        "WHERE t.hypertable_schema = {schema} AND t.hypertable_name = {name}"
    ).format(type=deparsed(type), schema=literal(record.schema), name=literal(record.table_name))


def _measured(record: Record, declared: Declarations, outline: sql.Composable) -> sql.Composed:
    """Compose what adds rows and bytes to an outline of pieces."""
    rows, aside = _ROWS, ""
    if declared.timescaledb == COMMUNITY and record.relkind != "p":
        # The rows of a compressed chunk are in another relation, which only TimescaleDB's functions know.
        # To them, one that was never analyzed is empty; what was there before is counted still.
        rows = (
            "CASE WHEN o.compressed THEN coalesce(nullif(approximate_row_count(o.oid), 0), "
            f"nullif(pg_stat_get_live_tuples(c.oid), 0)) ELSE {_ROWS} END"
        )
        aside = _ASIDE
    # OFFSET keeps the outline apart: each bound is taken from its text once, not wherever it is used.
    return sql.SQL(
        "SELECT o.*, {rows} AS rows, pg_total_relation_size(o.oid){aside} AS bytes "
        "FROM ({outline} OFFSET 0) AS o JOIN pg_class AS c ON c.oid = o.oid"
    ).format(
        rows=deparsed(rows),
        aside=sql.SQL(aside).format(relation=deparsed(str(record.relation))),
        outline=outline,
    )

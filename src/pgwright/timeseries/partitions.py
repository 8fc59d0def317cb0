"""Partitions made before they are needed, with locks that neither readers nor writers notice."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from psycopg import Connection, sql

from pgwright.kinds.buckets import bucket_after, bucket_start
from pgwright.kinds.partition_steps import partition_bound, partition_name
from pgwright.kinds.policy_records import Record, relation
from pgwright.kinds.steps import name_of
from pgwright.model.names import ObjectId, QualifiedName
from pgwright.model.policy import Span
from pgwright.pg.quoting import Name, deparsed, literal
from pgwright.timeseries.records import Declarations, time_of, watches_of

LOCK_TIMEOUT = "2s"


@dataclass(frozen=True, kw_only=True)
class Piece:
    """Name a partition that is due, with its bounds as text, offset included."""

    name: str
    lower: str
    upper: str


@dataclass(frozen=True, kw_only=True)
class Supply:
    """Count the partitions of a time series, and those of them that begin after now."""

    partitions: int
    ahead: int


def supplies(conn: Connection[Any], declared: Declarations) -> dict[int, Supply]:
    """Return the supply of each time series on partitions, by the OID of its table.

    Sizes are left out: for them the server opens every partition and all of its indexes.
    """
    found = {}
    for record in declared.of("time_series"):
        if record.relkind == "p":
            _, type, _ = time_of(conn, record, declared)
            row = conn.execute(
                sql.SQL(
                    "SELECT count(*), count(*) FILTER (WHERE {lower} > now()::{type}) "
                    "FROM pg_inherits AS i JOIN pg_class AS c ON c.oid = i.inhrelid "
                    "WHERE i.inhparent = {table}"
                ).format(
                    lower=partition_bound("FROM", type),
                    type=deparsed(type),
                    table=deparsed(str(record.relation)),
                )
            ).fetchone()
            assert row is not None
            found[record.relation] = Supply(partitions=row[0], ahead=row[1])
    return found


def due(conn: Connection[Any], record: Record, declared: Declarations) -> tuple[Piece, ...]:
    """Return the partitions that a time series lacks, up to so many ahead of now and of its newest row.

    They follow on what is there without a gap; a table that got no rows for long gets them all the same.
    """
    column, type, zone = time_of(conn, record, declared)
    span, kind = Span.of(record.definition["interval"]), deparsed(type)
    goal = bucket_start(
        sql.SQL("greatest(now()::{}, (SELECT max({}) FROM {}))").format(
            kind, Name(column), name_of(record.table)
        ),
        span,
        zone,
        type,
    )
    upper = Name("upper")
    query = sql.SQL(
        "WITH RECURSIVE bounds AS (SELECT "
        "{lower} AS lower, {upper} AS upper "
        "FROM pg_inherits AS i JOIN pg_class AS c ON c.oid = i.inhrelid WHERE i.inhparent = {table}), "
        "goal AS (SELECT {goal} AS at), "
        "first AS (SELECT coalesce(max(b.upper), {now}) AS lower, "
        "count(*) FILTER (WHERE b.lower > g.at)::int AS beyond FROM goal AS g LEFT JOIN bounds AS b ON true "
        "GROUP BY g.at), "
        "piece AS (SELECT f.lower, {first_after} AS upper, f.beyond + (f.lower > g.at)::int AS beyond "
        "FROM first AS f, goal AS g "
        "UNION ALL SELECT p.upper, {next_after}, p.beyond + (p.upper > g.at)::int "
        "FROM piece AS p, goal AS g WHERE p.beyond < {ahead}) "
        "SELECT {name}, lower::text, upper::text FROM piece WHERE beyond <= {ahead} ORDER BY lower"
    ).format(
        lower=partition_bound("FROM", type),
        upper=partition_bound("TO", type),
        table=relation(record.table),
        goal=goal,
        now=bucket_start(sql.SQL("now()::{}").format(kind), span, zone, type),
        first_after=_after(sql.SQL("f.lower"), span, zone, type),
        next_after=_after(sql.SQL("p.{}").format(upper), span, zone, type),
        ahead=deparsed(str(record.definition.get("ahead", 3))),
        name=partition_name(record.table, sql.SQL("lower"), zone, _suffix(record), type),
    )
    return tuple(Piece(name=n, lower=low, upper=up) for n, low, up in conn.execute(query).fetchall())


def _after(at: sql.Composable, span: Span, zone: str, type: str) -> sql.Composed:
    """Compose the end of a piece that begins `at`, which need not be the start of a bucket of this length."""
    return bucket_after(bucket_start(at, span, zone, type), span, zone, type)


def _suffix(record: Record) -> str:
    return str(record.definition.get("suffix") or "YYYY_MM_DD_HH24MI")


def make(conn: Connection[Any], record: Record, declared: Declarations, piece: Piece) -> None:
    """Make one partition, in one short transaction.

    It is made as a table of its own and then attached: CREATE TABLE ... PARTITION OF would lock the whole
    table against reading. Raises psycopg errors, a lock timeout among them.
    """
    table = ObjectId("table", QualifiedName(record.schema, piece.name))
    major = conn.info.server_version // 10000
    with conn.transaction():
        conn.execute("SELECT set_config('lock_timeout', %s, true)", (LOCK_TIMEOUT,))
        conn.execute(
            sql.SQL(
                "CREATE TABLE {} (LIKE {} INCLUDING ALL EXCLUDING INDEXES EXCLUDING IDENTITY "
                "EXCLUDING STATISTICS EXCLUDING COMMENTS)"
            ).format(name_of(table), name_of(record.table))
        )
        owner = conn.execute(
            "SELECT pg_get_userbyid(relowner)::text FROM pg_class WHERE oid = %s", (record.relation,)
        ).fetchone()
        if owner is not None:
            conn.execute(sql.SQL("ALTER TABLE {} OWNER TO {}").format(name_of(table), Name(owner[0])))
        for watch in watches_of(conn, record.table, declared):
            for trigger in watch.triggers(name_of(table), major):
                conn.execute(trigger)
        conn.execute(
            sql.SQL("ALTER TABLE {} ATTACH PARTITION {} FOR VALUES FROM ({}) TO ({})").format(
                name_of(record.table), name_of(table), literal(piece.lower), literal(piece.upper)
            )
        )

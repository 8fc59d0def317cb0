"""Partitions made before they are needed, with locks that neither readers nor writers notice."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import partial
from itertools import count
from typing import Any

import psycopg
from psycopg import Connection, sql

from pgwright.kinds.steps import name_of, short_name
from pgwright.kinds.timeseries.buckets import bucket_after, bucket_start, interval
from pgwright.kinds.timeseries.partition_steps import partition_bound, partition_name
from pgwright.kinds.timeseries.policy_records import Record
from pgwright.kinds.timeseries.replicated import identify_partitions
from pgwright.model.names import ObjectId, QualifiedName
from pgwright.model.span import Span
from pgwright.pg.quoting import Name, deparsed, literal
from pgwright.pg.statements import statement_error
from pgwright.timeseries.patience import PASSING, patiently
from pgwright.timeseries.records import Declarations, lacking_column, time_of, watches_of

LOCK_TIMEOUT = "2s"


# A clock that jumps, or one wrong date, must not make a hundred thousand partitions.
MOST = 1000
# The bounds of all partitions but one for what no other takes, which has none.
_BOUNDS = (
    # Kept apart: each bound is taken from its text once, not wherever it is used.
    "bounds AS MATERIALIZED (SELECT coalesce({lower}, '-infinity') AS lower, "
    "coalesce({upper}, 'infinity') AS upper FROM pg_inherits AS i "
    "JOIN pg_class AS c ON c.oid = i.inhrelid JOIN pg_partitioned_table AS p ON p.partrelid = i.inhparent "
    "WHERE i.inhparent = {table} AND c.oid <> p.partdefid)"
)


@dataclass(frozen=True, kw_only=True)
class Piece:
    """Name a partition that is due, with its bounds as text, offset included."""

    name: str
    lower: str
    upper: str


@dataclass(frozen=True, kw_only=True)
class Due:
    """Hold the partitions that are due; `astray` is the newest row where it is too far ahead to follow."""

    pieces: tuple[Piece, ...]
    astray: str | None = None


@dataclass(frozen=True, kw_only=True)
class Supply:
    """Count the partitions of a time series, and the pieces of time after now for which it has room.

    No more are counted than are wanted, and none behind a gap.
    """

    partitions: int
    ahead: int


def supplies(conn: Connection[Any], declared: Declarations) -> dict[int, Supply]:
    """Return the supply of each time series on partitions, by the OID of its table.

    Sizes are left out: for them the server opens every partition and all of its indexes.
    """
    return {
        record.relation: _supply(conn, record, declared)
        for record in declared.of("time_series")
        if record.relkind == "p" and lacking_column(conn, record, declared) is None
    }


def _supply(conn: Connection[Any], record: Record, declared: Declarations) -> Supply:
    _, type, zone = time_of(conn, record, declared)
    span, now = Span.of(record.definition["interval"]), sql.SQL("now()::{}").format(deparsed(type))
    row = conn.execute(
        sql.SQL(
            "WITH RECURSIVE {bounds}, chain AS (SELECT upper, sum(gap) OVER (ORDER BY lower) AS gaps FROM ("
            "SELECT lower, upper, (upper > {now} "
            "AND lower > greatest(lag(upper) OVER (ORDER BY lower), {now}))::int AS gap FROM bounds) AS b), "
            "room AS (SELECT count(*) AS partitions, max(upper) FILTER (WHERE gaps = 0) AS upto FROM chain), "
            "piece AS (SELECT {first} AS lower, 1 AS number "
            "UNION ALL SELECT {next}, number + 1 FROM piece WHERE number < {ahead}) "
            "SELECT r.partitions, count(*) FILTER (WHERE {next} <= r.upto) FROM room AS r, piece "
            "GROUP BY r.partitions"
        ).format(
            bounds=_bounds(record, type),
            now=now,
            first=_after(now, span, zone, type),
            next=bucket_after(sql.SQL("piece.lower"), span, zone, type),
            ahead=deparsed(str(wanted_ahead(record))),
        )
    ).fetchone()
    assert row is not None
    return Supply(partitions=row[0], ahead=row[1])


def wanted_ahead(record: Record) -> int:
    """Return how many partitions a time series wants ahead."""
    return int(record.definition.get("ahead", 3))


def due(conn: Connection[Any], record: Record, declared: Declarations) -> Due:
    """Return the partitions that a time series lacks, up to so many ahead of now and of its newest row.

    Gaps are filled from the last partition before now, or from now where there is none, whatever was made by
    hand behind them; a table that got no rows for long gets them all the same.
    """
    column, type, zone = time_of(conn, record, declared)
    span = Span.of(record.definition["interval"])
    now = sql.SQL("now()::{}").format(deparsed(type))
    far = sql.SQL("({} * {})").format(deparsed(str(MOST)), interval(span))
    query = sql.SQL(
        "WITH RECURSIVE {bounds}, "
        "edge AS (SELECT {now_start} AS at, newest, newest > {now} + {far} AS astray "
        "FROM (SELECT max({column}) AS newest FROM {table}) AS n), "
        "goal AS (SELECT e.at AS now, CASE WHEN e.newest > {now} AND NOT e.astray THEN {newest_start} "
        "ELSE e.at END AS at FROM edge AS e), "
        "piece AS (SELECT s.lower, {first_after} AS upper, 0 AS beyond, s.at FROM (SELECT g.at, "
        "least(g.now, greatest(coalesce(max(b.upper) FILTER (WHERE b.lower <= g.now), g.now), "
        "(g.now - {far})::{type})) AS lower "
        "FROM goal AS g LEFT JOIN bounds AS b ON true GROUP BY g.now, g.at) AS s "
        "UNION ALL SELECT p.upper, {next_after}, p.beyond + (p.upper > p.at)::int, p.at "
        "FROM piece AS p WHERE p.beyond < {ahead}), "
        "free AS (SELECT coalesce(lag(upper) OVER (ORDER BY lower), '-infinity') AS lower, lower AS upper "
        "FROM bounds UNION ALL SELECT coalesce(max(upper), '-infinity'), 'infinity' FROM bounds), "
        "wanted AS (SELECT greatest(p.lower, f.lower) AS lower, least(p.upper, f.upper) AS upper "
        "FROM piece AS p JOIN free AS f ON f.lower < f.upper AND f.lower < p.upper AND f.upper > p.lower) "
        "SELECT {name}, w.lower::text, w.upper::text, CASE WHEN e.astray THEN e.newest::text END "
        "FROM edge AS e LEFT JOIN wanted AS w ON true ORDER BY w.lower"
    ).format(
        bounds=_bounds(record, type),
        now=now,
        type=deparsed(type),
        far=far,
        now_start=bucket_start(now, span, zone, type),
        newest_start=bucket_start(sql.SQL("e.newest"), span, zone, type),
        column=Name(column),
        table=name_of(record.table),
        first_after=_after(sql.SQL("s.lower"), span, zone, type),
        next_after=_after(sql.SQL("p.upper"), span, zone, type),
        ahead=deparsed(str(wanted_ahead(record))),
        name=partition_name(record.table, sql.SQL("w.lower"), zone, _suffix(record), type),
    )
    found = conn.execute(query).fetchall()
    pieces = [Piece(name=n, lower=low, upper=up) for n, low, up, _ in found if low is not None]
    return Due(pieces=tuple(pieces), astray=found[0][3])


def _bounds(record: Record, type: str) -> sql.Composed:
    return sql.SQL(_BOUNDS).format(
        lower=partition_bound("FROM", type),
        upper=partition_bound("TO", type),
        table=deparsed(str(record.relation)),
    )


def _after(at: sql.Composable, span: Span, zone: str, type: str) -> sql.Composed:
    """Compose the end of a piece that begins `at`, which need not be the start of a bucket of this length."""
    return bucket_after(bucket_start(at, span, zone, type), span, zone, type)


def _suffix(record: Record) -> str:
    return str(record.definition.get("suffix") or "YYYY_MM_DD_HH24MI")


def _free_name(conn: Connection[Any], record: Record, name: str) -> str:
    """Return a name for a partition that no relation has: someone's leftover must not stop upkeep."""
    for number in count(1):
        chosen = name if number == 1 else f"{short_name(name, 58)}_{number}"
        there = conn.execute("SELECT to_regclass(%s)", (Name(record.schema, chosen).as_string(),)).fetchone()
        if there == (None,):
            return chosen
    raise AssertionError("unreachable")


def make_each(
    conn: Connection[Any],
    record: Record,
    declared: Declarations,
    pieces: Iterable[Piece],
    failed: list[str],
) -> Iterator[str]:
    """Make partitions and yield their names; one that fails is told of in `failed`, and stops no other one.

    Raises psycopg's error for a lock that is not to be had: it is that of the table, and would be waited for
    again and again.
    """
    for piece in pieces:
        try:
            yield patiently(partial(make, conn, record, declared, piece))
        except PASSING:
            raise
        except psycopg.Error as exc:
            if conn.closed or conn.broken:
                raise
            told = statement_error(exc, conn=conn)
            failed.append(f"{piece.name}, from {piece.lower} to {piece.upper}: {told.message}")


def make(conn: Connection[Any], record: Record, declared: Declarations, piece: Piece) -> str:
    """Make one partition, in one short transaction, and return its name.

    It is made as a table of its own and then attached: CREATE TABLE ... PARTITION OF would lock the whole
    table against reading. Raises psycopg errors, a lock timeout among them.
    """
    table = ObjectId("table", QualifiedName(record.schema, _free_name(conn, record, piece.name)))
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
        conn.execute(
            sql.SQL("ALTER TABLE {} ATTACH PARTITION {} FOR VALUES FROM ({}) TO ({})").format(
                name_of(record.table), name_of(table), literal(piece.lower), literal(piece.upper)
            )
        )
        conn.execute(identify_partitions(record.table))
        # Not before: PostgreSQL 12 attaches no table that has such triggers.
        for watch in watches_of(conn, record.table, declared):
            for trigger in watch.triggers(name_of(table), major):
                conn.execute(trigger)
    return table.name.name

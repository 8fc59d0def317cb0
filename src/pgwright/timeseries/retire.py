"""Retire rows that are older than they are to be kept: partitions, chunks, or batches of a plain table.

Before anything goes, the rollups take in what they have not seen, and their floor is raised above it in the
same transaction, under a lock that keeps late writers out. From then on the rows' buckets are history.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import partial
from typing import Any

from psycopg import Connection, sql

from pgwright.kinds.steps import name_of
from pgwright.kinds.timeseries.buckets import (
    bucket_after,
    bucket_opening,
    bucket_start,
    interval,
    may_be_shown_twice,
)
from pgwright.kinds.timeseries.partition_steps import partition_bound
from pgwright.kinds.timeseries.policy_records import Record, relation
from pgwright.kinds.timeseries.rollup_parts import RollupParts
from pgwright.model.names import ObjectId, QualifiedName
from pgwright.model.span import Span
from pgwright.pg.quoting import Name, deparsed, literal
from pgwright.timeseries.archive import archive_piece
from pgwright.timeseries.partitions import LOCK_TIMEOUT
from pgwright.timeseries.patience import patiently
from pgwright.timeseries.records import Declarations, own_rollups, parts_of, time_of
from pgwright.timeseries.refresh import mark, raise_floor, refresh_once, unmark

# The name tells what a table is that a killed run left behind, and the check keeps late rows out of it.
MARK = "pgwright_retired"
_BATCH = 10_000

_LEFT_BEHIND = (
    b"SELECT n.nspname::text, c.relname::text "
    b"FROM pg_constraint AS k JOIN pg_class AS c ON c.oid = k.conrelid "
    b"JOIN pg_namespace AS n ON n.oid = c.relnamespace "
    b"WHERE k.conname = 'pgwright_retired' AND k.contype = 'c' AND NOT c.relispartition "
    b"AND obj_description(k.oid, 'pg_constraint') = %s ORDER BY 1, 2"
)


@dataclass(frozen=True, kw_only=True)
class Old:
    """Name a partition or chunk whose rows are all old enough.

    `rows` is PostgreSQL's estimate, None where it has none: an empty piece, or one that it never counted.
    """

    table: ObjectId
    upper: str
    rows: int | None
    detaching: bool = False


def old_pieces(conn: Connection[Any], record: Record, declared: Declarations) -> tuple[Old, ...]:
    """Return the partitions or chunks of a time series that are to be retired, oldest first."""
    series = declared.series(record.relation)
    if series is None:
        return ()
    _, type, zone = time_of(conn, record, declared)
    limit = _cutoff(record, declared, zone, type)
    if series.relkind == "p":
        query = sql.SQL(
            "SELECT n.nspname::text, c.relname::text, b.upper::text, "
            "nullif(greatest(c.reltuples, 0), 0)::bigint, {detaching} "
            "FROM pg_inherits AS i JOIN pg_class AS c ON c.oid = i.inhrelid "
            "JOIN pg_namespace AS n ON n.oid = c.relnamespace, LATERAL (SELECT {upper} AS upper) AS b "
            "WHERE i.inhparent = {table} AND b.upper <= {limit} ORDER BY b.upper"
        ).format(
            upper=partition_bound("TO", type),
            table=relation(record.table),
            limit=limit,
            detaching=deparsed("i.inhdetachpending" if conn.info.server_version >= 140000 else "false"),
        )
    else:
        query = sql.SQL(
            "SELECT n.nspname::text, c.relname::text, t.range_end::text, "
            "nullif(greatest(c.reltuples, 0), 0)::bigint, false FROM timescaledb_information.chunks AS t "
            "JOIN pg_namespace AS n ON n.nspname = t.chunk_schema "
            "JOIN pg_class AS c ON c.relnamespace = n.oid AND c.relname = t.chunk_name "
            "WHERE t.hypertable_schema = {schema} AND t.hypertable_name = {name} AND t.range_end <= {limit} "
            "ORDER BY t.range_end"
        ).format(schema=literal(record.schema), name=literal(record.table_name), limit=limit)
    return tuple(
        Old(
            table=ObjectId("table", QualifiedName(schema, name)),
            upper=upper,
            rows=rows,
            detaching=detaching,
        )
        for schema, name, upper, rows, detaching in conn.execute(query).fetchall()
    )


def _cutoff(record: Record, declared: Declarations, zone: str, type: str) -> sql.Composable:
    """Compose the moment before which rows are old, at the start of a bucket of every rollup.

    A bucket that lost some of its rows could never be computed again.
    """
    at: sql.Composable = sql.SQL("(now() - {})::{}").format(
        interval(record.definition["keep"]), deparsed(type)
    )
    starts = [
        bucket_opening(at, Span.of(rollup.definition["bucket"]), rollup.definition.get("zone") or zone, type)
        for rollup in declared.of("rollup", record.relation)
        if rollup.definition["bucket"]
    ]
    return sql.SQL("least({})").format(sql.SQL(", ").join(starts)) if starts else at


def retire_partition(conn: Connection[Any], record: Record, declared: Declarations, old: Old) -> None:
    """Retire one partition: rollups first, then detached beside readers and writers, then dropped.

    Each of the three stands for itself: what another session holds up is only that one.
    """
    if not old.detaching:
        archive_beforehand(conn, record, declared, old.table)
        patiently(partial(_close, conn, record, declared, old))
    patiently(partial(_detach, conn, record, old.table))
    patiently(partial(_drop, conn, record, declared, old.table))


def _close(conn: Connection[Any], record: Record, declared: Declarations, old: Old) -> None:
    """Fill the rollups from a partition, raise their floors, and let no more rows in."""
    with conn.transaction():
        _close_within(conn, record, declared, old)


def _close_within(conn: Connection[Any], record: Record, declared: Declarations, old: Old) -> None:
    name = name_of(old.table)
    # Together, as all that others wait for from here on.
    conn.execute(
        sql.SQL("SET LOCAL lock_timeout = {};\nLOCK TABLE {} IN SHARE ROW EXCLUSIVE MODE").format(
            literal(LOCK_TIMEOUT), name
        )
    )
    _settle_rollups(conn, record, declared, old.upper)
    conn.execute(
        sql.SQL(
            "ALTER TABLE {name} DROP CONSTRAINT IF EXISTS {mark}, "
            "ADD CONSTRAINT {mark} CHECK (false) NOT VALID;\n"
            "COMMENT ON CONSTRAINT {mark} ON {name} IS {said}"
        ).format(name=name, mark=Name(MARK), said=literal(_said_of(record)))
    )


def _said_of(record: Record) -> str:
    return f"retired from {record.table.path}"


def _settle_rollups(conn: Connection[Any], record: Record, declared: Declarations, upper: str) -> None:
    for rollup in declared.of("rollup", record.relation):
        if rollup.definition["bucket"]:
            parts = parts_of(conn, rollup, declared)
            floor = _floor_above(conn, parts, upper)
            # TimescaleDB's were refreshed before: it refuses to in a transaction.
            own = not rollup.definition.get("by")
            late = refresh_once(conn, rollup, parts, below=floor).late if own else 0
            raise_floor(conn, rollup, floor, late=late)


def _floor_above(conn: Connection[Any], parts: RollupParts, upper: str) -> str:
    """Return the end of the last bucket that has rows below `upper`.

    Where a clock shows midnight twice, a day begins at the first and is named after the second, at which the
    partition of the day before ends: what goes with that one is part of the next bucket.
    """
    span = Span.of(parts.bucket)
    if not may_be_shown_twice(span, parts.zone, parts.type):
        return upper
    at = sql.SQL("{}::timestamptz").format(literal(upper))
    before = sql.SQL("({} - interval '1 microsecond')").format(at)
    last = bucket_start(before, span, parts.zone, parts.type)
    row = conn.execute(
        sql.SQL("SELECT (CASE WHEN {last} >= {at} THEN {after} ELSE {at} END)::text").format(
            last=last, at=at, after=bucket_after(last, span, parts.zone, parts.type)
        )
    ).fetchone()
    assert row is not None
    return str(row[0])


def _detach(conn: Connection[Any], record: Record, table: ObjectId) -> None:
    """Detach a partition, or go on where an attempt was interrupted that waited for readers of the table."""
    row = conn.execute(
        # The column is there from version 14 on.
        sql.SQL(
            "SELECT to_jsonb(i) ->> 'inhdetachpending', set_config('lock_timeout', {}, false) "
            "FROM pg_inherits AS i WHERE i.inhrelid = {} AND i.inhparent = {}"
        ).format(literal(LOCK_TIMEOUT), relation(table), relation(record.table))
    ).fetchone()
    if row is None:
        return
    words = {None: "", "false": "CONCURRENTLY", "true": "FINALIZE"}[row[0]]
    text = sql.SQL("ALTER TABLE {} DETACH PARTITION {} {}").format(
        name_of(record.table), name_of(table), deparsed(words)
    )
    try:
        conn.execute(text)
    finally:
        conn.execute("RESET lock_timeout")


def _drop(conn: Connection[Any], record: Record, declared: Declarations, table: ObjectId) -> None:
    with conn.transaction():
        # Nobody reaches the rows any more, so that what is archived is what goes.
        keep_in_archive(conn, record, declared, table)
        for rollup in own_rollups(declared, record.relation):
            parts = parts_of(conn, rollup, declared)
            if not parts.bucket:
                # What such a rollup counts is what there is; the drop fires no trigger.
                mark(conn, parts, name_of(table))
        conn.execute(sql.SQL("DROP TABLE {}").format(name_of(table)))


def archive_beforehand(
    conn: Connection[Any], record: Record, declared: Declarations, piece: ObjectId
) -> None:
    """Archive a piece while everybody sees it still, so that what fails here leaves its rows in the table.

    Without a lock, as long as it takes: where it changes meanwhile, it is archived anew before it goes.
    """
    if record.definition.get("archive"):
        with conn.transaction():
            conn.execute("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ")
            keep_in_archive(conn, record, declared, piece)


def keep_in_archive(conn: Connection[Any], record: Record, declared: Declarations, piece: ObjectId) -> None:
    """Write a piece into the archive of its retention, if it has one, and prove it, in one transaction."""
    place = record.definition.get("archive")
    if place:
        archive_piece(conn, place, record.table, piece, time_of(conn, record, declared)[0])


def drop_left_behind(conn: Connection[Any], record: Record, declared: Declarations) -> tuple[str, ...]:
    """Drop the partitions that a killed run had detached, and return their names."""
    found = [
        ObjectId("table", QualifiedName(schema, name))
        for schema, name in conn.execute(_LEFT_BEHIND, (_said_of(record),)).fetchall()
    ]
    for table in found:
        patiently(partial(_drop, conn, record, declared, table))
    return tuple(table.path for table in found)


def retire_chunks(
    conn: Connection[Any], record: Record, declared: Declarations, old: tuple[Old, ...]
) -> None:
    """Retire the chunks of a hypertable up to the end of the last one, in one transaction."""
    upper = old[-1].upper
    with conn.transaction():
        conn.execute("SELECT set_config('lock_timeout', %s, true)", (LOCK_TIMEOUT,))
        for piece in old:
            conn.execute(sql.SQL("LOCK TABLE {} IN SHARE ROW EXCLUSIVE MODE").format(name_of(piece.table)))
        for piece in old:
            # What was archived before is only compared here, unless a late row has come.
            keep_in_archive(conn, record, declared, piece.table)
        _settle_rollups(conn, record, declared, upper)
        for rollup in own_rollups(declared, record.relation):
            parts = parts_of(conn, rollup, declared)
            if not parts.bucket:
                for piece in old:
                    mark(conn, parts, name_of(piece.table))
        _, type, _ = time_of(conn, record, declared)
        conn.execute(
            sql.SQL("SELECT drop_chunks({}, older_than => {}::{})").format(
                relation(record.table), literal(upper), deparsed(type)
            )
        )


def old_rows(conn: Connection[Any], record: Record, declared: Declarations, table: ObjectId) -> int:
    """Count the rows of a plain table, or of a partition, that are to be retired."""
    column, type, zone = time_of(conn, record, declared)
    row = conn.execute(
        sql.SQL("SELECT count(*) FROM {} WHERE {} < {}").format(
            name_of(table), Name(column), _cutoff(record, declared, zone, type)
        )
    ).fetchone()
    return int(row[0]) if row else 0


def history_of(conn: Connection[Any], record: Record) -> ObjectId | None:
    """Return the partition without a lower bound, whose rows grow old one by one; None without one."""
    row = conn.execute(
        "SELECT n.nspname::text, c.relname::text "
        "FROM pg_inherits AS i JOIN pg_class AS c ON c.oid = i.inhrelid "
        "JOIN pg_namespace AS n ON n.oid = c.relnamespace "
        "WHERE i.inhparent = %s AND pg_get_expr(c.relpartbound, c.oid) ~ 'FROM \\(MINVALUE\\)'",
        (record.relation,),
    ).fetchone()
    return ObjectId("table", QualifiedName(row[0], row[1])) if row else None


def retire_rows(
    conn: Connection[Any], record: Record, declared: Declarations, table: ObjectId
) -> Iterator[int]:
    """Delete old rows of a plain table, or of a partition, in batches and yield the number of rows of each.

    Each batch is a transaction of its own, so that a killed run has lost nothing and no lock lasts.
    """
    column, type, zone = time_of(conn, record, declared)
    row = conn.execute(sql.SQL("SELECT {}::text").format(_cutoff(record, declared, zone, type))).fetchone()
    limit = row[0] if row else ""
    own = (parts_of(conn, rollup, declared) for rollup in own_rollups(declared, record.relation))
    kept = [parts for parts in own if parts.bucket]
    batch = sql.SQL(
        "DELETE FROM {table} WHERE ctid = ANY (ARRAY(SELECT ctid FROM {table} WHERE {column} < {limit} "
        "LIMIT {size})) AND {column} < {limit}"
    ).format(
        table=name_of(table),
        column=Name(column),
        limit=literal(limit),
        size=deparsed(str(_BATCH)),
    )

    def settle() -> None:
        with conn.transaction():
            conn.execute("SELECT set_config('lock_timeout', %s, true)", (LOCK_TIMEOUT,))
            conn.execute(sql.SQL("LOCK TABLE {} IN SHARE ROW EXCLUSIVE MODE").format(name_of(table)))
            _settle_rollups(conn, record, declared, limit)

    def delete_batch() -> int:
        with conn.transaction():
            deleted = conn.execute(batch).rowcount
            for parts in kept:
                unmark(conn, parts, limit)
            return deleted

    if kept:
        patiently(settle)
    while True:
        deleted = patiently(delete_batch)
        yield deleted
        if deleted < _BATCH:
            return

"""Bring a rollup up to date: exactly, and only where rows changed.

Each statement below sees what was committed before it (READ COMMITTED). The keys are taken from the log first
and computed afterwards, so a writer that commits in between is either counted now and noted again, or counted
next time. One refresh of a rollup runs at a time: the lock is asked for in a statement of its own, for a
snapshot taken before the lock would not see what the last holder did.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from typing import Any

from psycopg import Connection, sql

from pgwright.kinds.buckets import bucket_after, interval
from pgwright.kinds.policy_records import Record, relation
from pgwright.kinds.rollup_parts import RollupParts
from pgwright.kinds.steps import name_of
from pgwright.model.policy import Span
from pgwright.pg.quoting import Name, deparsed, literal, names, qualified
from pgwright.pg.session import lock_key
from pgwright.timeseries.patience import patiently
from pgwright.timeseries.records import Declarations, column_facts, parts_of

_BUCKETS_AT_ONCE = 500
_LINES_AT_ONCE = 200_000
_DUE = Name("pg_temp", "pgwright_due")

Progress = Callable[[int, int], None]


@dataclass(frozen=True, kw_only=True)
class Refreshed:
    """Count keys computed anew, rows written, and keys below the floor that were left alone.

    `more` tells that this was not all that was noted.
    """

    keys: int = 0
    rows: int = 0
    late: int = 0
    more: bool = False

    def plus(self, other: Refreshed) -> Refreshed:
        """Return the sums of both."""
        return Refreshed(
            keys=self.keys + other.keys, rows=self.rows + other.rows, late=self.late + other.late
        )


def refresh(
    conn: Connection[Any],
    record: Record,
    declared: Declarations,
    *,
    progress: Progress | None = None,
) -> Refreshed:
    """Compute all keys of a rollup that changed, a few hundred buckets in each transaction.

    `conn` is in autocommit mode. A refresh that is killed loses no more than its last transaction; the log
    still holds what was not done. It ends when it has taken all there was, whatever writers noted since.
    `progress` hears of the keys done and of those known so far.
    """
    parts, done = parts_of(conn, record, declared), Refreshed()
    while True:
        step = patiently(partial(_refresh_some, conn, record, parts))
        done = done.plus(step)
        if progress is not None:
            progress(done.keys, done.keys + (_waiting(conn, parts) if step.more else 0))
        if not step.more:
            break
    with conn.transaction():
        _retire_own_rows(conn, record, parts)
        conn.execute(
            "UPDATE pgwright.policy SET ran_at = clock_timestamp(), error = NULL, late = late + %s "
            "WHERE relation = %s AND kind = 'rollup' AND name = %s",
            (done.late, record.relation, record.name),
        )
    return done


def _refresh_some(conn: Connection[Any], record: Record, parts: RollupParts) -> Refreshed:
    with conn.transaction():
        return refresh_once(conn, record, parts)


def refresh_once(
    conn: Connection[Any], record: Record, parts: RollupParts, *, below: str | None = None
) -> Refreshed:
    """Compute some changed keys within the caller's transaction, or with `below` all that lie below it."""
    conn.execute("SELECT pg_advisory_xact_lock(%s)", (lock_key(f"rollup {parts.relation.path}"),))
    _make_due(conn, parts)
    if conn.execute(sql.SQL("DELETE FROM {} WHERE everything").format(parts.log)).rowcount:
        _expand(conn, parts)
    _find_joined(conn, parts)
    more = _take(conn, parts, below)
    late = _leave_history(conn, record, parts)
    keys = _count(conn, _DUE)
    rows = _compute_buckets(conn, parts) if parts.bucket else _compute_groups(conn, record, parts)
    return Refreshed(keys=keys, rows=rows, late=late, more=more)


def _make_due(conn: Connection[Any], parts: RollupParts) -> None:
    """Make the session's list of keys to compute, empty."""
    conn.execute(sql.SQL("DROP TABLE IF EXISTS {}").format(_DUE))
    conn.execute(
        sql.SQL("CREATE TEMP TABLE pgwright_due ON COMMIT DROP AS SELECT {} FROM {} WITH NO DATA").format(
            names(parts.logged), parts.log
        )
    )


def _expand(conn: Connection[Any], parts: RollupParts) -> None:
    """Note every key that the source or the rollup has."""
    conn.execute(
        sql.SQL(
            "INSERT INTO {log} ({keys}) SELECT {expressions} FROM {source} "
            "UNION SELECT {keys} FROM {relation}"
        ).format(
            log=parts.log,
            keys=names(parts.logged),
            expressions=parts.key_expressions(parts.logged),
            source=name_of(parts.source),
            relation=name_of(parts.relation),
        )
    )


def _find_joined(conn: Connection[Any], parts: RollupParts) -> None:
    """Note the keys to which noted rows of joined tables belong now.

    A row of the source that leaves such a key at this moment is noted by itself, under both of its keys.
    """
    for joined, watch in zip(parts.joined, parts.watches[1:], strict=True):
        conn.execute(
            sql.SQL(
                "WITH gone AS (DELETE FROM {joined} RETURNING {theirs}) "
                "INSERT INTO {log} ({keys}, everything) {found}"
            ).format(
                joined=qualified(watch.log),
                theirs=names(watch.keys),
                log=parts.log,
                keys=names(parts.logged),
                found=parts.find_joined(joined, Name("gone")),
            )
        )


def _take(conn: Connection[Any], parts: RollupParts, below: str | None) -> bool:
    """Move keys from the log to the list, and tell whether there may be more of them."""
    if not parts.bucket:
        lines = sql.SQL("ctid = ANY (ARRAY(SELECT ctid FROM {} LIMIT {}))").format(
            parts.log, deparsed(str(_LINES_AT_ONCE))
        )
    elif below is None:
        lines = sql.SQL("{key} IN (SELECT DISTINCT {key} FROM {log} ORDER BY 1 LIMIT {limit})").format(
            key=Name(parts.bucket_column), log=parts.log, limit=deparsed(str(_BUCKETS_AT_ONCE))
        )
    else:
        lines = sql.SQL("{} < {}").format(Name(parts.bucket_column), literal(below))
    taken = conn.execute(
        sql.SQL(
            "WITH gone AS (DELETE FROM {log} WHERE {lines} RETURNING {keys}), "
            "listed AS (INSERT INTO {due} SELECT DISTINCT {keys} FROM gone RETURNING 1) "
            "SELECT (SELECT count(*) FROM listed), (SELECT count(*) FROM gone)"
        ).format(log=parts.log, lines=lines, keys=names(parts.logged), due=_DUE)
    ).fetchone()
    assert taken is not None
    keys, noted = taken
    return below is None and (keys >= _BUCKETS_AT_ONCE if parts.bucket else noted >= _LINES_AT_ONCE)


def _leave_history(conn: Connection[Any], record: Record, parts: RollupParts) -> int:
    """Take off the list what lies below the floor, and count it: its raw rows are gone."""
    if not parts.bucket:
        return 0
    return conn.execute(
        sql.SQL("DELETE FROM {} WHERE {} < {}").format(_DUE, Name(parts.bucket_column), parts.floor())
    ).rowcount


def _compute_buckets(conn: Connection[Any], parts: RollupParts) -> int:
    """Compute the listed buckets, neighbours in one statement: each part of the source is read once."""
    bucket, span = Name(parts.bucket_column), Span.of(parts.bucket)
    conn.execute(
        # As an array, which PostgreSQL looks up in the index; joined, it would read the whole rollup.
        sql.SQL("DELETE FROM {relation} WHERE {bucket} = ANY (ARRAY(SELECT {bucket} FROM {due}))").format(
            relation=name_of(parts.relation), due=_DUE, bucket=bucket
        )
    )
    ranges = conn.execute(
        sql.SQL(
            "SELECT min(lower)::text, max(upper)::text FROM (SELECT lower, upper, "
            "sum(fresh) OVER (ORDER BY lower) AS island FROM (SELECT lower, upper, "
            "CASE WHEN lag(upper) OVER (ORDER BY lower) = lower THEN 0 ELSE 1 END AS fresh "
            "FROM (SELECT {bucket} AS lower, {after} AS upper FROM {due}) AS one) AS two) AS three "
            "GROUP BY island ORDER BY 1"
        ).format(bucket=bucket, after=bucket_after(bucket, span, parts.zone, parts.type), due=_DUE)
    ).fetchall()
    rows = 0
    for lower, upper in ranges:
        # Constants rather than a join: partitions outside of the range are left out while planning.
        condition = sql.SQL("{column} >= {lower} AND {column} < {upper}").format(
            column=Name(parts.column), lower=literal(lower), upper=literal(upper)
        )
        rows += _insert(conn, parts, condition)
    return rows


def _compute_groups(conn: Connection[Any], record: Record, parts: RollupParts) -> int:
    nullable = not all(column_facts(conn, record.relation, key)[1] for key in parts.group_by)
    source, due, target = (
        _key(n, parts.group_by, nullable) for n in (name_of(parts.source), Name("d"), Name("r"))
    )
    conn.execute(
        sql.SQL("DELETE FROM {} AS r USING {} AS d WHERE {} = {}").format(
            name_of(parts.relation), _DUE, target, due
        )
    )
    return _insert(
        conn, parts, sql.SQL("EXISTS (SELECT FROM {} AS d WHERE {} = {})").format(_DUE, due, source)
    )


def _key(of: sql.Composable, keys: tuple[str, ...], nullable: bool) -> sql.Composed:
    """Compose the keys of a row as one value; as text where some may be null, which equals nothing."""
    row = sql.SQL("({})").format(sql.SQL(", ").join(sql.SQL("{}.{}").format(of, Name(k)) for k in keys))
    return sql.SQL("row{}::text").format(row) if nullable else row


def _insert(conn: Connection[Any], parts: RollupParts, condition: sql.Composable) -> int:
    return conn.execute(
        sql.SQL("INSERT INTO {} ({}) {}").format(
            name_of(parts.relation), names(parts.columns), parts.select(condition)
        )
    ).rowcount


def _retire_own_rows(conn: Connection[Any], record: Record, parts: RollupParts) -> None:
    keep = record.definition.get("retain")
    if keep:
        conn.execute(
            sql.SQL("DELETE FROM {} WHERE {} < now() - {}").format(
                name_of(parts.relation), Name(parts.bucket_column), interval(keep)
            )
        )


def _waiting(conn: Connection[Any], parts: RollupParts) -> int:
    """Return how many keys wait, as far as a look at the log's first lines tells."""
    query = sql.SQL("SELECT count(DISTINCT ({keys})) FROM (SELECT {keys} FROM {log} LIMIT 100000) AS l")
    row = conn.execute(query.format(keys=names(parts.logged), log=parts.log)).fetchone()
    return int(row[0]) if row else 0


def _count(conn: Connection[Any], table: sql.Composable) -> int:
    row = conn.execute(sql.SQL("SELECT count(*) FROM {}").format(table)).fetchone()
    return int(row[0]) if row else 0


def mark(conn: Connection[Any], parts: RollupParts, rows: sql.Composable) -> None:
    """Note the keys of all rows of a relation: it is about to go without a trigger that would."""
    conn.execute(
        sql.SQL("INSERT INTO {} ({}) SELECT DISTINCT {} FROM {}").format(
            parts.log, names(parts.logged), parts.key_expressions(parts.logged), rows
        )
    )


def raise_floor(conn: Connection[Any], record: Record, floor: str) -> None:
    """Let all below `floor` be history in a rollup, whatever happens to its rows."""
    conn.execute(
        sql.SQL(
            "UPDATE pgwright.policy SET floor = greatest(floor, {}::timestamptz) "
            "WHERE relation = {} AND kind = 'rollup' AND name = {}"
        ).format(literal(floor), relation(record.table), literal(record.name))
    )

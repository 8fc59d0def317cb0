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

from pgwright.errors import PolicyError
from pgwright.kinds.steps import name_of
from pgwright.kinds.timeseries.buckets import bucket_opening, interval
from pgwright.kinds.timeseries.policy_records import Record, relation
from pgwright.kinds.timeseries.rollup_parts import RollupParts
from pgwright.model.span import Span
from pgwright.pg.quoting import Name, deparsed, literal, names, qualified
from pgwright.pg.session import lock_key
from pgwright.timeseries.noted import take_buckets, with_neighbours
from pgwright.timeseries.patience import patiently
from pgwright.timeseries.records import Declarations, column_facts, parts_of

_BUCKETS_AT_ONCE = 500
_LINES_AT_ONCE = 200_000
_DUE = Name("pg_temp", "pgwright_due")

Progress = Callable[[int, int], None]


@dataclass(frozen=True, kw_only=True)
class Refreshed:
    """Count keys computed anew, rows written, and keys below the floor that were left alone.

    `more` tells that this was not all that was noted; `upto` is the last bucket that was taken.
    """

    keys: int = 0
    rows: int = 0
    late: int = 0
    more: bool = False
    upto: str | None = None

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
    still holds what was not done. It goes through the buckets once, from the oldest on: it has then taken
    all that was noted when it began, and ends, whatever writers note behind it.
    `progress` hears of the keys done and of those known so far. Raises `PolicyError` for a rollup that lost a
    part: it could not be exact.
    """
    if record.lacks:
        raise PolicyError(
            f"rollup {record.schema}.{record.name} lost a part: {', '.join(record.lacks)}",
            detail="what changed meanwhile was not noted; nothing was computed, and no rows are retired",
            hint="make it whole again: pgwright policy plan, then apply",
        )
    parts, done = parts_of(conn, record, declared), Refreshed()
    upto: str | None = None
    while True:
        step = patiently(partial(_refresh_some, conn, record, parts, declared, upto))
        done = done.plus(step)
        if progress is not None:
            progress(done.keys, done.keys + (_waiting(conn, parts) if step.more else 0))
        if not step.more:
            return done
        upto = step.upto


def _refresh_some(
    conn: Connection[Any], record: Record, parts: RollupParts, declared: Declarations, upto: str | None
) -> Refreshed:
    """Compute some changed keys in one transaction; the last one says that the rollup was refreshed."""
    with conn.transaction():
        step = refresh_once(conn, record, parts, above=upto)
        if not step.more:
            _retire_own_rows(conn, record, parts, declared)
        conn.execute(
            "UPDATE pgwright.policy SET late = late + %s, error = NULL, "
            "ran_at = CASE WHEN %s THEN ran_at ELSE clock_timestamp() END "
            "WHERE relation = %s AND kind = 'rollup' AND name = %s",
            (step.late, step.more, record.relation, record.name),
        )
    return step


def refresh_once(
    conn: Connection[Any],
    record: Record,
    parts: RollupParts,
    *,
    below: str | None = None,
    above: str | None = None,
) -> Refreshed:
    """Compute some changed keys within the caller's transaction, or with `below` all that lie below it.

    `above` is the bucket that was taken last, behind which it goes on.
    """
    # To a role that sees only some of the rows the server says so, rather than to leave out the others.
    conn.execute(
        "SELECT pg_advisory_xact_lock(%s), set_config('row_security', 'off', true)",
        (lock_key(f"rollup {parts.relation.path}"),),
    )
    if conn.execute(sql.SQL("DELETE FROM {} WHERE everything").format(parts.log)).rowcount:
        _expand(conn, parts)
    _find_joined(conn, parts)
    return (
        _refresh_buckets(conn, parts, below, above) if parts.bucket else _refresh_groups(conn, record, parts)
    )


def _expand(conn: Connection[Any], parts: RollupParts) -> None:
    """Note every key that the source or the rollup has, but for history: none of it is a late change."""
    kept = (
        sql.SQL("WHERE ({} < {}) IS NOT TRUE").format(Name(parts.bucket_column), parts.floor())
        if parts.bucket
        else sql.SQL("")
    )
    conn.execute(
        sql.SQL(
            "INSERT INTO {log} ({keys}) SELECT {keys} FROM (SELECT {expressions} FROM {source} "
            "UNION SELECT {keys} FROM {relation}) AS k ({keys}) {kept}"
        ).format(
            kept=kept,
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


def _refresh_buckets(
    conn: Connection[Any], parts: RollupParts, below: str | None, above: str | None
) -> Refreshed:
    """Compute noted buckets, neighbours in one statement: each part of the source is read once."""
    noted = take_buckets(conn, parts, below=below, above=above, limit=_BUCKETS_AT_ONCE)
    # What lies below the floor is history: its raw rows are gone.
    due = [b for b in noted if not b.history]
    if due:
        conn.execute(
            # As an array, which PostgreSQL looks up in the index; joined, it would read the whole rollup.
            sql.SQL("DELETE FROM {} WHERE {} = ANY (%s::{}[])").format(
                name_of(parts.relation), Name(parts.bucket_column), deparsed(parts.type)
            ),
            ([b.lower for b in due],),
        )
    return Refreshed(
        keys=len(due),
        rows=sum(_insert(conn, parts, b.condition(parts), b.only) for b in with_neighbours(due)),
        late=len(noted) - len(due),
        more=below is None and len(noted) >= _BUCKETS_AT_ONCE,
        upto=noted[-1].lower if noted else None,
    )


def _refresh_groups(conn: Connection[Any], record: Record, parts: RollupParts) -> Refreshed:
    """Compute noted groups of a rollup without buckets."""
    conn.execute(sql.SQL("DROP TABLE IF EXISTS {}").format(_DUE))
    conn.execute(
        sql.SQL("CREATE TEMP TABLE pgwright_due ON COMMIT DROP AS SELECT {} FROM {} WITH NO DATA").format(
            names(parts.logged), parts.log
        )
    )
    taken = conn.execute(
        sql.SQL(
            "WITH gone AS (DELETE FROM {log} WHERE ctid = ANY (ARRAY(SELECT ctid FROM {log} LIMIT {limit})) "
            "RETURNING {keys}), listed AS (INSERT INTO {due} SELECT DISTINCT {keys} FROM gone RETURNING 1) "
            "SELECT (SELECT count(*) FROM listed), (SELECT count(*) FROM gone)"
        ).format(log=parts.log, limit=deparsed(str(_LINES_AT_ONCE)), keys=names(parts.logged), due=_DUE)
    ).fetchone()
    assert taken is not None
    keys, noted = taken
    return Refreshed(keys=keys, rows=_compute_groups(conn, record, parts), more=noted >= _LINES_AT_ONCE)


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
    """Compose the keys of a row; as one record where some may be null, which equals nothing by itself."""
    row = sql.SQL("({})").format(sql.SQL(", ").join(sql.SQL("{}.{}").format(of, Name(k)) for k in keys))
    return sql.SQL("row{}::record").format(row) if nullable else row


def _insert(
    conn: Connection[Any], parts: RollupParts, condition: sql.Composable, bucket: str | None = None
) -> int:
    return conn.execute(
        sql.SQL("INSERT INTO {} ({}) {}").format(
            name_of(parts.relation), names(parts.columns), parts.select(condition, bucket=bucket)
        )
    ).rowcount


def _retire_own_rows(
    conn: Connection[Any], record: Record, parts: RollupParts, declared: Declarations
) -> None:
    """Delete the rows that a rollup keeps no longer; rollups over it have them already, as history."""
    keep = record.definition.get("retain")
    if not keep:
        return
    here = (record.schema, record.name)
    own = [
        r for r in declared.of("rollup") if (r.schema, r.table_name) == here and not r.definition.get("by")
    ]
    above = [(r, found) for r in own if (found := parts_of(conn, r, declared)).bucket]
    at = sql.SQL("(now() - {})::{}").format(interval(keep), deparsed(parts.type))
    # At the start of a bucket of each of them: one that lost some of its rows could not be computed again.
    starts = [bucket_opening(at, Span.of(found.bucket), found.zone, found.type) for _, found in above]
    row = conn.execute(sql.SQL("SELECT least({})::text").format(sql.SQL(", ").join([at, *starts]))).fetchone()
    assert row is not None
    for rollup, found in above:
        refresh_once(conn, rollup, found, below=row[0])
        raise_floor(conn, rollup, row[0])
    conn.execute(
        sql.SQL("DELETE FROM {} WHERE {} < {}").format(
            name_of(parts.relation), Name(parts.bucket_column), literal(row[0])
        )
    )
    for _, found in above:
        unmark(conn, found, row[0])


def _waiting(conn: Connection[Any], parts: RollupParts) -> int:
    """Return how many keys wait, as far as a look at the log's first lines tells."""
    query = sql.SQL("SELECT count(DISTINCT ({keys})) FROM (SELECT {keys} FROM {log} LIMIT 100000) AS l")
    row = conn.execute(query.format(keys=names(parts.logged), log=parts.log)).fetchone()
    return int(row[0]) if row else 0


def mark(conn: Connection[Any], parts: RollupParts, rows: sql.Composable) -> None:
    """Note the keys of all rows of a relation: it is about to go without a trigger that would."""
    conn.execute(
        sql.SQL("INSERT INTO {} ({}) SELECT DISTINCT {} FROM {}").format(
            parts.log, names(parts.logged), parts.key_expressions(parts.logged), rows
        )
    )


def unmark(conn: Connection[Any], parts: RollupParts, below: str) -> None:
    """Forget what this transaction itself has noted `below` a moment: rows that go are no late changes."""
    conn.execute(
        sql.SQL("DELETE FROM {} WHERE {} < {} AND xmin::text::bigint = txid_current() & 4294967295").format(
            parts.log, Name(parts.bucket_column), literal(below)
        )
    )


def raise_floor(conn: Connection[Any], record: Record, floor: str, *, late: int = 0) -> None:
    """Let all below `floor` be history in a rollup, whatever happens to its rows.

    `late` are the keys that changed although they were that already.
    """
    conn.execute(
        sql.SQL(
            "UPDATE pgwright.policy SET floor = greatest(floor, {}::timestamptz), late = late + {} "
            "WHERE relation = {} AND kind = 'rollup' AND name = {}"
        ).format(literal(floor), sql.Literal(late), relation(record.table), literal(record.name))
    )

"""Bring staged rows into the table, and count what became of them."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import psycopg
from psycopg import Connection, sql

from pgwright.errors import CountsDiffer
from pgwright.transfer.imports.prepare import Prepared
from pgwright.transfer.imports.request import Counts
from pgwright.transfer.imports.staging import STAGING
from pgwright.transfer.imports.statement import (
    IN_TURN,
    Span,
    function_in_turn,
    has_turns,
    rows_in_turn,
    rows_of,
    statement_of,
    within,
)
from pgwright.transfer.tables import Table


def merge(conn: Connection[Any], prepared: Prepared, span: Span | None = None) -> Counts:
    """Bring the staged rows into the table and return what became of them.

    Of rows with one key the last wins where rows are updated, the first where they are skipped; with a
    condition they are tried one after another. All errors of the server pass through.
    """
    staged = _count(conn, span)
    counts = Counts(read=staged) + _at_once(conn, prepared, span)
    if has_turns(prepared):
        counts += _in_turn(conn, prepared, span)
    return counts + Counts(skipped=staged - counts.inserted - counts.updated)


def _count(conn: Connection[Any], span: Span | None) -> int:
    row = conn.execute(sql.SQL("SELECT count(*) FROM {} AS s{}").format(STAGING, within(span))).fetchone()
    assert row is not None
    return int(row[0])


def _at_once(conn: Connection[Any], prepared: Prepared, span: Span | None) -> Counts:
    statement = statement_of(prepared, rows_of(prepared, span))
    telling = sql.SQL(
        "WITH done AS ({} RETURNING xmax = 0 AS fresh)"
        " SELECT count(*) FILTER (WHERE fresh), count(*) FROM done"
    ).format(statement)
    return _counted(
        conn, prepared.table, lambda: conn.execute(statement).rowcount, lambda: _two(conn, telling)
    )


def _in_turn(conn: Connection[Any], prepared: Prepared, span: Span | None) -> Counts:
    """Try the rows whose key stands in the file several times one by one, in the order of the file."""
    rows = rows_in_turn(prepared, span)
    if conn.execute(sql.SQL("SELECT FROM ({}) AS repeated LIMIT 1").format(rows)).fetchone() is None:
        return Counts()

    def run(*, telling: bool) -> tuple[int, int]:
        conn.execute(function_in_turn(prepared, rows, telling=telling))
        return _two(conn, sql.SQL("SELECT * FROM {}()").format(IN_TURN))

    return _counted(conn, prepared.table, lambda: run(telling=False)[1], lambda: run(telling=True))


def _two(conn: Connection[Any], query: sql.Composed) -> tuple[int, int]:
    row = conn.execute(query).fetchone()
    assert row is not None
    return int(row[0]), int(row[1])


def _counted(
    conn: Connection[Any], table: Table, plain: Callable[[], int], telling: Callable[[], tuple[int, int]]
) -> Counts:
    """Run `plain`, which returns how many rows it wrote, and count inserts and updates.

    The server counts them anyway, for its statistics of this transaction; RETURNING would take half as long
    again. Where those do not add up (triggers that write to the same table), all is taken back for `telling`,
    which returns the inserts and the rows written.
    """
    try:
        with conn.transaction():
            before = _written(conn, table)
            changed = plain()
            after = _written(conn, table)
            counts = Counts(inserted=after[0] - before[0], updated=after[1] - before[1])
            if counts.inserted + counts.updated == changed:
                return counts
            raise _Uncounted
    except _Uncounted:
        pass
    try:
        inserted, changed = telling()
    except psycopg.errors.FeatureNotSupported as exc:
        raise CountsDiffer(
            f"inserts and updates of {table.name} cannot be told apart on this server",
            detail="the server's counters disagree, because a trigger writes as well; nothing was imported",
            hint="import into its partitions, or without the trigger",
        ) from exc
    return Counts(inserted=inserted, updated=changed - inserted)


class _Uncounted(Exception):
    """Roll back to before the statement."""


def _written(conn: Connection[Any], table: Table) -> tuple[int, int]:
    # Partitions and chunks may have been made meanwhile, by this very statement.
    row = conn.execute(
        "WITH RECURSIVE below (oid) AS (SELECT %s::oid UNION ALL"
        " SELECT i.inhrelid FROM pg_catalog.pg_inherits i JOIN below b ON b.oid = i.inhparent)"
        " SELECT coalesce(sum(pg_catalog.pg_stat_get_xact_tuples_inserted(oid)), 0)::bigint,"
        " coalesce(sum(pg_catalog.pg_stat_get_xact_tuples_updated(oid)), 0)::bigint FROM below",
        [table.oid],
    ).fetchone()
    assert row is not None
    return int(row[0]), int(row[1])

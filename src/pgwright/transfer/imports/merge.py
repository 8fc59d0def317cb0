"""Bring staged rows into the table by one statement, and count what it did."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import psycopg
from psycopg import Connection, sql

from pgwright.errors import CountsDiffer
from pgwright.pg.quoting import Name
from pgwright.transfer.imports.prepare import Prepared
from pgwright.transfer.imports.request import Conflict, Counts
from pgwright.transfer.imports.staging import LINE, STAGING
from pgwright.transfer.imports.update import key_columns, on_conflict
from pgwright.transfer.tables import Key, Table

_ORDER = sql.SQL("ctid")  # rows of a staging table lie in the order in which they came


@dataclass(frozen=True, kw_only=True)
class Span:
    """Restrict a merge to the rows that begin in these lines, both included."""

    first: int
    last: int


def merge(conn: Connection[Any], prepared: Prepared, span: Span | None = None) -> Counts:
    """Bring the staged rows into the table and return what became of them.

    Of rows with one key the last wins where rows are updated, the first where they are skipped; with a
    condition they are tried one after another. All errors of the server pass through.
    """
    staged = _count(conn, span)
    counts = Counts(read=staged)
    for turn in range(1, _turns(conn, prepared, span) + 1):
        counts += _counted(conn, prepared, span, turn)
    return counts + Counts(skipped=staged - counts.inserted - counts.updated)


def _count(conn: Connection[Any], span: Span | None) -> int:
    row = conn.execute(sql.SQL("SELECT count(*) FROM {} AS s{}").format(STAGING, _within(span))).fetchone()
    assert row is not None
    return int(row[0])


def _turns(conn: Connection[Any], prepared: Prepared, span: Span | None) -> int:
    """Return how often the most frequent key stands in the file, where rows are tried in turn; else 1."""
    if prepared.request.where is None or prepared.key is None:
        return 1
    row = conn.execute(
        sql.SQL("SELECT max(n) FROM (SELECT count(*) AS n FROM {} AS s{} GROUP BY {}) AS found").format(
            STAGING, _within(span), key_columns(prepared.key)
        )
    ).fetchone()
    return int(row[0] or 1) if row else 1


def _counted(conn: Connection[Any], prepared: Prepared, span: Span | None, turn: int) -> Counts:
    """Run the statement and count inserts and updates.

    The server counts them anyway, for its statistics of this transaction; RETURNING would take half as
    long again. Where those do not add up (triggers that write to the same table), it is done after all.
    """
    statement = statement_of(prepared, span, turn)
    try:
        with conn.transaction():
            before = _written(conn, prepared.table)
            changed = conn.execute(statement).rowcount
            after = _written(conn, prepared.table)
            counts = Counts(inserted=after[0] - before[0], updated=after[1] - before[1])
            if counts.inserted + counts.updated == changed:
                return counts
            raise _Uncounted
    except _Uncounted:
        pass
    query = sql.SQL(
        "WITH done AS ({} RETURNING xmax = 0 AS fresh)"
        " SELECT count(*) FILTER (WHERE fresh), count(*) FROM done"
    ).format(statement)
    try:
        row = conn.execute(query).fetchone()
    except psycopg.errors.FeatureNotSupported as exc:
        raise CountsDiffer(
            f"inserts and updates of {prepared.table.name} cannot be told apart on this server",
            detail="the server's counters disagree, because a trigger writes as well; nothing was imported",
            hint="import into its partitions, or without the trigger",
        ) from exc
    assert row is not None
    return Counts(inserted=row[0], updated=row[1] - row[0])


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


def statement_of(prepared: Prepared, span: Span | None = None, turn: int = 1) -> sql.Composed:
    """Compose the statement; `turn` picks the rows that are the turn-th of their key."""
    columns = sql.SQL(", ").join(Name(column.name) for column in prepared.columns)
    always = any(column.identity == "a" for column in prepared.columns)
    return sql.SQL("INSERT INTO {} ({}){} {}{}").format(
        prepared.table.sql,
        columns,
        sql.SQL(" OVERRIDING SYSTEM VALUE" if always else ""),
        _rows(prepared, columns, span, turn),
        on_conflict(prepared.request, prepared.key, prepared.columns),
    )


def _rows(prepared: Prepared, columns: sql.Composed, span: Span | None, turn: int) -> sql.Composed:
    key, within = prepared.key, _within(span)
    if key is None:
        return sql.SQL("SELECT {} FROM {} AS s{} ORDER BY {}").format(columns, STAGING, within, _ORDER)
    if prepared.request.conflict is not Conflict.UPDATE:
        # Sorted by the key, so that neighbours in the index come one after another.
        return sql.SQL("SELECT {} FROM {} AS s{} ORDER BY {}, {}").format(
            columns, STAGING, within, key_columns(key), _ORDER
        )
    if prepared.request.where is None:
        return sql.SQL("SELECT DISTINCT ON ({0}) {1} FROM {2} AS s{3} ORDER BY {0}, {4} DESC").format(
            _distinct(prepared, key), columns, STAGING, within, _ORDER
        )
    return sql.SQL(
        "SELECT {0} FROM (SELECT {0}, row_number() OVER (PARTITION BY {1} ORDER BY {2}) AS {5}"
        " FROM {3} AS s{4}) AS s WHERE {5} = {6} ORDER BY {7}"
    ).format(
        columns,
        _distinct(prepared, key),
        _ORDER,
        STAGING,
        within,
        sql.Identifier("pgwright turn"),
        sql.Literal(turn),
        key_columns(key),
    )


def _distinct(prepared: Prepared, key: Key) -> sql.Composed:
    """Compose what makes rows the same: nulls never conflict with one another, so each stands alone."""
    parts: list[sql.Composable] = [Name(column) for column in key.columns]
    nullable = [Name(column) for column in key.columns if not prepared.table.by_name[column].not_null]
    if nullable:
        any_null = sql.SQL(" OR ").join(sql.SQL("{} IS NULL").format(column) for column in nullable)
        parts.append(sql.SQL("CASE WHEN {} THEN ctid END").format(any_null))
    return sql.SQL(", ").join(parts)


def _within(span: Span | None) -> sql.Composed:
    if span is None:
        return sql.SQL("").format()
    return sql.SQL(" WHERE {} BETWEEN {} AND {}").format(
        LINE, sql.Literal(span.first), sql.Literal(span.last)
    )

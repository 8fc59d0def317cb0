"""Find the staged rows that the table refuses, after the merge of all of them has failed.

Nulls, checks and foreign keys are looked up for all rows at once. What is left (triggers, exclusion
constraints, other unique keys, partitions that do not exist) is found by halving: a range that fails is
taken in two halves, down to the single row; the good half stays.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

import psycopg
from psycopg import Connection, sql

from pgwright.pg.quoting import Name, deparsed
from pgwright.pg.sqlfiles import load_sql
from pgwright.transfer.imports.merge import merge
from pgwright.transfer.imports.prepare import Prepared
from pgwright.transfer.imports.rejects import Reject, Rejects
from pgwright.transfer.imports.request import Counts
from pgwright.transfer.imports.staging import LINE, STAGING, staged_records
from pgwright.transfer.imports.statement import Span
from pgwright.transfer.tables import ForeignKey, Table

_RANGE = 4096  # rows that are tried at once


def is_refusal(error: psycopg.DatabaseError) -> bool:
    """Tell whether a row is to blame for an error of the server.

    That is what types, constraints and indexes refuse, and whatever a trigger raises: PL/pgSQL's own errors
    (class P0), and codes that are none of PostgreSQL's, for which psycopg has no class.
    """
    return (
        isinstance(error, (psycopg.DataError, psycopg.IntegrityError, psycopg.errors.ProgramLimitExceeded))
        or (error.sqlstate or "").startswith("P0")
        or type(error) is psycopg.DatabaseError
    )


def sift(conn: Connection[Any], prepared: Prepared, tables: Sequence[Table], rejects: Rejects) -> Counts:
    """Merge the staged rows without those that the table refuses, which go to `rejects`.

    Raises `ImportFailed` when there are more of them than allowed.
    """
    conn.execute(sql.SQL("CREATE INDEX ON {} ({})").format(STAGING, LINE))
    conn.execute(sql.SQL("ANALYZE {}").format(STAGING))
    put_aside = 0
    while found := _known(conn, prepared, tables, rejects):
        # A row that goes may be the one that another referred to.
        put_aside += found
    counts = Counts(read=put_aside)
    numbers = [
        row[0] for row in conn.execute(sql.SQL("SELECT {0} FROM {1} ORDER BY {0}").format(LINE, STAGING))
    ]
    for at in range(0, len(numbers), _RANGE):
        counts += _halved(conn, prepared, rejects, numbers[at : at + _RANGE])
    return counts


def _halved(conn: Connection[Any], prepared: Prepared, rejects: Rejects, numbers: list[int]) -> Counts:
    try:
        with conn.transaction():
            return merge(conn, prepared, Span(first=numbers[0], last=numbers[-1]))
    except psycopg.DatabaseError as exc:
        if not is_refusal(exc):
            raise
        if len(numbers) > 1:
            middle = len(numbers) // 2
            left = _halved(conn, prepared, rejects, numbers[:middle])
            return left + _halved(conn, prepared, rejects, numbers[middle:])
        said = exc.diag.message_primary or str(exc)
        reason = f"{said}: {exc.diag.message_detail}" if exc.diag.message_detail else said
        for number, record in staged_records(conn, prepared, numbers):
            rejects.add(Reject(number=number, column=exc.diag.column_name, reason=reason, record=record))
        return Counts(read=1)


def _known(conn: Connection[Any], prepared: Prepared, tables: Sequence[Table], rejects: Rejects) -> int:
    """Put aside the rows that fail a constraint which one query can look up; return how many."""
    found: dict[int, tuple[str | None, str | None, str]] = {}
    for column, condition, shown, reason in _conditions(conn, prepared, tables):
        query = sql.SQL("SELECT {}, {} FROM {} AS s WHERE {} ORDER BY 1").format(
            LINE, shown, STAGING, condition
        )
        try:
            with conn.transaction():
                for number, value in conn.execute(query).fetchall():
                    found.setdefault(number, (column, value, reason))
        except psycopg.Error:
            continue  # the check needs a column that the file has not, or raises by itself
    for number, record in staged_records(conn, prepared, sorted(found)):
        column, value, reason = found[number]
        rejects.add(Reject(number=number, column=column, value=value, reason=reason, record=record))
    conn.execute(sql.SQL("DELETE FROM {} WHERE {} = ANY (%s)").format(STAGING, LINE), [list(found)])
    return len(found)


_Condition = tuple[str | None, sql.Composable, sql.Composable, str]


def _conditions(conn: Connection[Any], prepared: Prepared, tables: Sequence[Table]) -> Iterator[_Condition]:
    nothing = sql.SQL("NULL")
    for column in prepared.columns:
        if column.not_null:
            yield (
                column.name,
                sql.SQL("{} IS NULL").format(Name(column.name)),
                nothing,
                "must not be null",
            )
    text = load_sql("pgwright.transfer.imports", "refusals", conn.info.server_version // 10000)
    for name, expression, columns in conn.execute(text.encode(), {"table": prepared.table.oid}).fetchall():
        refused = sql.SQL("({}) IS FALSE").format(deparsed(expression))
        yield ", ".join(columns) or None, refused, _shown(columns), f"violates check {name}"
    names = {column.name for column in prepared.columns}
    by_oid = {table.oid: table for table in tables}
    for key in prepared.table.foreign_keys:
        if set(key.columns) <= names and key.to in by_oid:
            yield _orphans(prepared.table, key, by_oid[key.to])


def _orphans(table: Table, key: ForeignKey, to: Table) -> _Condition:
    """Compose the condition of rows without a parent, which for a table's own key may be in the file."""
    filled = sql.SQL(" AND ").join(sql.SQL("s.{} IS NOT NULL").format(Name(name)) for name in key.columns)
    places = [to.sql, STAGING] if to.oid == table.oid else [to.sql]
    missing = [
        sql.SQL("NOT EXISTS (SELECT FROM {} AS p WHERE {})").format(
            place,
            sql.SQL(" AND ").join(
                sql.SQL("p.{} = s.{}").format(Name(theirs), Name(ours))
                for ours, theirs in zip(key.columns, key.referenced, strict=True)
            ),
        )
        for place in places
    ]
    reason = f"has no row in {to.name} (foreign key {key.name}): import {to.name} first"
    return ", ".join(key.columns), sql.SQL(" AND ").join([filled, *missing]), _shown(key.columns), reason


def _shown(columns: Sequence[str]) -> sql.Composable:
    """Compose the values of a row that a constraint is about."""
    if not columns:
        return sql.SQL("NULL")
    values = sql.SQL(", ").join(sql.SQL("s.{}::text").format(Name(name)) for name in columns)
    return sql.SQL("concat_ws(', ', {})").format(values)

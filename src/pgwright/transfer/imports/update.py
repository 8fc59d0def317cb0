"""What becomes of rows that are in the table already: the end of the statement that brings the others."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import psycopg
from psycopg import Connection, sql

from pgwright.errors import UsageError
from pgwright.pg.quoting import Name, deparsed, render, typed
from pgwright.pg.redact import redact
from pgwright.transfer.imports.request import Conflict, ImportRequest
from pgwright.transfer.tables import Column, Key, Table


def key_columns(key: Key) -> sql.Composed:
    """Compose the list of a key's columns."""
    return sql.SQL(", ").join(Name(column) for column in key.columns)


def on_conflict(request: ImportRequest, key: Key | None, columns: Sequence[Column]) -> sql.Composed:
    """Compose the clause for rows that conflict; `columns` are those that the file fills."""
    if request.conflict is Conflict.FAIL:
        return sql.SQL("").format()
    target = sql.SQL(" ({})").format(key_columns(key)) if key else sql.SQL("").format()
    changes = _changes(request, key, columns) if request.conflict is Conflict.UPDATE else []
    if not changes:
        return sql.SQL(" ON CONFLICT{} DO NOTHING").format(target)
    condition = sql.SQL("").format()
    if request.where is not None:
        condition = sql.SQL(" WHERE {}").format(typed(request.where))
    return sql.SQL(" ON CONFLICT{} DO UPDATE SET {}{}").format(target, sql.SQL(", ").join(changes), condition)


def require_readable(
    conn: Connection[Any], request: ImportRequest, table: Table, key: Key | None, columns: Sequence[Column]
) -> None:
    """Have the server read the user's own SQL, before a row is. Raises `UsageError` for what it cannot."""
    if request.where is not None and not _changes(request, key, columns):
        raise UsageError(
            f"the file has nothing to update of {table.name}, so that --where would decide nothing",
            detail=f"its columns: {', '.join(column.name for column in columns)}; nothing was imported",
            hint="say what is to change: --set 'COLUMN = SQL'; or leave rows as they are: --on-conflict skip",
        )
    if request.set:
        _read(conn, replace(request, where=None), table, key, columns, option="--set")
    if request.where is not None:
        _read(conn, request, table, key, columns, option="--where")


def _read(
    conn: Connection[Any],
    request: ImportRequest,
    table: Table,
    key: Key | None,
    columns: Sequence[Column],
    *,
    option: str,
) -> None:
    query = sql.SQL("EXPLAIN INSERT INTO {} ({}) OVERRIDING SYSTEM VALUE SELECT {}{}").format(
        table.sql,
        sql.SQL(", ").join(Name(column.name) for column in columns),
        sql.SQL(", ").join(sql.SQL("NULL::{}").format(deparsed(column.type)) for column in columns),
        on_conflict(request, key, columns),
    )
    try:
        conn.execute(query)
    except psycopg.errors.InsufficientPrivilege:
        raise
    except (psycopg.ProgrammingError, psycopg.DataError) as exc:
        name = render(Name(table.name.name))
        raise UsageError(
            f"{option} cannot be read: {redact(exc.diag.message_primary or str(exc))}",
            detail=f"SQLSTATE {exc.sqlstate}; nothing was imported",
            hint=exc.diag.message_hint
            or f"the file's row is called excluded, the table's {name}: excluded.COLUMN, {name}.COLUMN",
        ) from exc


def _changes(request: ImportRequest, key: Key | None, columns: Sequence[Column]) -> list[sql.Composed]:
    if request.set:
        return [_change(text) for text in request.set]
    assert key is not None
    return [
        sql.SQL("{0} = EXCLUDED.{0}").format(Name(column.name))
        for column in columns
        if column.name not in key.columns and column.identity != "a"
    ]


def _change(text: str) -> sql.Composed:
    column, sign, value = text.partition("=")
    name = Name(column.strip())
    if not sign:
        return sql.SQL("{0} = EXCLUDED.{0}").format(name)
    return sql.SQL("{} = {}").format(name, typed(value.strip()))

"""A user's condition on the rows of a table, read by the server before anything is written."""

from __future__ import annotations

import re
from typing import Any

import psycopg
from psycopg import Connection, sql

from pgwright.errors import PgwrightError, UsageError
from pgwright.pg.quoting import typed
from pgwright.pg.redact import redact
from pgwright.transfer.tables import Table, unknown_column

_NAME = re.compile(r'(?:(?:"(?:[^"]|"")+"|[\w$]+)\.)*("(?:[^"]|"")+"|[\w$]+)')


def condition(conn: Connection[Any], table: Table, text: str) -> sql.Composed:
    """Compose the condition that the user typed.

    Raises `UnknownTableError` for a column that the table has not, `UsageError` for what cannot be read.
    """
    where = typed(text)
    query = sql.SQL("SELECT FROM {} WHERE {} LIMIT 0").format(table.sql, where).as_string(conn)
    try:
        conn.execute(query.encode())
    except psycopg.errors.InsufficientPrivilege:
        raise
    except (psycopg.ProgrammingError, psycopg.DataError) as exc:
        raise _misread(exc, query, table) from exc
    return where


def _misread(exc: psycopg.Error, query: str, table: Table) -> PgwrightError:
    if isinstance(exc, psycopg.errors.UndefinedColumn):
        # The message is in the server's language; where it points, the name stands as it was typed.
        name = _NAME.match(query, int(exc.diag.statement_position or 1) - 1)
        if name is not None:
            return unknown_column(table, name[1].strip('"').replace('""', '"'), asked="--where")
    return UsageError(
        f"--where cannot be read: {redact(exc.diag.message_primary or str(exc))}",
        detail=f"SQLSTATE {exc.sqlstate}; no file was written",
        hint=exc.diag.message_hint or "write a condition in SQL, as after WHERE: --where \"name LIKE 'A%'\"",
    )

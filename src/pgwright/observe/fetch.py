"""Run a named query and return its rows by column name."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from pgwright.pg.sqlfiles import load_sql

if TYPE_CHECKING:
    import psycopg

Row = Mapping[str, Any]


def fetch(
    conn: psycopg.Connection[Any], package: str, name: str, parameters: Mapping[str, Any] | None = None
) -> tuple[Row, ...]:
    """Return the rows of ``name.sql`` in `package`, in the variant for this server.

    Raises psycopg's errors, and `FileNotFoundError` where the package has no such query.
    """
    text = load_sql(package, name, conn.info.server_version // 10000)
    with conn.cursor() as cursor:
        cursor.execute(text.encode(), parameters)
        columns = [column.name for column in cursor.description or ()]
        return tuple(dict(zip(columns, row, strict=True)) for row in cursor.fetchall())

"""Which value was too large for the server to write, when all that it says is that one was."""

from __future__ import annotations

from typing import Any

from psycopg import Connection, sql

from pgwright.errors import FormatCannotHold
from pgwright.pg.quoting import Name
from pgwright.transfer.exports.select import Selected
from pgwright.transfer.tables import Column

_MEASURED = ("text", "varchar", "bpchar", "bytea")  # the length of these is known without reading the value


def too_large(conn: Connection[Any], selected: Selected, said: str) -> FormatCannotHold:
    """Return the error, not yet raised, that names the column with the largest value, and its row.

    `conn` sees the rows; `said` are the server's words.
    """
    column = _largest(conn, selected)
    rest = ",".join(other.name for other in selected.columns if other is not column)
    row, hint = None, f"select less of {column.name}, for example left({column.name}, 1000000)"
    if selected.table is not None:
        row = _row(conn, selected, column)
        hint = f"leave the column out: --columns {rest}" if rest else "leave the row out with --where"
        if row is not None:
            hint += f'; or the row: --where "NOT ({row})"'
    return FormatCannotHold(
        f"{selected.name}.{column.name} holds a value that is too large to be written as text",
        detail=(f"in the row {row}; " if row else "")
        + f"quoted or escaped a row must stay below 1 GB: {said}; no file was written",
        hint=hint,
    )


def _largest(conn: Connection[Any], selected: Selected) -> Column:
    sizes = [sql.SQL("max({})").format(_size(column)) for column in selected.columns]
    row = conn.execute(
        sql.SQL("SELECT {} FROM ({}) AS r").format(sql.SQL(", ").join(sizes), selected.rows)
    ).fetchone()
    assert row is not None
    found = dict(zip(selected.columns, row, strict=True))
    return max(selected.columns, key=lambda column: found[column] or 0)


def _row(conn: Connection[Any], selected: Selected, column: Column) -> str | None:
    """Return the condition by which its primary key finds the row, None where the key is not written."""
    assert selected.table is not None
    written = {shown.name for shown in selected.columns if shown.name not in selected.masks}
    key = next((key.columns for key in selected.table.keys if key.primary), ())
    if not key or not written.issuperset(key):
        return None
    query = sql.SQL("SELECT {} FROM ({}) AS r ORDER BY {} DESC NULLS LAST LIMIT 1").format(
        sql.SQL(", ").join(sql.SQL("quote_literal(r.{})").format(Name(name)) for name in key),
        selected.rows,
        _size(column),
    )
    values = conn.execute(query).fetchone()
    assert values is not None
    pairs = zip(key, values, strict=True)
    return " AND ".join(f"{Name(name).as_string(None)} = {value}" for name, value in pairs)


def _size(column: Column) -> sql.Composed:
    measure = "octet_length" if column.base in _MEASURED else "pg_column_size"
    return sql.SQL("{}(r.{})").format(sql.SQL(measure), Name(column.name))

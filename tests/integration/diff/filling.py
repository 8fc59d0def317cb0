"""Rows for any table: plausible values by type, what foreign keys point to, as checks allow."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

import psycopg
from psycopg import Connection, sql
from psycopg.rows import namedtuple_row

_COLUMNS = b"""
SELECT a.attname AS name, a.attnotnull AS not_null, a.attidentity <> '' AS numbered,
       format_type(coalesce(nullif(t.typbasetype, 0), t.oid), greatest(a.atttypmod, t.typtypmod)) AS type,
       b.typcategory::text AS category, b.typtype::text AS sort,
       (SELECT array_agg(e.enumlabel::text ORDER BY e.enumsortorder) FROM pg_enum AS e
        WHERE e.enumtypid = b.oid) AS labels,
       (SELECT ARRAY[n.nspname, r.relname]::text[] FROM pg_constraint AS c
        JOIN pg_class AS r ON r.oid = c.confrelid JOIN pg_namespace AS n ON n.oid = r.relnamespace
        WHERE c.conrelid = a.attrelid AND c.contype = 'f' AND a.attnum = ANY (c.conkey) LIMIT 1) AS target,
       (SELECT f.attname FROM pg_constraint AS c, unnest(c.conkey, c.confkey) AS k(own, other)
        JOIN pg_attribute AS f ON f.attnum = k.other
        WHERE c.conrelid = a.attrelid AND c.contype = 'f' AND k.own = a.attnum AND f.attrelid = c.confrelid
        LIMIT 1) AS key
FROM pg_attribute AS a
JOIN pg_type AS t ON t.oid = a.atttypid
JOIN pg_type AS b ON b.oid = coalesce(nullif(t.typbasetype, 0), t.oid)
WHERE a.attrelid = %s AND a.attnum > 0 AND NOT a.attisdropped AND a.attgenerated = ''
ORDER BY a.attnum
"""
_TABLES = b"""
SELECT c.oid, n.nspname, c.relname FROM pg_class AS c
JOIN pg_namespace AS n ON n.oid = c.relnamespace
WHERE c.relkind IN ('r', 'p') AND n.nspname !~ '^(pg_|information_schema)' AND NOT EXISTS (
    SELECT FROM pg_depend AS d WHERE d.objid = c.oid AND d.deptype = 'e')
ORDER BY c.oid
"""
_ROUNDS = 6


def fill(conn: Connection[Any], count: int = 3) -> None:
    """Insert up to `count` rows into every table; a table whose rules refuse all of them stays empty."""
    tables = conn.execute(_TABLES).fetchall()
    made = dict.fromkeys((oid for oid, *_ in tables), 0)
    # Parents may come after children in the list: further rounds find what the first could not point to.
    for variant in range(_ROUNDS):
        for oid, schema, name in tables:
            while made[oid] < count and _insert(conn, oid, sql.Identifier(schema, name), made[oid], variant):
                made[oid] += 1


def _insert(conn: Connection[Any], oid: int, table: sql.Identifier, row: int, variant: int) -> bool:
    with conn.cursor(row_factory=namedtuple_row) as cursor:
        found: list[Any] = cursor.execute(_COLUMNS, (oid,)).fetchall()
    columns = [c for c in found if not c.numbered]
    values = [_value(column, row, variant) for column in columns]
    query = sql.SQL("INSERT INTO {} ({}) VALUES ({})").format(
        table, sql.SQL(", ").join(sql.Identifier(c.name) for c in columns), sql.SQL(", ").join(values)
    )
    if not columns:
        query = sql.SQL("INSERT INTO {} DEFAULT VALUES").format(table)
    try:
        with conn.transaction():
            return conn.execute(query).rowcount == 1
    except psycopg.Error:
        return False


def _value(column: Any, row: int, variant: int) -> sql.Composable:
    if variant == _ROUNDS - 1 and not column.not_null:
        return sql.SQL("NULL")
    if column.key is not None:
        return sql.SQL("(SELECT {} FROM {} ORDER BY 1 OFFSET {} LIMIT 1)").format(
            sql.Identifier(column.key), sql.Identifier(*column.target), sql.Literal(row)
        )
    text = _text(column, row, variant)
    if text is None:
        return sql.SQL("DEFAULT")
    return sql.SQL("{}::text::{}").format(sql.Literal(text), sql.SQL(column.type))


def _text(column: Any, row: int, variant: int) -> str | None:
    number = row + 1 + (0, 10, 100, 1000, 20, 0)[variant]
    if column.sort == "e":
        labels = column.labels or [""]
        return str(labels[(row + variant) % len(labels)])
    by_category: dict[str, str] = {
        "B": "true" if row % 2 else "false",
        "S": f"{'abcxyz'[variant]}{row}",
        "D": f"2024-0{variant + 1}-1{row} 12:00:00",
        "T": f"{number} hours",
        "A": "{}",
        "I": f"10.0.{variant}.{row}",
        "V": "1" * _width(column.type),
        "R": "empty",
    }
    if column.category == "N":
        return (
            None if column.type.startswith(("reg", "oid")) else str(number if number < 100 else number % 1000)
        )
    if column.type.startswith(("json", "jsonb")):
        return f'{{"a": {number}}}'
    if column.type == "uuid":
        return f"00000000-0000-0000-0000-{number:012d}"
    if column.type == "bytea":
        return f"\\x{number:04x}"
    return by_category.get(column.category)


def _width(type_name: str) -> int:
    digits = "".join(c for c in type_name if c.isdigit())
    return int(digits) if digits else 1


def contents(
    conn: Connection[Any],
    table: tuple[str, str],
    columns: Sequence[tuple[str, str | None]],
    *,
    alone: bool = True,
) -> list[str]:
    """Return the rows of the table as sorted text; a column may be given a type to be compared in.

    `alone` leaves out those of partitions and heirs.
    """
    shown = [
        sql.SQL("{}::text").format(sql.Identifier(name))
        if type_name is None
        else sql.SQL("({}::{})::text").format(sql.Identifier(name), sql.SQL(type_name))
        for name, type_name in columns
    ]
    query = sql.SQL("SELECT row({})::text FROM {} {}").format(
        sql.SQL(", ").join(shown), sql.SQL("ONLY" if alone else ""), sql.Identifier(*table)
    )
    return sorted(row for (row,) in _rows(conn, query))


def _rows(conn: Connection[Any], query: sql.Composed) -> Iterator[tuple[str]]:
    yield from conn.execute(query).fetchall()

"""A consistent subset: chosen rows, and every row that they refer to, however far.

Rows are remembered by where they lie (table and ctid), which works without keys and is right within the one
snapshot that an export has.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from psycopg import Connection, sql

from pgwright.pg.quoting import Name
from pgwright.transfer.tables import ForeignKey, Table, in_order


def closure(
    conn: Connection[Any], known: Sequence[Table], chosen: Sequence[Table], where: sql.Composed | None
) -> tuple[tuple[Table, sql.Composed], ...]:
    """Return each table that has rows in the subset with what to select them from, referenced ones first.

    The rows are kept in temporary tables of `conn`, whose transaction must be repeatable read.
    """
    by_oid = {table.oid: table for table in known}
    kept: dict[int, Table] = {}
    for table in chosen:
        _keep(conn, kept, table)
        condition = sql.SQL(" WHERE {}").format(where) if where else sql.SQL("")
        conn.execute(
            sql.SQL("INSERT INTO {} SELECT tableoid, ctid FROM {}{}").format(
                _kept(table), table.sql, condition
            )
        )
    changed = {table.oid for table in chosen}
    while changed:
        table = by_oid[changed.pop()]
        for key in table.foreign_keys:
            if key.to in by_oid:
                _keep(conn, kept, by_oid[key.to])
                if _follow(conn, table, key, by_oid[key.to]):
                    changed.add(key.to)
    order, _ = in_order(kept.values())
    return tuple((table, _source(table)) for table in order if _has_rows(conn, table))


def _keep(conn: Connection[Any], kept: dict[int, Table], table: Table) -> None:
    if table.oid in kept:
        return
    kept[table.oid] = table
    conn.execute(
        sql.SQL(
            "CREATE TABLE {} (pgwright_part oid, pgwright_place tid,"
            " PRIMARY KEY (pgwright_part, pgwright_place)) ON COMMIT DROP"
        ).format(_kept(table))
    )


def _follow(conn: Connection[Any], table: Table, key: ForeignKey, to: Table) -> int:
    """Keep the rows that the kept rows of `table` refer to by `key`, and return how many are new."""
    pairs = sql.SQL(" AND ").join(
        sql.SQL("t.{} = s.{}").format(Name(theirs), Name(ours))
        for ours, theirs in zip(key.columns, key.referenced, strict=True)
    )
    return conn.execute(
        sql.SQL(
            "INSERT INTO {kept_to} SELECT DISTINCT t.tableoid, t.ctid FROM {to} AS t JOIN ("
            "SELECT DISTINCT {columns} FROM {table} AS r JOIN {kept} AS k"
            " ON r.tableoid = k.pgwright_part AND r.ctid = k.pgwright_place) AS s ON {pairs}"
            " ON CONFLICT DO NOTHING"
        ).format(
            kept_to=_kept(to),
            to=to.sql,
            columns=sql.SQL(", ").join(sql.SQL("r.{}").format(Name(name)) for name in key.columns),
            table=table.sql,
            kept=_kept(table),
            pairs=pairs,
        )
    ).rowcount


def _source(table: Table) -> sql.Composed:
    return sql.SQL(
        "{} AS r JOIN {} AS k ON r.tableoid = k.pgwright_part AND r.ctid = k.pgwright_place"
    ).format(table.sql, _kept(table))


def _has_rows(conn: Connection[Any], table: Table) -> bool:
    row = conn.execute(sql.SQL("SELECT EXISTS (SELECT FROM {})").format(_kept(table))).fetchone()
    return bool(row and row[0])


def _kept(table: Table) -> sql.Identifier:
    return sql.Identifier("pg_temp", f"pgwright_kept_{table.oid}")

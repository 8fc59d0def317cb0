"""Copy a few rows of each table to a scratch copy of the schema, so that references hold."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from psycopg import Connection, sql
from psycopg.rows import class_row

from pgwright.pg.sqlfiles import load_sql

# A chain of references is followed this far; what still lacks its parent then is left out.
_DEPTH = 8


@dataclass(frozen=True, kw_only=True)
class Sampled:
    """Name a table and how many rows it has by the server's estimate."""

    schema: str
    name: str
    columns: Sequence[str]
    estimate: float

    @property
    def path(self) -> str:
        """Return ``schema.name``."""
        return f"{self.schema}.{self.name}"

    @property
    def identifier(self) -> sql.Identifier:
        """Return the table for a query."""
        return sql.Identifier(self.schema, self.name)


@dataclass(frozen=True, kw_only=True)
class _Reference:
    child_schema: str
    child: str
    child_column: str
    parent_schema: str
    parent: str
    parent_column: str
    type: str

    @property
    def parent_path(self) -> str:
        return f"{self.parent_schema}.{self.parent}"


def tables_of(conn: Connection[Any]) -> tuple[Sampled, ...]:
    """Return the tables of a database; partitions are part of theirs."""
    query = load_sql("pgwright.migrate.rehearsal", "sample", conn.info.server_version // 10000)
    with conn.cursor(row_factory=class_row(Sampled)) as cursor:
        return tuple(cursor.execute(query.encode()))


def copy_sample(source: Connection[Any], target: Connection[Any], *, rows: int, without: str) -> int:
    """Copy up to `rows` rows of each table, and the rows that these refer to; return how many in all.

    The table called `without`, the tool's own, is left alone. `target` has the same tables, empty, and its
    role may set session_replication_role: triggers and foreign keys are off while rows arrive, and what
    refers to nothing in the end is deleted again.
    """
    tables = {table.path: table for table in tables_of(source) if table.name != without}
    query = load_sql("pgwright.migrate.rehearsal", "references", source.info.server_version // 10000)
    with source.cursor(row_factory=class_row(_Reference)) as cursor:
        references = [r for r in cursor.execute(query.encode()) if r.parent_path in tables]
    target.execute("SET session_replication_role = replica")
    for table in tables.values():
        _copy(source, target, table, sql.SQL("LIMIT {}").format(rows))
    for _ in range(_DEPTH):
        if not sum(_fetch_parents(source, target, tables, reference) for reference in references):
            break
    while sum(_delete_orphans(target, reference) for reference in references):
        continue
    target.execute("RESET session_replication_role")
    counts = (
        target.execute(sql.SQL("SELECT count(*) FROM {}").format(t.identifier)).fetchone()
        for t in tables.values()
    )
    return sum(row[0] for row in counts if row)


def _copy(source: Connection[Any], target: Connection[Any], table: Sampled, which: sql.Composable) -> int:
    columns = sql.SQL(", ").join(map(sql.Identifier, table.columns))
    out = sql.SQL("COPY (SELECT {} FROM {} {}) TO STDOUT").format(columns, table.identifier, which)
    into = sql.SQL("COPY {} ({}) FROM STDIN").format(table.identifier, columns)
    with source.cursor() as reading, target.cursor() as writing:
        with reading.copy(out) as rows, writing.copy(into) as copied:
            for data in rows:
                copied.write(data)
        return writing.rowcount


def _fetch_parents(
    source: Connection[Any], target: Connection[Any], tables: Mapping[str, Sampled], reference: _Reference
) -> int:
    """Copy the parents that sampled children lack."""
    missing = sql.SQL(
        "SELECT DISTINCT c.{child_column}::text FROM {child} AS c WHERE c.{child_column} IS NOT NULL "
        "AND NOT EXISTS (SELECT FROM {parent} AS p WHERE p.{parent_column} = c.{child_column})"
    ).format(**_names(reference))
    keys = [key for (key,) in target.execute(missing).fetchall()]
    if not keys:
        return 0
    which = sql.SQL("WHERE {} = ANY ({}::text[]::{}[])").format(
        sql.Identifier(reference.parent_column),
        sql.Literal(keys),
        sql.SQL(reference.type),
    )
    return _copy(source, target, tables[reference.parent_path], which)


def _delete_orphans(target: Connection[Any], reference: _Reference) -> int:
    delete = sql.SQL(
        "DELETE FROM {child} AS c WHERE c.{child_column} IS NOT NULL "
        "AND NOT EXISTS (SELECT FROM {parent} AS p WHERE p.{parent_column} = c.{child_column})"
    ).format(**_names(reference))
    return target.execute(delete).rowcount


def _names(reference: _Reference) -> dict[str, sql.Identifier]:
    return {
        "child": sql.Identifier(reference.child_schema, reference.child),
        "child_column": sql.Identifier(reference.child_column),
        "parent": sql.Identifier(reference.parent_schema, reference.parent),
        "parent_column": sql.Identifier(reference.parent_column),
    }

"""The relations whose rows are copied, and how each is cut into parts."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from psycopg import Connection, sql

from pgwright.model.names import QualifiedName
from pgwright.pg.blocks import TID_RANGES_SINCE, in_blocks
from pgwright.pg.quoting import names, qualified
from pgwright.pg.sqlfiles import load_sql

LEAST_PART_BYTES = 64 * 1024 * 1024  # below, a part costs more in transactions than it brings
_PARTS_PER_WORKER = 4  # so that none waits long for the last


@dataclass(frozen=True, kw_only=True)
class CopyTable:
    """Describe one relation: columns without generated ones, with their types.

    `root` is the partitioned table that this is a part of, or the table itself. `binary` tells whether every
    type has a binary form that means the same on another server. `condition` is what an extension says of
    the rows in its table that are users' own; None for tables of users. `inherited` tells that the rows of
    its children are brought as its own.
    """

    oid: int
    name: QualifiedName
    root: QualifiedName
    bytes: int
    pages: int
    condition: str | None
    columns: tuple[str, ...]
    types: tuple[str, ...]
    binary: bool
    triggers: bool
    inherited: bool = False

    @property
    def relation(self) -> sql.Composed:
        """Compose what holds the rows, as in a FROM clause."""
        only = sql.SQL("" if self.inherited else "ONLY ")
        return sql.SQL("{}{}").format(only, qualified(self.name))


@dataclass(frozen=True, kw_only=True)
class Part:
    """Hold one COPY: the blocks from `low` to before `high` of a table; None is its end.

    `whole` tells that the table has no other part. `bytes` is what the part takes on the source's disk.
    """

    table: CopyTable
    number: int
    low: int | None
    high: int | None
    bytes: int

    @property
    def whole(self) -> bool:
        """Tell whether this part is all of the table."""
        return self.low is None and self.high is None

    @property
    def query(self) -> sql.Composed:
        """Compose the SELECT that gives the rows of the part."""
        conditions = sql.SQL(" AND ").join(in_blocks(sql.SQL("t.ctid"), self.low, self.high))
        rest = sql.SQL("") if self.whole else sql.SQL(" WHERE {}").format(conditions)
        return select_rows(self.table, rest)


def select_rows(table: CopyTable, rest: sql.Composable) -> sql.Composed:
    """Compose a SELECT of the copied columns of ``t``; `rest` follows the FROM clause."""
    if table.condition:
        rest = sql.SQL(" {}").format(sql.SQL(table.condition))
    return sql.SQL("SELECT {} FROM {} AS t{}").format(names(table.columns), table.relation, rest)


def read_tables(conn: Connection[Any]) -> tuple[CopyTable, ...]:
    """Read what holds rows to copy, ordered by OID."""
    text = load_sql("pgwright.transfer.copy", "tables", conn.info.server_version // 10000)
    return tuple(
        CopyTable(
            oid=oid,
            name=QualifiedName(schema, name),
            root=QualifiedName(root_schema, root_name),
            bytes=size,
            pages=pages,
            condition=condition,
            columns=tuple(column["name"] for column in columns),
            types=tuple(column["type"] for column in columns),
            binary=all(column["binary"] for column in columns),
            triggers=triggers,
        )
        for oid, schema, name, root_schema, root_name, size, pages, condition, columns, triggers in (
            conn.execute(text.encode()).fetchall()
        )
    )


def hold(conn: Connection[Any], tables: Sequence[CopyTable]) -> None:
    """Keep the tables from being emptied or dropped while the session's transaction lasts.

    TRUNCATE respects no snapshot: rows that it took away, as TimescaleDB does when it compresses a chunk,
    would be missing without a word.
    """
    if own := [table for table in tables if table.condition is None]:
        listed = sql.SQL(", ").join(table.relation for table in own)
        conn.execute(sql.SQL("LOCK TABLE {} IN ACCESS SHARE MODE").format(listed))


def split(
    tables: Sequence[CopyTable],
    *,
    jobs: int,
    major: int,
    least: int = LEAST_PART_BYTES,
    alone: frozenset[int] = frozenset(),
) -> list[Part]:
    """Cut the tables into parts, the largest first.

    A part is at most a share of the whole that keeps all workers busy to the end, and no less than `least`
    bytes. Parts are ranges of blocks, valid within one snapshot. A server before 14 gives whole tables, and
    so do the OIDs in `alone`.
    """
    most = max(least, sum(table.bytes for table in tables) // (jobs * _PARTS_PER_WORKER))
    parts = [
        part
        for table in tables
        for part in _cut(table, most if major >= TID_RANGES_SINCE and table.oid not in alone else None)
    ]
    return sorted(parts, key=lambda part: (-part.table.bytes, part.table.oid, part.number))


def _cut(table: CopyTable, most: int | None) -> Iterator[Part]:
    count = (
        1
        if most is None or table.condition or table.inherited
        else max(1, min(table.pages, -(-table.bytes // most)))
    )
    edges = [table.pages * place // count for place in range(1, count)]
    # The ends are open: the table may have grown between its measuring and the snapshot.
    for number, (low, high) in enumerate(zip([None, *edges], [*edges, None], strict=True)):
        yield Part(table=table, number=number, low=low, high=high, bytes=table.bytes // count)

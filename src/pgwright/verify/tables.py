"""The tables whose rows are compared, as one side has them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from psycopg import Connection, sql

from pgwright.model.names import ObjectId, QualifiedName
from pgwright.pg.quoting import qualified
from pgwright.pg.sqlfiles import load_sql


@dataclass(frozen=True, kw_only=True)
class Column:
    """Describe one column: `type` as PostgreSQL writes it.

    `base` is the built-in type below it (domains resolved), None for any other and where a collation
    holds different texts to be equal.
    """

    name: str
    type: str
    base: str | None
    generated: bool = False


@dataclass(frozen=True, kw_only=True)
class Table:
    """Describe one table: its columns, a key without nulls where it has one, its size.

    `whole` tells that the rows of its children are its own; `pages` counts the blocks of the largest
    part; `rows` is an estimate; `ordered` tells that rows lie about in the order of the key's first column.
    """

    name: QualifiedName
    columns: tuple[Column, ...]
    key: tuple[str, ...]
    whole: bool
    pages: int
    rows: int
    ordered: bool

    @cached_property
    def by_name(self) -> Mapping[str, Column]:
        """Return the columns by their names."""
        return {column.name: column for column in self.columns}

    @property
    def id(self) -> ObjectId:
        """Return the identity by which a selection chooses."""
        return ObjectId("table", self.name)

    @property
    def relation(self) -> sql.Composed:
        """Compose what stands after FROM: the table as ``t``, with the parts whose rows are its own."""
        only = sql.SQL("" if self.whole else "ONLY ")
        return sql.SQL("{}{} AS t").format(only, qualified(self.name))


def read_tables(conn: Connection[Any], *, partitions: bool = False) -> tuple[Table, ...]:
    """Read the tables of users, ordered by name, without those of extensions and of pgwright itself.

    A partition root holds the rows of its `partitions`, which are left out unless asked for.
    """
    text = load_sql("pgwright.verify", "tables", conn.info.server_version // 10000)
    return tuple(
        Table(
            name=QualifiedName(schema, name),
            columns=tuple(Column(**column) for column in columns),
            key=tuple(key or ()),
            whole=whole,
            pages=pages,
            rows=rows,
            ordered=ordered,
        )
        for schema, name, partition, whole, pages, rows, key, ordered, columns in conn.execute(
            text.encode()
        ).fetchall()
        if partitions or not partition
    )

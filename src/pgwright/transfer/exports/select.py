"""The query that an export of one table runs."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace

from psycopg import sql

from pgwright.pg.blocks import in_blocks
from pgwright.pg.quoting import Name
from pgwright.transfer.exports.masks import Masks, masked
from pgwright.transfer.tables import Column, Table


@dataclass(frozen=True, kw_only=True)
class Selected:
    """Hold what is exported into one file: `rows` selects the columns, `masks` names those masked.

    `table` is None for a query of the user's. `pieces` select the same rows one after the other, where
    several sessions may read the table.
    """

    name: str
    table: Table | None
    columns: tuple[Column, ...]
    rows: sql.Composed
    masks: tuple[str, ...] = ()
    estimate: int | None = None
    pieces: tuple[sql.Composed, ...] = ()

    def each_piece(self) -> Iterator[Selected]:
        """Yield the pieces as selections of their own, or this one."""
        if not self.pieces:
            yield self
        for rows in self.pieces:
            yield replace(self, rows=rows, pieces=())


def select_table(
    table: Table,
    columns: Sequence[Column],
    masks: Masks,
    *,
    where: sql.Composed | None = None,
    source: sql.Composed | None = None,
    blocks: Iterable[tuple[int | None, int | None]] = (),
) -> Selected:
    """Return the selection of `columns` of a table's rows, masked; `source` replaces the table in FROM.

    It is cut into pieces by ranges of `blocks`.
    """
    used = {column.name: masks.of(table, column) for column in columns}
    shown = [
        sql.SQL("{} AS {}").format(masked(column, used[column.name], masks.key), Name(column.name))
        for column in columns
    ]
    chosen = [sql.SQL("({})").format(where)] if where else []

    def rows(*within: sql.Composed) -> sql.Composed:
        conditions = sql.SQL(" AND ").join((*chosen, *within))
        return sql.SQL("SELECT {} FROM {}{}").format(
            sql.SQL(", ").join(shown),
            source or table.sql,
            sql.SQL(" WHERE {}").format(conditions) if chosen or within else sql.SQL(""),
        )

    return Selected(
        name=str(table.name),
        table=table,
        columns=tuple(columns),
        rows=rows(),
        pieces=tuple(rows(*in_blocks(sql.SQL("ctid"), low, high)) for low, high in blocks),
        masks=tuple(name for name, mask in used.items() if mask != "keep"),
        estimate=None if where or source else table.rows,
    )

"""Counts and checksums of whole tables, in pieces that several sessions take at once."""

from __future__ import annotations

from collections.abc import Mapping
from concurrent.futures import Executor, Future
from dataclasses import dataclass

from psycopg import sql

from pgwright.verify.hashing import row_hash
from pgwright.verify.result import Checksum
from pgwright.verify.side import Side
from pgwright.verify.tables import Table

PIECE_PAGES = 32_768  # 256 MB: long enough that starting costs nothing, short enough to show progress
_TID_RANGES_SINCE = 14  # before, a condition on ctid reads the whole table


@dataclass(frozen=True, kw_only=True)
class Extent:
    """Choose rows: composed conditions on ``t`` that must all hold."""

    conditions: tuple[sql.Composable, ...] = ()

    def also(self, *conditions: sql.Composable) -> Extent:
        """Return the extent with more conditions."""
        return Extent(conditions=(*self.conditions, *conditions))

    @property
    def where(self) -> sql.Composed:
        """Compose the WHERE clause, empty where every row is chosen."""
        if not self.conditions:
            return sql.SQL("").format()
        return sql.SQL(" WHERE {}").format(sql.SQL(" AND ").join(self.conditions))


def checksum_parts(
    side: Side, table: Table, ways: Mapping[str, str], extent: Extent, pool: Executor
) -> list[Future[Checksum]]:
    """Start summing a table in `pool`; `total` adds up what the parts give."""
    return [pool.submit(_checksum, side, table, ways, extent.also(*piece)) for piece in _pieces(side, table)]


def total(parts: list[Checksum]) -> Checksum:
    """Return the checksum of the whole."""
    return Checksum(rows=sum(part.rows for part in parts), sum=str(sum(int(part.sum) for part in parts)))


def _checksum(side: Side, table: Table, ways: Mapping[str, str], extent: Extent) -> Checksum:
    query = sql.SQL("SELECT count(*), coalesce(sum({}), 0)::text FROM {}{}").format(
        row_hash(ways), table.relation, extent.where
    )
    ((rows, checksum),) = side.fetch(query)
    return Checksum(rows=rows, sum=checksum)


def _pieces(side: Side, table: Table) -> list[tuple[sql.Composable, ...]]:
    """Cut a large table by its blocks; a sum does not mind that the two sides' blocks differ."""
    if side.major < _TID_RANGES_SINCE or table.pages <= PIECE_PAGES:
        return [()]
    edges = [sql.SQL("{}::tid").format(f"({page},0)") for page in range(0, table.pages, PIECE_PAGES)]
    pieces: list[tuple[sql.Composable, ...]] = []
    for place, low in enumerate(edges):
        conditions: list[sql.Composable] = [sql.SQL("t.ctid >= {}").format(low)]
        # The last piece has no end: the table may have grown since its size was taken.
        if place + 1 < len(edges):
            conditions.append(sql.SQL("t.ctid < {}").format(edges[place + 1]))
        pieces.append(tuple(conditions))
    return pieces

"""Counts and checksums of tables by buckets, in pieces that several sessions take at once."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from concurrent.futures import Future
from dataclasses import dataclass

from psycopg import sql

from pgwright.pg.blocks import TID_RANGES_SINCE, in_blocks, ranges
from pgwright.verify.buckets import WHOLE, Division, Sums
from pgwright.verify.hashing import row_hash
from pgwright.verify.result import Checksum
from pgwright.verify.side import Side
from pgwright.verify.tables import Table

PIECE_PAGES = 32_768  # 256 MB: long enough that starting costs nothing, short enough to show progress


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


def start_sums(
    side: Side,
    table: Table,
    ways: Mapping[str, str],
    extent: Extent,
    *,
    division: Division = WHOLE,
    pieces: int | None = None,
) -> list[Future[Sums]]:
    """Start summing a table by buckets; `add` and `merged` add up what the parts give.

    It is cut into `pieces`, by default into such of a size that shows progress.
    """
    return [
        side.submit(_sum, side, table, ways, extent.also(*piece), division)
        for piece in _pieces(side, table, pieces)
    ]


def add(sums: Sums, more: Sums) -> None:
    """Add `more` sums to `sums`, in place."""
    for bucket, (rows, checksum) in more.items():
        before = sums.get(bucket, (0, 0))
        sums[bucket] = (before[0] + rows, before[1] + checksum)


def merged(parts: Iterable[Future[Sums]]) -> Sums:
    """Return the sums of all parts together."""
    result: Sums = {}
    for part in parts:
        add(result, part.result())
    return result


def total(sums: Sums) -> Checksum:
    """Return the checksum of all buckets together."""
    return Checksum(
        rows=sum(rows for rows, _ in sums.values()), sum=str(sum(checksum for _, checksum in sums.values()))
    )


def _sum(side: Side, table: Table, ways: Mapping[str, str], extent: Extent, division: Division) -> Sums:
    query = sql.SQL("SELECT {}, count(*), coalesce(sum({}), 0)::text FROM {}{}").format(
        division.bucket, row_hash(ways), table.relation, extent.where
    )
    # The server groups by a constant as it does by anything else, one row at a time.
    grouped = query if division.whole else query + sql.SQL(" GROUP BY 1")
    return {bucket: (rows, int(checksum)) for bucket, rows, checksum in side.fetch(grouped)}


def _pieces(side: Side, table: Table, count: int | None) -> Sequence[tuple[sql.Composable, ...]]:
    """Cut a large table by its blocks; a sum does not mind that the two sides' blocks differ."""
    if side.major < TID_RANGES_SINCE or table.pages <= PIECE_PAGES:
        return [()]
    step = PIECE_PAGES if count is None else -(-table.pages // count)
    return [in_blocks(sql.SQL("t.ctid"), low, high) for low, high in ranges(table.pages, step)]

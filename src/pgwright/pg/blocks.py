"""Ranges of a table's blocks, by which several sessions read one table at once."""

from __future__ import annotations

from collections.abc import Iterator

from psycopg import sql

TID_RANGES_SINCE = 14  # before, a condition on ctid reads the whole table


def in_blocks(ctid: sql.Composable, low: int | None, high: int | None) -> tuple[sql.Composed, ...]:
    """Return the conditions that choose rows in the blocks from `low` to before `high`; None: no limit."""
    limits = ((">=", low), ("<", high))
    return tuple(
        sql.SQL("{} {} {}::tid").format(ctid, sql.SQL(sign), f"({block},0)")
        for sign, block in limits
        if block is not None
    )


def ranges(pages: int, step: int) -> Iterator[tuple[int | None, int | None]]:
    """Yield the ranges of `step` blocks that cover a table of `pages`.

    The last has no end: the table may have grown since its size was taken.
    """
    edges = [*range(step, pages, step)]
    yield from zip([None, *edges], [*edges, None], strict=True)

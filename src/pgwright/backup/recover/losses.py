"""What a recovery takes back: the rows of each table now, and at the moment that was recovered."""

from __future__ import annotations

from dataclasses import dataclass

from pgwright.backup.contents import inventory


@dataclass(frozen=True, kw_only=True)
class Change:
    """Say how many rows a table has now and had then; None where it does not exist."""

    table: str
    now: int | None
    then: int | None


def changes(live: str, recovered: str) -> tuple[Change, ...]:
    """Return the tables whose numbers of rows differ between the databases at two URLs.

    Equal numbers are no proof of equal rows: `pgwright verify` compares those.
    """
    now, then = _rows(live), _rows(recovered)
    return tuple(
        Change(table=table, now=now.get(table), then=then.get(table))
        for table in sorted(now.keys() | then.keys())
        if now.get(table) != then.get(table)
    )


def _rows(url: str) -> dict[str, int | None]:
    with inventory.snapshot(url) as taken:
        return {str(facts): facts.rows for facts in inventory.counted(taken, inventory.tables(taken))}

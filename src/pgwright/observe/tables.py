"""Tables with their sizes, rows and upkeep."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Any

from pgwright.observe.fetch import fetch

if TYPE_CHECKING:
    import psycopg


@dataclass(frozen=True, kw_only=True)
class TableUse:
    """Describe the size and use of a table, a materialized view or a partitioned table.

    Sizes are in bytes: `total_bytes` is `table_bytes` + `index_bytes` + `toast_bytes`. A partitioned table
    shows the sums of its leaf `partitions`, and their earliest upkeep. `partition_of` is the parent's name.
    `estimated_rows` is None where the table was never analyzed. Scans count since the last reset.
    """

    schema: str
    name: str
    kind: str
    partition_of: str | None
    partitions: int
    total_bytes: int
    table_bytes: int
    index_bytes: int
    toast_bytes: int
    estimated_rows: int | None
    dead_rows: int | None
    sequential_scans: int | None
    index_scans: int | None
    last_vacuum: datetime | None
    last_analyze: datetime | None

    @property
    def path(self) -> str:
        """Return the name with its schema."""
        return f"{self.schema}.{self.name}"


def tables(conn: psycopg.Connection[Any], *, partitions: bool = True) -> tuple[TableUse, ...]:
    """Return the tables outside the system's schemas, the largest first.

    With `partitions` False, partitions are left out: their parents sum them.
    """
    found = (TableUse(**row) for row in fetch(conn, "pgwright.observe", "tables"))
    return tuple(table for table in found if partitions or table.partition_of is None)

"""The columns that declarations name, where they were renamed since."""

from __future__ import annotations

import dataclasses
from collections.abc import Container, Iterable, Mapping, Sequence
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from psycopg import Cursor

    from pgwright.kinds.timeseries.policy_records import Record

_COLUMNS = (
    b"SELECT attrelid::bigint, array_agg(attname::text) FROM pg_attribute "
    b"WHERE attrelid = ANY (%s::oid[]) AND attnum > 0 AND NOT attisdropped GROUP BY 1"
)


def time_of(series: Record) -> str:
    """Return the column by which a table is divided now, whatever it was called when it was declared."""
    column = (series.key or "").removeprefix("RANGE (").removesuffix(")")
    return column[1:-1].replace('""', '"') if column.startswith('"') else column


def columns_of(cursor: Cursor[Any], relations: Iterable[int]) -> Mapping[int, Sequence[str]]:
    """Return the names of the columns of relations."""
    wanted = list(relations)
    return dict(cursor.execute(_COLUMNS, (wanted,)).fetchall()) if wanted else {}


def as_named(record: Record, moved: Container[int], columns: Mapping[int, Sequence[str]]) -> Record:
    """Return the record with the columns that the table has now, where they were renamed.

    PostgreSQL keeps the partition key by its number. The functions of a rollup have its columns by name:
    it is `stale`, and so are the rollups of a table in `moved`, whose time column was renamed.
    """
    definition = dict(record.definition)
    if record.kind == "time_series" and record.key:
        definition["column"] = time_of(record)
    if record.kind == "rollup" and not definition.get("by"):
        named = [*definition.get("group_by", ()), *filter(None, [definition.get("column")])]
        definition["stale"] = record.relation in moved or not set(named) <= set(columns[record.relation])
    return dataclasses.replace(record, definition=definition)

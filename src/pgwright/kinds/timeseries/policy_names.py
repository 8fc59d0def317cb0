"""The columns that declarations name, where they were renamed since."""

from __future__ import annotations

import dataclasses
from collections.abc import Container, Iterable, Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any, TypeAlias

from pgwright.kinds.timeseries.rollup_names import joined_table
from pgwright.model.names import QualifiedName

if TYPE_CHECKING:
    from psycopg import Cursor

    from pgwright.kinds.timeseries.policy_records import Record

_COLUMNS = (
    b"SELECT attrelid::bigint, array_agg(attname::text) FROM pg_attribute "
    b"WHERE attrelid = ANY (%s::oid[]) AND attnum > 0 AND NOT attisdropped GROUP BY 1"
)
_JOINED = (
    b"SELECT n.nspname::text, c.relname::text, array_agg(a.attname::text) FROM pg_attribute AS a "
    b"JOIN pg_class AS c ON c.oid = a.attrelid JOIN pg_namespace AS n ON n.oid = c.relnamespace "
    b"WHERE (n.nspname, c.relname) IN (SELECT * FROM unnest(%s::text[], %s::text[])) "
    b"AND a.attnum > 0 AND NOT a.attisdropped GROUP BY 1, 2"
)

Joined: TypeAlias = Mapping[QualifiedName, Sequence[str]]


def time_of(series: Record) -> str:
    """Return the column by which a table is divided now, whatever it was called when it was declared."""
    column = (series.key or "").removeprefix("RANGE (").removesuffix(")")
    return column[1:-1].replace('""', '"') if column.startswith('"') else column


def columns_of(cursor: Cursor[Any], relations: Iterable[int]) -> Mapping[int, Sequence[str]]:
    """Return the names of the columns of relations."""
    wanted = list(relations)
    return dict(cursor.execute(_COLUMNS, (wanted,)).fetchall()) if wanted else {}


def columns_of_joined(cursor: Cursor[Any], tables: Iterable[QualifiedName]) -> Joined:
    """Return the names of the columns of tables that rollups join, by the names of the tables."""
    wanted = list(tables)
    if not wanted:
        return {}
    schemas, names = [table.schema for table in wanted], [table.name for table in wanted]
    rows = cursor.execute(_JOINED, (schemas, names)).fetchall()
    return {QualifiedName(schema, name): columns for schema, name, columns in rows}


def joins_of(record: Record) -> Iterator[tuple[QualifiedName, set[str], set[str]]]:
    """Yield the tables that a rollup of pgwright's joins, with the columns of each and of the source."""
    for table, on, *_ in record.definition.get("joins", ()):
        yield joined_table(record.table, table).name, {theirs for theirs, _ in on}, {ours for _, ours in on}


def as_named(
    record: Record, moved: Container[int], columns: Mapping[int, Sequence[str]], joined: Joined
) -> Record:
    """Return the record with the columns that the table has now, where they were renamed.

    PostgreSQL keeps the partition key by its number. The functions of a rollup have its columns by name:
    it is `stale`, and so are the rollups of a table in `moved`, whose time column was renamed.
    """
    definition = dict(record.definition)
    if record.kind == "time_series" and record.key:
        definition["column"] = time_of(record)
    if record.kind == "rollup" and not definition.get("by"):
        named = [*definition.get("group_by", ()), *filter(None, [definition.get("column")])]
        joins = list(joins_of(record))
        named += [name for _, _, ours in joins for name in ours]
        definition["stale"] = (
            record.relation in moved
            or not set(named) <= set(columns[record.relation])
            # A table that is gone is another matter.
            or any(table in joined and not theirs <= set(joined[table]) for table, theirs, _ in joins)
        )
    return dataclasses.replace(record, definition=definition)

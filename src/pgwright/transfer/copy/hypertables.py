"""Hypertables in a copy of a part: what makes them hypertables stays, and their rows come as plain tables.

The extension's own tables know every chunk of the database, so that only a whole copy can bring them.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from typing import Any

import msgspec
from psycopg import Connection, sql

from pgwright.model.names import ObjectId, QualifiedName
from pgwright.pg.quoting import Name
from pgwright.pg.timescale import TIMESCALE, schema_of
from pgwright.transfer.copy.choice import Choice
from pgwright.transfer.copy.dump import Dumped, Entry
from pgwright.transfer.copy.tables import CopyTable

_OWN = "_timescaledb_*.*"
_SIZES = (
    "SELECT hypertable_schema::text, hypertable_name::text,"
    " {}.hypertable_size(format('%I.%I', hypertable_schema, hypertable_name)::regclass)"
    " FROM timescaledb_information.hypertables ORDER BY 1, 2"
)
_AGGREGATES = (
    "SELECT view_schema::text, view_name::text"
    " FROM timescaledb_information.continuous_aggregates ORDER BY 1, 2"
)
_OFFERED = "SELECT EXISTS (SELECT FROM pg_catalog.pg_available_extensions WHERE name = %s)"
# It would keep rows out of what is no hypertable any more.
_OWN_TRIGGER = re.compile(r" EXECUTE FUNCTION _timescaledb_\w+\.")


@dataclass(frozen=True, kw_only=True)
class Plain:
    """Name the hypertables that come as plain tables, with their sizes in bytes, and aggregates that stay."""

    sizes: Mapping[QualifiedName, int]
    aggregates: tuple[QualifiedName, ...]


def hypertables(conn: Connection[Any], choice: Choice) -> Mapping[QualifiedName, int]:
    """Return the hypertables of the source that are chosen, with their sizes in bytes."""
    schema = schema_of(conn)
    if schema is None:
        return {}
    rows = conn.execute(sql.SQL(_SIZES).format(Name(schema))).fetchall()
    return {name: size or 0 for *words, size in rows if _chooses(choice, name := QualifiedName(*words))}


def becoming_plain(conn: Connection[Any], choice: Choice) -> Plain | None:
    """Return what the choice makes of the hypertables of the source; None where there is nothing to make."""
    if choice.what == "data" or (choice.what == "all" and not choice.partial) or schema_of(conn) is None:
        return None
    aggregates = (QualifiedName(*row) for row in conn.execute(_AGGREGATES).fetchall())
    return Plain(
        sizes=hypertables(conn, choice),
        aggregates=tuple(name for name in aggregates if _chooses(choice, name)),
    )


def without_chunks(choice: Choice, plain: Plain) -> Choice:
    """Return the choice without chunks and continuous aggregates."""
    names = (ObjectId("table", name).path for name in plain.aggregates)
    return msgspec.structs.replace(choice, exclude=(*choice.exclude, _OWN, *names), plain=True)


def with_chunks_rows(tables: Iterable[CopyTable], plain: Plain) -> tuple[CopyTable, ...]:
    """Return the tables, where the rows of a hypertable are those of its chunks, compressed or not."""
    return tuple(
        replace(table, inherited=True, bytes=plain.sizes[table.name]) if table.name in plain.sizes else table
        for table in tables
    )


def ordinary(dumped: Dumped, target: Connection[Any]) -> Dumped:
    """Return the schema without the extension's triggers, and without it where the target lacks it."""
    offered = target.execute(_OFFERED, [TIMESCALE]).fetchone() == (True,)

    def stays(entry: Entry) -> bool:
        if entry.type == "TRIGGER":
            return _OWN_TRIGGER.search(entry.sql) is None
        return offered or (entry.type, entry.name) not in (
            ("EXTENSION", TIMESCALE),
            ("COMMENT", f"EXTENSION {TIMESCALE}"),
        )

    return Dumped(before=tuple(filter(stays, dumped.before)), after=tuple(filter(stays, dumped.after)))


def _chooses(choice: Choice, name: QualifiedName) -> bool:
    return choice.selection.chooses(ObjectId("table", name))

"""The declarations in force, and what pgwright needs to know of each to act on it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from psycopg import Connection, sql

from pgwright.errors import PolicyError
from pgwright.kinds.timeseries.buckets import bare_type
from pgwright.kinds.timeseries.policy_records import Record, frozen, made_relations
from pgwright.kinds.timeseries.policy_server import read_records
from pgwright.kinds.timeseries.rollup_parts import RollupParts
from pgwright.kinds.timeseries.rollup_watch import Watch
from pgwright.model.names import ObjectId, QualifiedName
from pgwright.pg.timescale import LICENCE

_TYPE = (
    "SELECT format_type(atttypid, NULL), attnotnull FROM pg_attribute "
    "WHERE attrelid = %s AND attname = %s AND attnum > 0 AND NOT attisdropped"
)

_PARTITIONS = (
    "SELECT n.nspname::text, c.relname::text FROM pg_inherits AS i JOIN pg_class AS c ON c.oid = i.inhrelid "
    "JOIN pg_namespace AS n ON n.oid = c.relnamespace WHERE i.inhparent = ANY (%s::oid[]) "
    "AND c.relispartition"
)


@dataclass(frozen=True, kw_only=True)
class Declarations:
    """Hold the declarations of a database and the licence of its TimescaleDB, empty without.

    `gone` are those that do not hold any more: TimescaleDB does nothing of them.
    """

    records: tuple[Record, ...]
    timescaledb: str = ""
    gone: tuple[Record, ...] = ()

    def of(self, kind: str, relation: int | None = None) -> tuple[Record, ...]:
        """Return the declarations of a kind, about one relation or about all."""
        return tuple(
            r for r in self.records if r.kind == kind and (relation is None or r.relation == relation)
        )

    def series(self, relation: int) -> Record | None:
        """Return the declaration that a relation is a time series, or None."""
        found = self.of("time_series", relation)
        return found[0] if found else None

    def source_of(self, record: Record) -> Record | None:
        """Return the rollup whose table another rollup reads, or None."""
        for other in self.of("rollup"):
            if (other.schema, other.name) == (record.schema, record.table_name):
                return other
        return None

    def depth(self, record: Record) -> int:
        """Return how many rollups lie between a rollup and rows: hours come before days."""
        source = self.source_of(record)
        return 0 if source is None else self.depth(source) + 1


def declarations(conn: Connection[Any]) -> Declarations:
    """Read the declarations in force in the database behind `conn`."""
    row = conn.execute(sql.SQL("SELECT {}").format(LICENCE)).fetchone()
    licence = row[0] if row else ""
    records = read_records(conn, timescaledb=licence, major=conn.info.server_version // 10000)
    return Declarations(
        records=tuple(r for r in records if not r.gone),
        timescaledb=licence,
        gone=tuple(r for r in records if r.gone),
    )


def forget_gone(conn: Connection[Any]) -> tuple[str, ...]:
    """Remove the declarations whose tables were dropped, and return their kinds and names."""
    if conn.execute("SELECT to_regclass('pgwright.policy')").fetchone() == (None,):
        return ()
    gone = conn.execute(
        "DELETE FROM pgwright.policy AS p WHERE NOT EXISTS "
        "(SELECT FROM pg_class AS c WHERE c.oid = p.relation) RETURNING kind, name"
    ).fetchall()
    return tuple(kind.replace("_", " ") if kind != "rollup" else f"rollup {name}" for kind, name in gone)


def brought_along(conn: Connection[Any]) -> frozenset[QualifiedName]:
    """Return the tables and views that declarations bring with them: partitions, and what rollups make."""
    declared = declarations(conn)
    series = [record.relation for record in declared.of("time_series")]
    partitions = conn.execute(_PARTITIONS, (series,)).fetchall()
    return made_relations(declared.records) | {QualifiedName(*found) for found in partitions}


def column_facts(conn: Connection[Any], relation: int, column: str) -> tuple[str, bool]:
    """Return a column's type without its precision, and whether it is NOT NULL."""
    row = conn.execute(_TYPE, (relation, column)).fetchone()
    return (bare_type(row[0]), row[1]) if row else ("", False)


def time_of(conn: Connection[Any], record: Record, declared: Declarations) -> tuple[str, str, str]:
    """Return the time column of a declaration's table, its type, and the zone of its calendar.

    Raises `PolicyError` where the table has no such column any more.
    """
    column, zone = _time_column(record, declared)
    type, _ = column_facts(conn, record.relation, column)
    if not type:
        raise PolicyError(
            f"{record.table.path} has no column {column}, which its declaration names",
            hint="if it was renamed, declare it by its new name, then run: pgwright policy plan",
        )
    return column, type, zone


def _time_column(record: Record, declared: Declarations) -> tuple[str, str]:
    series, above = declared.series(record.relation), declared.source_of(record)
    column, zone = record.definition.get("column", ""), record.definition.get("zone", "")
    if series is not None:
        column, zone = column or series.definition["column"], zone or series.definition.get("zone", "UTC")
    elif above is not None:
        column = column or above.definition["bucket_column"]
        zone = zone or _time_column(above, declared)[1]
    return column, zone or "UTC"


def lacking_column(conn: Connection[Any], record: Record, declared: Declarations) -> str | None:
    """Return the time column that a declaration names and its table lacks, or None."""
    column, _ = _time_column(record, declared)
    return column if column and not column_facts(conn, record.relation, column)[0] else None


def parts_of(conn: Connection[Any], record: Record, declared: Declarations) -> RollupParts:
    """Return the SQL of a rollup."""
    column, zone = _time_column(record, declared)
    type = time_of(conn, record, declared)[1] if record.definition["bucket"] else ""
    return RollupParts.of(
        {name: frozen(value) for name, value in record.definition.items()},
        source=record.table,
        relation=ObjectId("table", QualifiedName(record.schema, record.name)),
        column=column,
        type=type,
        zone=zone,
    )


def own_rollups(declared: Declarations, relation: int) -> Sequence[Record]:
    """Return the rollups of a relation that pgwright itself keeps."""
    return [r for r in declared.of("rollup", relation) if not r.definition.get("by")]


def watches_of(conn: Connection[Any], table: ObjectId, declared: Declarations) -> Sequence[Watch]:
    """Return how changes of a table are noted, by the rollups over it and those that join it."""
    near = (r for r in declared.of("rollup") if r.table == table or r.definition.get("joins"))
    found = (parts_of(conn, r, declared) for r in near if not r.definition.get("by"))
    return [watch for parts in found for watch in parts.watches if watch.table == table]

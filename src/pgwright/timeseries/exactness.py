"""Hold rollups against what their rows add up to, and name the keys that differ.

What is noted as changed and not added up yet is no difference: it is left out, in the same snapshot. So is
history, whose rows are gone.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from psycopg import Connection, sql

from pgwright.errors import PolicyError
from pgwright.kinds.steps import name_of
from pgwright.kinds.timeseries.buckets import bucket_after
from pgwright.kinds.timeseries.policy_records import COMMUNITY, Record
from pgwright.kinds.timeseries.rollup_parts import RollupParts
from pgwright.model.span import Span
from pgwright.pg.quoting import Name, deparsed, literal, names
from pgwright.pg.session import settings
from pgwright.timeseries.continuous import begins_at, force
from pgwright.timeseries.records import Declarations, parts_of

_COLUMN_TYPES = (
    "SELECT attname::text, format_type(atttypid, atttypmod) FROM pg_attribute "
    "WHERE attrelid = %s::regclass AND attnum > 0 AND NOT attisdropped"
)
# Added up in another order, the last digits of floating-point numbers are others.
_FLOATS, _NEARLY = ("real", "double precision"), "1e-6"
_WITHOUT_EQUALITY = ("json", "xml", "point", "polygon")
_SHOWN = 20


@dataclass(frozen=True, kw_only=True)
class Compared:
    """Tell how many keys a rollup has, how many of them differ, and which the first of these are."""

    rollup: str
    keys: int
    differing: int
    first: tuple[str, ...] = ()


def compare(conn: Connection[Any], record: Record, declared: Declarations) -> Compared:
    """Compare a rollup with a fresh aggregate of its rows, which are all read, in one statement.

    Raises `PolicyError` for a rollup that lost a part, and psycopg errors as they come.
    """
    _require_whole(record)
    parts = parts_of(conn, record, declared)
    listed = sql.SQL("concat_ws(', ', {})").format(
        sql.SQL(", ").join(sql.SQL("coalesce(k.{}::text, 'null')").format(Name(key)) for key in parts.keys)
    )
    query = sql.SQL(
        "SELECT count(*), count(*) FILTER (WHERE k.differs), (array_agg({listed} ORDER BY {keys}) "
        "FILTER (WHERE k.differs))[1:{shown}] FROM ({compared}) AS k"
    ).format(
        listed=listed,
        keys=sql.SQL(", ").join(sql.SQL("k.{}").format(Name(key)) for key in parts.keys),
        shown=deparsed(str(_SHOWN)),
        compared=_compared(conn, record, parts, declared),
    )
    # Over some hundreds of chunks, to compile the query takes many times longer than to answer it.
    with settings(conn, jit="off", row_security="off"):
        row = conn.execute(query).fetchone()
    assert row is not None
    return Compared(
        rollup=f"{record.schema}.{record.name}", keys=row[0], differing=row[1], first=tuple(row[2] or ())
    )


def set_right(conn: Connection[Any], record: Record, declared: Declarations) -> int:
    """Compute again what TimescaleDB missed of a continuous aggregate with uneven buckets; return how many.

    `conn` is in autocommit mode. The lower rollup, of which such a one is made, is read as a whole.
    """
    parts = parts_of(conn, record, declared)
    lower = sql.SQL("d.lower")
    query = sql.SQL(
        "SELECT d.lower::text, {after}::text FROM (SELECT DISTINCT k.{bucket} AS lower "
        "FROM ({compared}) AS k WHERE k.differs) AS d ORDER BY d.lower"
    ).format(
        after=bucket_after(lower, Span.of(parts.bucket), parts.zone, parts.type),
        bucket=Name(parts.bucket_column),
        compared=_compared(conn, record, parts, declared),
    )
    found = conn.execute(query).fetchall()
    for start, end in _together(found):
        force(conn, record, start, end, parts.type)
    return len(found)


def _together(buckets: list[tuple[str, str]]) -> list[tuple[str, str]]:
    """Return the ranges of buckets, given in their order, of which neighbours are one."""
    ranges: list[tuple[str, str]] = []
    for lower, upper in buckets:
        follows = ranges and ranges[-1][1] == lower
        ranges.append((ranges.pop()[0] if follows else lower, upper))
    return ranges


def _require_whole(record: Record) -> None:
    if record.lacks:
        raise PolicyError(
            f"rollup {record.schema}.{record.name} lost a part: {', '.join(record.lacks)}",
            detail="what changed meanwhile was not noted, so nothing tells what is to be compared",
            hint="make it whole again: pgwright policy plan, then apply",
        )


def _compared(
    conn: Connection[Any], record: Record, parts: RollupParts, declared: Declarations
) -> sql.Composed:
    """Compose the keys of a rollup and of its rows, and whether they differ."""
    view = name_of(parts.relation)
    types = dict(conn.execute(_COLUMN_TYPES, (view.as_string(),)).fetchall())
    stored, fresh = Name("s"), Name("f")
    keys = [sql.SQL("coalesce(s.{key}, f.{key}) AS {key}").format(key=Name(key)) for key in parts.keys]
    differ = [_differ(Name(name), types.get(name, "")) for name, _ in parts.aggregates]
    conditions = _conditions(conn, record, parts, declared)
    where = sql.SQL(" WHERE {}").format(sql.SQL(" AND ").join(conditions)) if conditions else sql.SQL("")
    return sql.SQL(
        "SELECT r.* FROM (SELECT {keys}, s.here IS NULL OR f.here IS NULL OR {differ} AS differs "
        "FROM (SELECT {columns}, true AS here FROM {view}) AS s "
        "FULL JOIN (SELECT *, true AS here FROM ({fresh}) AS a) AS f ON {mine} = {theirs}) AS r{where}"
    ).format(
        keys=sql.SQL(", ").join(keys),
        differ=sql.SQL(" OR ").join(differ),
        columns=names(parts.columns),
        view=view,
        fresh=parts.select(),
        mine=_row(stored, parts.keys),
        theirs=_row(fresh, parts.keys),
        where=where,
    )


def _row(of: Name, keys: tuple[str, ...]) -> sql.Composed:
    """Compose the keys as one record, in which null equals null."""
    return sql.SQL("row({})::record").format(
        sql.SQL(", ").join(sql.SQL("{}.{}").format(of, Name(key)) for key in keys)
    )


def _differ(name: Name, type: str) -> sql.Composed:
    mine = sql.SQL("s.{}").format(name)
    theirs = sql.SQL("f.{}::{}").format(name, deparsed(type)) if type else sql.SQL("f.{}").format(name)
    if type in _FLOATS:
        return sql.SQL(
            "({mine} IS DISTINCT FROM {theirs} AND coalesce(abs({mine} - {theirs}) > {nearly} * "
            "greatest(abs({mine}), abs({theirs})), true))"
        ).format(mine=mine, theirs=theirs, nearly=deparsed(_NEARLY))
    shown = deparsed("::text" if type in _WITHOUT_EQUALITY else "")
    return sql.SQL("{}{shown} IS DISTINCT FROM {}{shown}").format(mine, theirs, shown=shown)


def _conditions(
    conn: Connection[Any], record: Record, parts: RollupParts, declared: Declarations
) -> list[sql.Composable]:
    """Return what holds of the keys that can be compared: no history, and not noted as changed."""
    if record.definition.get("by") != COMMUNITY:
        unchanged = parts.unnoted(Name("r"))
        if not parts.bucket:
            return [unchanged]
        return [unchanged, sql.SQL("r.{} >= {}").format(Name(parts.bucket_column), parts.floor())]
    bucket = sql.SQL("r.{}").format(Name(parts.bucket_column))
    after = bucket_after(bucket, Span.of(parts.bucket), parts.zone, parts.type)
    unchanged = sql.SQL(
        "NOT EXISTS (SELECT FROM ({noted}) AS n WHERE n.low < {after} AND n.high >= {bucket})"
    ).format(noted=_noted(record), after=_microseconds(after), bucket=_microseconds(bucket))
    start = begins_at(conn, record, declared)
    return [unchanged, *([sql.SQL("{} >= {}").format(bucket, start)] if start is not None else [])]


def _noted(record: Record) -> sql.Composed:
    """Compose the ranges that TimescaleDB has noted as changed, in microseconds since 1970."""
    return sql.SQL(
        "SELECT l.lowest_modified_value AS low, l.greatest_modified_value AS high "
        "FROM _timescaledb_catalog.continuous_agg AS a, LATERAL ("
        "SELECT h.lowest_modified_value, h.greatest_modified_value "
        "FROM _timescaledb_catalog.continuous_aggs_hypertable_invalidation_log AS h "
        "WHERE h.hypertable_id = a.raw_hypertable_id UNION ALL "
        "SELECT m.lowest_modified_value, m.greatest_modified_value "
        "FROM _timescaledb_catalog.continuous_aggs_materialization_invalidation_log AS m "
        "WHERE m.materialization_id = a.mat_hypertable_id) AS l "
        "WHERE a.user_view_schema = {} AND a.user_view_name = {}"
    ).format(literal(record.schema), literal(record.name))


def _microseconds(at: sql.Composable) -> sql.Composed:
    return sql.SQL("(extract(epoch FROM {}) * 1000000)::bigint").format(at)

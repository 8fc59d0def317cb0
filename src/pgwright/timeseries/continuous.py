"""Bring TimescaleDB's continuous aggregates up to date where their own jobs do not: before rows go."""

from __future__ import annotations

from functools import partial
from typing import Any

from psycopg import Connection, sql

from pgwright.kinds.steps import name_of
from pgwright.kinds.timeseries.buckets import ZONED, bucket_start
from pgwright.kinds.timeseries.policy_records import COMMUNITY, Record, relation
from pgwright.model.names import ObjectId, QualifiedName
from pgwright.model.policy import Span
from pgwright.pg.quoting import Name, deparsed, literal
from pgwright.timeseries.patience import patiently
from pgwright.timeseries.records import Declarations, time_of

_FIRST_CHUNK = (
    "SELECT min(range_start)::text FROM timescaledb_information.chunks "
    "WHERE hypertable_schema = %s AND hypertable_name = %s"
)
_LOOKS_BACK = (
    "SELECT (now() - (config ->> 'start_offset')::interval)::text FROM timescaledb_information.jobs "
    "WHERE proc_name = 'policy_refresh_continuous_aggregate' "
    "AND hypertable_schema = %s AND hypertable_name = %s"
)


def continuous(declared: Declarations, relation: int | None = None) -> tuple[Record, ...]:
    """Return the continuous aggregates among the declarations, about one relation or about all."""
    return tuple(r for r in declared.of("rollup", relation) if r.definition.get("by") == COMMUNITY)


def refresh_continuous(conn: Connection[Any], rollup: Record, declared: Declarations) -> None:
    """Refresh a continuous aggregate from the first row of its source on.

    Buckets before that are history: TimescaleDB would delete them, for it takes rows that were dropped for
    rows that were deleted. A row that comes too late makes a chunk of such a time once more: nothing below
    the floor is touched, nor what TimescaleDB's job leaves alone where it retired rows itself. `conn` is in
    autocommit mode: TimescaleDB refuses to do it in a transaction.
    """
    view, type = (
        ObjectId("table", QualifiedName(rollup.schema, rollup.name)),
        time_of(conn, rollup, declared)[1],
    )
    first = _first(conn, rollup, declared)
    start: sql.Composable = sql.SQL("NULL")
    if rollup.floor is not None:
        start = _later(rollup.floor, first, type)
    elif first is not None and _has_history(conn, rollup, declared, first):
        row = conn.execute(_LOOKS_BACK, (rollup.schema, rollup.name)).fetchone()
        start = _later(first, row[0] if row else None, type)
    call = sql.SQL("CALL refresh_continuous_aggregate({}, {}, NULL)").format(relation(view), start)
    # TimescaleDB's own job may be at work; two at once are refused.
    patiently(partial(conn.execute, call))
    conn.execute(
        "UPDATE pgwright.policy SET ran_at = clock_timestamp(), error = NULL "
        "WHERE relation = %s AND kind = 'rollup' AND name = %s",
        (rollup.relation, rollup.name),
    )


def _first(conn: Connection[Any], rollup: Record, declared: Declarations) -> str | None:
    """Return the moment from which on the source holds all its rows; None for an empty one."""
    if declared.source_of(rollup) is None:
        row = conn.execute(_FIRST_CHUNK, (rollup.schema, rollup.table_name)).fetchone()
    else:
        column, type, _ = time_of(conn, rollup, declared)
        query = sql.SQL("SELECT min({} {})::timestamptz::text FROM {}").format(
            Name(column), deparsed("" if type == ZONED else "AT TIME ZONE 'UTC'"), name_of(rollup.table)
        )
        row = conn.execute(query).fetchone()
    return row[0] if row else None


def _has_history(conn: Connection[Any], rollup: Record, declared: Declarations, first: str) -> bool:
    """Tell whether a continuous aggregate has buckets of which no row is there any more."""
    _, type, zone = time_of(conn, rollup, declared)
    lowest = bucket_start(_moment(first, type), Span.of(rollup.definition["bucket"]), zone, type)
    query = sql.SQL("SELECT EXISTS (SELECT FROM {} WHERE {} < {})").format(
        name_of(ObjectId("table", QualifiedName(rollup.schema, rollup.name))),
        Name(rollup.definition["bucket_column"]),
        lowest,
    )
    return conn.execute(query).fetchone() == (True,)


def _later(moment: str, other: str | None, type: str) -> sql.Composable:
    return sql.SQL("greatest({}, {})").format(_moment(moment, type), _moment(other or moment, type))


def _moment(text: str, type: str) -> sql.Composable:
    """Compose a moment as a value of the time column: TimescaleDB counts times without zone in UTC."""
    at = sql.SQL("{}::timestamptz").format(literal(text))
    return at if type == ZONED else sql.SQL("({} AT TIME ZONE 'UTC')::{}").format(at, deparsed(type))

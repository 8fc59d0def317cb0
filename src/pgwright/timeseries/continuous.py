"""Make TimescaleDB's continuous aggregates exact, and bring them up to date where their own jobs do not.

TimescaleDB notes a change of a table only below a *threshold*, the end of what was refreshed so far, which
the writer asks for while it commits. A refresh moves it without waiting for those who have asked and are not
yet to be seen: their rows are neither added up nor noted, and no later refresh finds them. So it is moved
once, to where no row will ever be; from then on each change is noted, in the transaction of its writer.
"""

from __future__ import annotations

import time
from collections.abc import Iterable, Mapping
from functools import partial
from typing import Any

from psycopg import Connection, sql

from pgwright.errors import PolicyError
from pgwright.kinds.steps import name_of
from pgwright.kinds.timeseries.buckets import ZONED, bucket_start
from pgwright.kinds.timeseries.continuous import ALL_AT_ONCE
from pgwright.kinds.timeseries.policy_records import COMMUNITY, Record, relation
from pgwright.model.names import ObjectId, QualifiedName
from pgwright.model.span import Span
from pgwright.pg.quoting import Name, deparsed, literal
from pgwright.timeseries.patience import PASSING, patiently
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
# The range has no rows; its end becomes the threshold.
_BEYOND = ("9990-01-01 00:00+00", "9999-01-01 00:00+00")
_MAY_MISS = (
    "SELECT a.user_view_schema::text, a.user_view_name::text "
    "FROM _timescaledb_catalog.continuous_agg AS a "
    "JOIN _timescaledb_catalog.continuous_aggs_invalidation_threshold AS t "
    "ON t.hypertable_id = a.raw_hypertable_id "
    # In microseconds since 1970, whatever the type of the time column.
    "WHERE t.watermark < extract(epoch FROM timestamptz '9990-01-01 00:00+00') * 1000000"
)
# Who commits holds this lock from before the threshold is read until the rows are to be seen. Those without
# a transaction ID only read the catalog, as pg_dump does for hours.
_COMMITTING = (
    "SELECT array_agg(DISTINCT l.virtualtransaction) FROM pg_locks AS l "
    "JOIN pg_locks AS x ON x.virtualtransaction = l.virtualtransaction "
    "AND x.locktype = 'transactionid' AND x.granted "
    "WHERE l.relation = '_timescaledb_catalog.continuous_aggs_invalidation_threshold'::regclass "
    "AND l.database = (SELECT oid FROM pg_database WHERE datname = current_database()) "
    "AND l.mode = 'AccessShareLock' AND l.granted AND l.pid IS DISTINCT FROM pg_backend_pid()"
)
# What `why_not_continuous` of the engines tells beforehand. An older TimescaleDB has a trigger of its own.
_HIDING = (
    "SELECT tgrelid, min(tgname)::text FROM pg_trigger WHERE tgrelid = ANY (%s::oid[]) AND NOT tgisinternal "
    "AND tgenabled <> 'D' AND tgname <> 'ts_insert_blocker' AND tgtype & 4 <> 0 "
    "AND (tgtype & 3 = 3 OR tgnewtable IS NOT NULL) GROUP BY 1"
)
# As the owner of a continuous aggregate TimescaleDB's refresh reads rows.
_UNSEEN = (
    "SELECT a.user_view_schema::text, a.user_view_name::text, o.rolname::text "
    "FROM _timescaledb_catalog.continuous_agg AS a "
    "JOIN _timescaledb_catalog.hypertable AS h ON h.id = a.raw_hypertable_id "
    "JOIN pg_class AS t ON t.oid = format('%I.%I', h.schema_name, h.table_name)::regclass "
    "JOIN pg_class AS v ON v.oid = format('%I.%I', a.user_view_schema, a.user_view_name)::regclass "
    "JOIN pg_roles AS o ON o.oid = v.relowner "
    "WHERE t.relrowsecurity AND NOT o.rolsuper AND NOT o.rolbypassrls "
    "AND (t.relforcerowsecurity OR NOT pg_has_role(o.oid, t.relowner, 'USAGE'))"
)
_ARGUMENTS = "SELECT proargnames::text[] FROM pg_proc WHERE proname = 'refresh_continuous_aggregate'"
_UNEVEN = (
    "SELECT a.user_view_schema::text, a.user_view_name::text "
    "FROM _timescaledb_catalog.continuous_agg AS a "
    "JOIN _timescaledb_catalog.continuous_aggs_bucket_function AS f USING (mat_hypertable_id) "
    "WHERE NOT f.bucket_fixed_width"
)
_HIDES = (
    "row-level security hides rows from its owner {}, and TimescaleDB's refresh deletes what those add up to"
)
_SHOW = "ALTER ROLE {} BYPASSRLS, or NO FORCE ROW LEVEL SECURITY; then pgwright policy refresh {} --anew"
_PATIENCE = 30  # seconds for a commit that is under way, or for TimescaleDB's own refresh


def continuous(declared: Declarations, relation: int | None = None) -> tuple[Record, ...]:
    """Return the continuous aggregates among the declarations, about one relation or about all."""
    return tuple(r for r in declared.of("rollup", relation) if r.definition.get("by") == COMMUNITY)


def may_miss(conn: Connection[Any], declared: Declarations) -> frozenset[tuple[str, str]]:
    """Return schema and name of the continuous aggregates that may miss what is committed at a bad moment."""
    if not continuous(declared):
        return frozenset()
    return frozenset((schema, name) for schema, name in conn.execute(_MAY_MISS).fetchall())


def blinded(conn: Connection[Any], declared: Declarations) -> Mapping[tuple[str, str], str]:
    """Return the continuous aggregates from which a trigger hides what COPY brings, with what to do then."""
    aggregates = continuous(declared)
    if not aggregates:
        return {}
    triggers = dict(conn.execute(_HIDING, ([r.relation for r in aggregates],)).fetchall())
    said = "trigger {} hides from it what COPY brings: after each COPY, pgwright policy refresh {} --anew"
    return {
        (r.schema, r.name): said.format(triggers[r.relation], r.name)
        for r in aggregates
        if r.relation in triggers
    }


def unseen(conn: Connection[Any], declared: Declarations) -> Mapping[tuple[str, str], tuple[str, str]]:
    """Return the continuous aggregates from which row-level security hides rows, with why and what to do.

    TimescaleDB makes none of such a table, but the security may be forced on its owner later.
    """
    if not continuous(declared):
        return {}
    return {
        (schema, name): (_HIDES.format(Name(owner).as_string()), _SHOW.format(Name(owner).as_string(), name))
        for schema, name, owner in conn.execute(_UNSEEN).fetchall()
    }


def refresh_continuous(
    conn: Connection[Any], rollup: Record, declared: Declarations, *, anew: bool = False
) -> bool:
    """Refresh a continuous aggregate from the first row of its source on; tell whether all was computed anew.

    That is so with `anew`, and where it may have missed something: before its first refresh by pgwright.
    Buckets before the first row are history: TimescaleDB would delete them, for it takes rows that were
    dropped for rows that were deleted. `conn` is in autocommit mode: TimescaleDB refuses to do it in a
    transaction.
    """
    if hidden := unseen(conn, declared).get((rollup.schema, rollup.name)):
        raise PolicyError(hidden[0], detail="nothing was refreshed, and no rows are retired", hint=hidden[1])
    type = time_of(conn, rollup, declared)[1]
    missing = (rollup.schema, rollup.name) in may_miss(conn, declared)
    if missing:
        ends = (_moment(end, type) for end in _BEYOND)
        _call(conn, rollup, ends)
    anew = anew or missing or rollup.ran_at is None
    if anew:
        _await_commits(conn, rollup)
    start = begins_at(conn, rollup, declared) or sql.SQL("NULL")
    _call(conn, rollup, (start, sql.SQL("NULL")), force=anew)
    conn.execute(
        "UPDATE pgwright.policy SET ran_at = clock_timestamp(), error = NULL "
        "WHERE relation = %s AND kind = 'rollup' AND name = %s",
        (rollup.relation, rollup.name),
    )
    return anew


def uneven(conn: Connection[Any], declared: Declarations) -> frozenset[tuple[str, str]]:
    """Return schema and name of the continuous aggregates whose buckets are not equally long.

    Of those TimescaleDB misses changes, see `pgwright.kinds.timeseries.engines.why_not_continuous`.
    """
    if not continuous(declared):
        return frozenset()
    return frozenset((schema, name) for schema, name in conn.execute(_UNEVEN).fetchall())


def begins_at(conn: Connection[Any], rollup: Record, declared: Declarations) -> sql.Composable | None:
    """Return the moment before which a continuous aggregate is history; None where it has none.

    Rows are retired up to the floor, or by TimescaleDB up to where its refresh job looks back. Elsewhere, a
    bucket without rows is one whose rows were deleted.
    """
    type = time_of(conn, rollup, declared)[1]
    if rollup.floor is not None:
        return _moment(rollup.floor, type)
    row = conn.execute(_LOOKS_BACK, (rollup.schema, rollup.name)).fetchone()
    if row is None or row[0] is None or not _has_history(conn, rollup, declared):
        return None
    return _moment(row[0], type)


def force(conn: Connection[Any], rollup: Record, start: str, end: str, type: str) -> None:
    """Compute the buckets from `start` to `end` again, whether TimescaleDB takes them for changed or not."""
    ends = (sql.SQL("{}::{}").format(literal(at), deparsed(type)) for at in (start, end))
    _call(conn, rollup, ends, force=True)


def _call(
    conn: Connection[Any], rollup: Record, ends: Iterable[sql.Composable], *, force: bool = False
) -> None:
    row = conn.execute(_ARGUMENTS).fetchone()
    known = row[0] if row else ()
    more = [", force => true"] if force and "force" in known else []
    if "options" in known:
        # In batches, buckets between chunks would keep sums of rows that are gone.
        more.append(f", options => {ALL_AT_ONCE}")
    call = sql.SQL("CALL refresh_continuous_aggregate({}, {}{})").format(
        relation(ObjectId("table", QualifiedName(rollup.schema, rollup.name))),
        sql.SQL(", ").join(ends),
        deparsed("".join(more)),
    )
    try:
        patiently(partial(conn.execute, call), seconds=_PATIENCE)
    except PASSING as exc:
        raise PolicyError(
            f"TimescaleDB's own job is refreshing {rollup.schema}.{rollup.name} at this moment",
            detail="two at once are refused; what it fills now does not have to be done again",
            hint="when it is done, run again, or let the schedule: pgwright policy run",
        ) from exc


def _await_commits(conn: Connection[Any], rollup: Record) -> None:
    """Wait for those to end who read the threshold before it was moved; commits take milliseconds."""
    end = time.monotonic() + _PATIENCE
    waiting = _committing(conn)
    while waiting:
        if time.monotonic() > end:
            raise PolicyError(
                f"{rollup.schema}.{rollup.name} cannot be filled while a commit is under way",
                detail="a prepared transaction, or one that waits for a standby, has rows that nobody sees",
                hint="end it (SELECT * FROM pg_prepared_xacts), then run: pgwright policy run",
            )
        time.sleep(0.02)
        waiting &= _committing(conn)


def _committing(conn: Connection[Any]) -> set[str]:
    row = conn.execute(_COMMITTING).fetchone()
    return set(row[0] or ()) if row else set()


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


def _has_history(conn: Connection[Any], rollup: Record, declared: Declarations) -> bool:
    """Tell whether a continuous aggregate has buckets of which no row is there any more."""
    _, type, zone = time_of(conn, rollup, declared)
    first = _first(conn, rollup, declared)
    if first is None:
        return True
    lowest = bucket_start(_moment(first, type), Span.of(rollup.definition["bucket"]), zone, type)
    query = sql.SQL("SELECT EXISTS (SELECT FROM {} WHERE {} < {})").format(
        name_of(ObjectId("table", QualifiedName(rollup.schema, rollup.name))),
        Name(rollup.definition["bucket_column"]),
        lowest,
    )
    return conn.execute(query).fetchone() == (True,)


def _moment(text: str, type: str) -> sql.Composable:
    """Compose a moment as a value of the time column: TimescaleDB counts times without zone in UTC."""
    at = sql.SQL("{}::timestamptz").format(literal(text))
    return at if type == ZONED else sql.SQL("({} AT TIME ZONE 'UTC')::{}").format(at, deparsed(type))

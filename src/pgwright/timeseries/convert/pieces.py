"""The partitions of a table that is being filled: one for each piece of its time, and some ahead."""

from __future__ import annotations

from typing import Any

from psycopg import Connection, sql

from pgwright.kinds.steps import name_of
from pgwright.kinds.timeseries.buckets import bucket_after, bucket_start, interval
from pgwright.kinds.timeseries.partition_steps import aside, column_type, partition_name, series_of
from pgwright.kinds.timeseries.replicated import identify_partitions
from pgwright.model.span import Span
from pgwright.pg.quoting import Name, deparsed, literal, qualified
from pgwright.timeseries.convert.proposal import Conversion
from pgwright.timeseries.partitions import MOST


def make_pieces(conn: Connection[Any], conversion: Conversion) -> int:
    """Make the partitions that the rows of the table need and that are not there; return how many.

    One wrong date must not make ten thousand partitions: what is older than `MOST` pieces shares one, and
    what is farther ahead has those that it is in.
    """
    series = series_of(conversion.ends.after, conversion.table)
    type, span = column_type(conversion.ends.after, conversion.table, series.column), Span.of(series.interval)
    kind, column = deparsed(type), Name(series.column)
    now = sql.SQL("now()::{}").format(kind)
    far = sql.SQL("({} * {})").format(deparsed(str(MOST)), interval(span))
    newest = sql.SQL("CASE WHEN newest > {now} AND newest <= {now} + {far} THEN newest ELSE {now} END")
    goal = bucket_start(newest.format(now=now, far=far), span, series.zone, type)
    furthest = sql.SQL("({} - {})::{}").format(goal, far, kind)
    query = sql.SQL(
        "WITH RECURSIVE edge AS (SELECT min({column}) AS oldest, max({column}) AS newest FROM {table}), "
        "goal AS (SELECT {goal} AS upto, greatest(least({oldest}, {goal}), {furthest}) AS first FROM edge), "
        "piece AS (SELECT {first} AS lower, 0 AS beyond, upto FROM goal "
        "UNION ALL SELECT {after}, beyond + ({after} > upto)::int, upto FROM piece WHERE beyond < {ahead}) "
        "SELECT {name}, lower::text, ({after})::text FROM piece ORDER BY lower"
    ).format(
        column=column,
        table=name_of(conversion.table),
        goal=goal,
        oldest=bucket_start(sql.SQL("oldest"), span, series.zone, type),
        furthest=furthest,
        first=bucket_start(sql.SQL("first"), span, series.zone, type),
        after=bucket_after(sql.SQL("lower"), span, series.zone, type),
        ahead=deparsed(str(series.ahead)),
        name=partition_name(conversion.table, sql.SQL("lower"), series.zone, series.suffix, type),
    )
    wanted = conn.execute(query).fetchall()
    beyond = sql.SQL(
        "SELECT {name}, lower::text, ({after})::text FROM (SELECT DISTINCT {start} AS lower FROM {table} "
        "WHERE {column} >= {upto} AND isfinite({column}) ORDER BY 1 LIMIT {most}) AS far ORDER BY lower"
    ).format(
        name=partition_name(conversion.table, sql.SQL("lower"), series.zone, series.suffix, type),
        after=bucket_after(sql.SQL("lower"), span, series.zone, type),
        start=bucket_start(column, span, series.zone, type),
        table=name_of(conversion.table),
        column=column,
        upto=literal(wanted[-1][2]),
        most=deparsed(str(MOST)),
    )
    wanted += conn.execute(beyond).fetchall()
    made = 0
    history = aside(conversion.table, "history").name
    schema = conversion.table.name.schema or "public"
    for name, lower, upper in [(history.name, None, wanted[0][1]), *wanted]:
        if conn.execute("SELECT to_regclass(%s)", (Name(schema, name).as_string(),)).fetchone() != (None,):
            continue
        conn.execute(
            sql.SQL("CREATE TABLE {} PARTITION OF {} FOR VALUES FROM ({}) TO ({})").format(
                Name(schema, name),
                qualified(conversion.prepared.name),
                literal(lower) if lower else sql.SQL("MINVALUE"),
                literal(upper),
            )
        )
        made += 1
    conn.execute(identify_partitions(conversion.prepared))
    return made


def give_pieces_to_owner(conn: Connection[Any], conversion: Conversion) -> None:
    """Let the partitions belong to the owner of the table that they will be part of."""
    owner, pieces = conn.execute(
        "SELECT (SELECT pg_get_userbyid(relowner)::text FROM pg_class WHERE oid = to_regclass(%s)), "
        "(SELECT array_agg(ARRAY[n.nspname::text, c.relname::text]) FROM pg_inherits AS i "
        "JOIN pg_class AS c ON c.oid = i.inhrelid JOIN pg_namespace AS n ON n.oid = c.relnamespace "
        "WHERE i.inhparent = to_regclass(%s))",
        (name_of(conversion.table).as_string(), name_of(conversion.prepared).as_string()),
    ).fetchone() or ("", [])
    for schema, name in pieces or ():
        conn.execute(sql.SQL("ALTER TABLE {} OWNER TO {}").format(Name(schema, name), Name(owner)))

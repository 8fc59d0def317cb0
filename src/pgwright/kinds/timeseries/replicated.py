"""How rows of partitions are known to subscribers: as those of their table, which PostgreSQL leaves to users.

A row of a partition that has no replica identity can neither be changed nor deleted while it is published.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from psycopg import sql

from pgwright.kinds.steps import name_of, step
from pgwright.model.locks import LockMode
from pgwright.pg.quoting import literal

if TYPE_CHECKING:
    from collections.abc import Iterator

    from pgwright.kinds.contract import Context
    from pgwright.model.names import ObjectId
    from pgwright.model.plan import Step

_FIND = sql.SQL(
    """SELECT p.relid::regclass AS name, CASE t.relreplident
        WHEN 'f' THEN 'FULL' WHEN 'n' THEN 'NOTHING' WHEN 'd' THEN 'DEFAULT'
        ELSE format('USING INDEX %I', own.relname) END AS identity
    FROM pg_class AS t
    CROSS JOIN pg_partition_tree(t.oid) AS p
    JOIN pg_class AS c ON c.oid = p.relid
    LEFT JOIN pg_index AS i ON i.indrelid = t.oid AND i.indisreplident
    LEFT JOIN (pg_inherits AS h JOIN pg_index AS x ON x.indexrelid = h.inhrelid
        JOIN pg_class AS own ON own.oid = h.inhrelid) ON h.inhparent = i.indexrelid AND x.indrelid = c.oid
    WHERE t.oid = {table}::regclass AND p.level = 1 AND t.relreplident IN ({chosen})
        AND c.relreplident <> t.relreplident AND (t.relreplident <> 'i' OR own.oid IS NOT NULL)"""
)


def identify_partitions(table: ObjectId, *, by_key: bool = False) -> sql.Composed:
    """Compose what has the rows of all partitions known by what those of their table are.

    Where those are known by the key, as they are if nobody chose anything, partitions stay as somebody may
    have made them, unless `by_key` says that this was chosen.
    """
    return sql.SQL(
        "DO $pgwright$\nDECLARE part record;\nBEGIN\nFOR part IN\n    {find}\nLOOP\n"
        "    EXECUTE format('ALTER TABLE %s REPLICA IDENTITY %s', part.name, part.identity);\n"
        "END LOOP;\nEND $pgwright$"
    ).format(
        find=_FIND.format(
            table=literal(name_of(table).as_string()),
            chosen=sql.SQL("'d', 'f', 'n', 'i'") if by_key else sql.SQL("'f', 'n', 'i'"),
        )
    )


def partitions_identified(subject: ObjectId, table: ObjectId, context: Context) -> Iterator[Step]:
    """Yield the step that follows another replica identity of a time series in partitions."""
    found: Any = context.after.get(table)
    if getattr(found, "time_column", None) is None or context.server.timescaledb:
        return
    on = () if context.is_new(table) else [t for t in context.with_descendants(table) if t != table]
    yield step(
        subject,
        identify_partitions(table, by_key=True),
        f"identify replicated rows of the partitions of {table} as its own",
        lock=LockMode.ACCESS_EXCLUSIVE if on else None,
        on=on,
    )

"""Carry declarations about tables over time from one database into another.

What is declared belongs to the database, like its tables: it goes along with a copy and a restore, with the
floors below which rollups are history. What pgwright did on a server, its ledger, stays there. The logs of
rollups go along empty: a copy may be put together from several moments, so its rollups are marked as a whole,
and the first refresh computes everything above their floors anew.
"""

from __future__ import annotations

import json
from collections.abc import Collection, Iterable, Iterator
from dataclasses import dataclass
from typing import Any

from psycopg import Connection, sql

from pgwright.kinds.timeseries.policy_records import PREPARE, relation
from pgwright.kinds.timeseries.rollup_names import own_log
from pgwright.kinds.timeseries.rollup_watch import mark_everything
from pgwright.model.names import ObjectId, QualifiedName
from pgwright.pg.quoting import qualified, render

LEDGER = frozenset({"run", "migration", "migration_statement", "copy_item"})
"""The tables of the schema pgwright that tell what was done on one server; all else there is declared."""

_DECLARED = (
    "SELECT n.nspname::text, c.relname::text, p.kind, p.name, p.definition::text, to_json(p.floor) #>> '{}' "
    "FROM pgwright.policy AS p JOIN pg_catalog.pg_class AS c ON c.oid = p.relation "
    "JOIN pg_catalog.pg_namespace AS n ON n.oid = c.relnamespace ORDER BY 1, 2, 3, 4"
)
_RECORD = (
    "INSERT INTO pgwright.policy (relation, kind, name, definition, floor) "
    "VALUES ({table}, {kind}, {name}, {definition}::jsonb, {floor}::timestamptz) "
    "ON CONFLICT (relation, kind, name) DO UPDATE SET floor = EXCLUDED.floor"
)
_FORGET_GONE = (
    "DELETE FROM pgwright.policy AS p "
    "WHERE NOT EXISTS (SELECT FROM pg_catalog.pg_class AS c WHERE c.oid = p.relation)"
)
_KEEP = (
    "UPDATE pgwright.policy SET floor = {floor}::timestamptz "
    "WHERE relation = {table} AND kind = {kind} AND name = {name}"
)

_RAISE = (
    "UPDATE pgwright.policy SET floor = greatest(floor, {floor}::timestamptz) "
    "WHERE relation = {table} AND kind = {kind} AND name = {name}"
)


@dataclass(frozen=True, kw_only=True)
class Carried:
    """Hold one declaration about a table; `definition` is JSON, `floor` a moment as text."""

    schema: str
    table: str
    kind: str
    name: str
    definition: str
    floor: str | None = None

    @property
    def about(self) -> ObjectId:
        """Return the identity of the table that it is about."""
        return ObjectId("table", QualifiedName(self.schema, self.table))

    @property
    def key(self) -> tuple[ObjectId, str, str]:
        """Return what tells it from other declarations."""
        return (self.about, self.kind, self.name)

    @property
    def joins(self) -> tuple[str, ...]:
        """Return the tables that a rollup joins, as it names them."""
        return tuple(join[0] for join in json.loads(self.definition).get("joins", ()))

    @property
    def has_buckets(self) -> bool:
        """Tell whether a rollup adds up by time, so that it can have history."""
        return bool(json.loads(self.definition).get("bucket"))

    @property
    def filled(self) -> QualifiedName | None:
        """Return the table that pgwright fills; None for what is no rollup, or TimescaleDB's."""
        if self.kind != "rollup" or json.loads(self.definition).get("by"):
            return None
        return QualifiedName(self.schema, self.name)


def declared_in(conn: Connection[Any]) -> tuple[Carried, ...]:
    """Return what is declared in a database."""
    row = conn.execute("SELECT pg_catalog.to_regclass('pgwright.policy') IS NOT NULL").fetchone()
    if row is None or not row[0]:
        return ()
    return tuple(
        Carried(schema=schema, table=table, kind=kind, name=name, definition=definition, floor=floor)
        for schema, table, kind, name, definition, floor in conn.execute(_DECLARED).fetchall()
    )


def carry(conn: Connection[Any], declared: Iterable[Carried], *, declare: bool = True) -> None:
    """Bring declarations into a database that has their tables; see `carrying`."""
    for statement in carrying(conn, declared, declare=declare):
        conn.execute(statement)


def carrying(
    conn: Connection[Any],
    declared: Iterable[Carried],
    *,
    declare: bool = True,
    coming: Collection[QualifiedName] = (),
) -> Iterator[sql.SQL | sql.Composed]:
    """Yield what brings declarations into a database, and marks its rollups for a refresh of all.

    A declaration whose table is neither there nor among the `coming` ones is left out, and so is a rollup
    that lacks its own table or its log. With `declare` False nothing is declared that is not so already;
    rollups only learn below which moment they are history.
    """
    there = [found for found in declared if not missing_for(conn, found, coming)]
    if declare and there:
        yield PREPARE
        # A table that was dropped and comes back is another one; the record of the old one is no use.
        yield sql.SQL(_FORGET_GONE)
    known = {found.key for found in declared_in(conn)}
    for found in there:
        if declare or found.key in known:
            yield sql.SQL(_RECORD if declare else _KEEP).format(
                table=relation(found.about),
                kind=sql.Literal(found.kind),
                name=sql.Literal(found.name),
                definition=sql.Literal(found.definition),
                floor=sql.Literal(found.floor),
            )
            if found.filled is not None:
                yield mark_everything(own_log(found.filled))


def keep_history(conn: Connection[Any], rollup: Carried, before: str) -> None:
    """Let rows of a rollup be history `before` a moment, as they are; mark it for a refresh of all others."""
    assert rollup.filled is not None
    raised = sql.SQL(_RAISE).format(
        floor=sql.Literal(before),
        table=relation(rollup.about),
        kind=sql.Literal(rollup.kind),
        name=sql.Literal(rollup.name),
    )
    conn.execute(raised)
    conn.execute(mark_everything(own_log(rollup.filled)))


def missing_for(
    conn: Connection[Any], found: Carried, coming: Collection[QualifiedName] = ()
) -> tuple[QualifiedName, ...]:
    """Return the tables that a declaration needs and the database lacks."""
    wanted = [found.about.name]
    if found.filled is not None:
        wanted += [found.filled, *(own_log(found.filled, join) for join in ("", *found.joins))]
    return tuple(
        name
        for name in wanted
        if name not in coming
        and conn.execute("SELECT pg_catalog.to_regclass(%s) IS NULL", (render(qualified(name)),)).fetchone()
        == (True,)
    )

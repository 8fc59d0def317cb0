"""Where the columns of a query come from, through views, down to those of tables.

For a column that is shown as it is the server tells the table and column it is of. For one that is computed
nobody does: it may show whatever the query reads, and that stands in the dependencies of a view over it.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import psycopg
from psycopg import Connection, sql
from psycopg.pq.abc import PGresult

from pgwright.pg.quoting import deparsed
from pgwright.pg.sqlfiles import load_sql
from pgwright.transfer.tables import Column, Table, read_relations

Origin = tuple[tuple[Table, Column], ...]
"""A column as a query names it, what a view takes it from, and so on; empty for one that is computed."""
_VIEW = sql.Identifier("pg_temp", "pgwright_query")


@dataclass(frozen=True, kw_only=True)
class Reads:
    """Hold what a query reads: columns of tables, and functions of users, which read whatever they want."""

    columns: tuple[Origin, ...]
    functions: tuple[str, ...]


class Lineage:
    """Follow queries of one session; `conn` is in a transaction."""

    def __init__(self, conn: Connection[Any]) -> None:
        self._conn = conn
        self._relations: dict[int, Table] = {}
        self._views: dict[int, Sequence[Origin]] = {}

    def origins(self, described: PGresult) -> tuple[Origin, ...]:
        """Return where each column of a described query comes from."""
        return tuple(
            self._origin(described.ftable(at), described.ftablecol(at)) for at in range(described.nfields)
        )

    def reads(self, query: sql.Composed) -> Reads | None:
        """Return what a query reads; None where this session may not make a view, as on a standby."""
        view = sql.SQL("CREATE VIEW {} AS SELECT FROM {} AS q").format(_VIEW, query)
        try:
            with self._conn.transaction(force_rollback=True):
                self._conn.execute(view)
                row = self._conn.execute("SELECT 'pg_temp.pgwright_query'::regclass::oid::bigint").fetchone()
                assert row is not None
                direct = self._direct(row[0])
        except (psycopg.errors.ReadOnlySqlTransaction, psycopg.errors.InsufficientPrivilege):
            return None
        return self._followed(direct)

    def behind(self, origin: Origin) -> Reads:
        """Return what a column of a view reads that is computed there."""
        return self._followed(self._direct(origin[-1][0].oid))

    def _followed(self, direct: Sequence[tuple[int | None, int, str]]) -> Reads:
        columns: list[Origin] = []
        functions: list[str] = []
        for relation, number, function in direct:
            if relation is None:
                functions.append(function)
                continue
            origin = self._origin(relation, number)
            if is_computed(origin):
                further = self.behind(origin)
                # What is said of the view's column counts before what is said of those behind it.
                columns += [origin + rest for rest in further.columns]
                functions += further.functions
            columns.append(origin)
        return Reads(columns=tuple(columns), functions=tuple(functions))

    def _direct(self, view: int) -> Sequence[tuple[int | None, int, str]]:
        text = load_sql("pgwright.transfer.exports", "reads", self._conn.info.server_version // 10000)
        return self._conn.execute(text.encode(), {"view": view}).fetchall()

    def _origin(self, relation: int, number: int) -> Origin:
        if relation and relation not in self._relations:
            (self._relations[relation],) = read_relations(self._conn, [relation])
        table = self._relations.get(relation)
        found = (at for at, column in enumerate(table.columns) if column.number == number) if table else ()
        position = next(iter(found), None)
        if table is None or position is None:
            return ()
        return (table, table.columns[position]), *(self._view(table)[position] if table.definition else ())

    def _view(self, table: Table) -> Sequence[Origin]:
        if table.oid not in self._views:
            self._views[table.oid] = tuple(self._described(table))
        return self._views[table.oid]

    def _described(self, table: Table) -> Iterator[Origin]:
        """Yield where each column of a view comes from; it is not run, as this role may not be let."""
        assert table.definition is not None
        query = deparsed(table.definition).as_bytes(self._conn)
        with self._conn.transaction(force_rollback=True):
            self._conn.pgconn.prepare(b"", query)
            described = self._conn.pgconn.describe_prepared(b"")
        if described.nfields == len(table.columns):
            yield from self.origins(described)
        else:  # something of it cannot even be named by this role
            yield from ((),) * len(table.columns)


def is_computed(origin: Origin) -> bool:
    """Tell whether a column is computed, in the query or in a view that it reads."""
    return not origin or origin[-1][0].definition is not None

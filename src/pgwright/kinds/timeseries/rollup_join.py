"""A table that a rollup joins to its source, as SQL.

It is summed up by the columns of the join, so that each row of the source meets one row at most, and none of
its values counts twice. Its log holds the values by which it is joined. Only a refresh looks up which keys of
the rollup these belong to: a writer cannot see the row of the source that another writer is just moving.
"""

from __future__ import annotations

from dataclasses import dataclass

from psycopg import sql

from pgwright.errors import PolicyError
from pgwright.kinds.steps import name_of, parent_of
from pgwright.kinds.timeseries.rollup_names import joined_table
from pgwright.model.catalog import Catalog
from pgwright.model.names import ObjectId, QualifiedName
from pgwright.pg.quoting import Name, deparsed, names

JoinFields = tuple[str, tuple[tuple[str, str], ...], tuple[tuple[str, str], ...], str]
"""What a `Join` declares: table, pairs of its columns and the source's, aggregates, condition."""


@dataclass(frozen=True, kw_only=True)
class Joined:
    """Hold a joined table: `theirs` are its columns that equal `ours`, those of the `source`.

    `name` is what the declaration calls it, `alias` what its aggregates are read from.
    """

    name: str
    table: ObjectId
    source: ObjectId
    alias: str
    theirs: tuple[str, ...]
    ours: tuple[str, ...]
    aggregates: tuple[tuple[str, str], ...]
    where: str

    @classmethod
    def of(cls, fields: JoinFields, source: ObjectId) -> Joined:
        """Return the joined table that a rollup over `source` declares."""
        table, on, aggregates, where = fields
        found = joined_table(source, table)
        return cls(
            name=table,
            table=found,
            source=source,
            alias=found.name.name,
            theirs=tuple(theirs for theirs, _ in on),
            ours=tuple(ours for _, ours in on),
            aggregates=aggregates,
            where=where,
        )

    def clause(self, condition: sql.Composable | None) -> sql.Composed:
        """Compose the join; `condition` is that on the source's rows, so that others are not summed up."""
        conditions: list[sql.Composable] = [deparsed(f"({self.where})")] if self.where else []
        if condition is not None:
            conditions.append(
                sql.SQL("({}) IN (SELECT {} FROM {} WHERE {})").format(
                    names(self.theirs), names(self.ours), name_of(self.source), condition
                )
            )
        alias = Name(self.alias)
        equal = [
            sql.SQL("{}.{} = {}.{}").format(alias, Name(_key(n)), name_of(self.source), Name(ours))
            for n, ours in enumerate(self.ours)
        ]
        return sql.SQL(
            " LEFT JOIN (SELECT {keys}, {aggregates} FROM {table}{where} GROUP BY {numbers}) AS {alias} "
            "ON {equal}"
        ).format(
            keys=sql.SQL(", ").join(
                sql.SQL("{} AS {}").format(Name(theirs), Name(_key(n)))
                for n, theirs in enumerate(self.theirs)
            ),
            aggregates=sql.SQL(", ").join(
                sql.SQL("{} AS {}").format(deparsed(text), Name(name)) for name, text in self.aggregates
            ),
            table=name_of(self.table),
            where=sql.SQL(" WHERE {}").format(sql.SQL(" AND ").join(conditions))
            if conditions
            else sql.SQL(""),
            numbers=deparsed(", ".join(str(n + 1) for n in range(len(self.theirs)))),
            alias=alias,
            equal=sql.SQL(" AND ").join(equal),
        )

    def matching(self, lines: sql.Composable) -> sql.Composed:
        """Compose the condition on the source's rows that they are joined to one of the `lines` of a log."""
        return sql.SQL("({}) IN (SELECT {} FROM {})").format(names(self.ours), names(self.theirs), lines)


def require_whole(table: ObjectId, catalog: Catalog) -> None:
    """Raise `PolicyError` where a table is to lose old rows, though a rollup of another table counts them."""
    if ObjectId("retention", QualifiedName(None, "retention"), table) not in catalog:
        return
    for rollup in catalog.of("rollup"):
        for fields in getattr(rollup, "joins", ()):
            if joined_table(parent_of(rollup.id), fields[0]) == table:
                raise PolicyError(
                    f"rollup {rollup.id.name} joins {table.path}, whose rows are to be retired",
                    detail="they would be missing where their sums are computed again; nothing was changed",
                    hint=f"keep the rows of {table.path}, or make a rollup of its own of them",
                )


def _key(number: int) -> str:
    return f"pgwright_key_{number + 1}"

"""What of a database is copied, as the user chose it."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, Literal

import msgspec
from psycopg import Connection

from pgwright.errors import UsageError
from pgwright.kinds.timeseries.policy_carry import LEDGER
from pgwright.model.names import ObjectId, QualifiedName
from pgwright.model.selection import Selection
from pgwright.pg.sqlfiles import load_sql
from pgwright.transfer.copy.tables import CopyTable


class Choice(msgspec.Struct, kw_only=True, frozen=True):
    """Choose by schema and by pattern, as a `Selection` does, and what of it: all, schema or data only.

    `existing` allows a target that holds something else already. `plain` tells that hypertables come as plain
    tables, so that the schemas rightly differ.
    """

    schemas: tuple[str, ...] = ()
    include: tuple[str, ...] = ()
    exclude: tuple[str, ...] = ()
    what: Literal["all", "schema", "data"] = "all"
    owners: bool = True
    privileges: bool = True
    existing: bool = False
    plain: bool = False

    @property
    def selection(self) -> Selection:
        """Return the same for comparing the two sides."""
        return Selection(
            schemas=self.schemas,
            include=self.include,
            exclude=self.exclude,
            owners=self.owners,
            privileges=self.privileges,
        )

    @property
    def partial(self) -> bool:
        """Tell whether only a part of the database is chosen."""
        return self.selection.partial

    @property
    def large_objects(self) -> bool:
        """Tell whether large objects come along: they belong to no schema and no table."""
        return self.what != "schema" and not (self.schemas or self.include)

    def tables(self, found: Iterable[CopyTable]) -> tuple[CopyTable, ...]:
        """Return the tables whose rows are copied: those chosen, and the parts of those chosen."""
        if self.what == "schema":
            return ()
        return tuple(
            table
            for table in found
            if self._chooses(table.name)
            or self._chooses(table.root)
            or (table.condition and not self.partial)
            if self.what == "all" or table.condition is None
        )

    def sequences(self, conn: Connection[Any]) -> tuple[QualifiedName, ...]:
        """Return the sequences whose positions are copied: those chosen, and those of chosen tables."""
        return tuple(
            name
            for name, kind, owner in _relations(conn)
            if kind == "S" and (self._chooses(name) or self._chooses(owner))
        )

    def require_match(self, conn: Connection[Any]) -> None:
        """Raise `UsageError` where the source has nothing of that name: pg_dump would take everything."""
        found = {name for (name,) in conn.execute("SELECT nspname::text FROM pg_catalog.pg_namespace")}
        missing = [schema for schema in self.schemas if schema not in found]
        if self.include and not any(
            self._chooses(name) or self._chooses(owner) for name, _, owner in _relations(conn)
        ):
            missing += self.include
        if missing:
            raise UsageError(
                f"the source has nothing that is called {', '.join(missing)}",
                detail="nothing was changed",
                hint="schemas are written like public, patterns like public.audit_*; "
                "see what there is: pgwright inspect tables",
            )

    def dump_options(self, conn: Connection[Any]) -> list[str]:
        """Return the options by which pg_dump chooses the same."""
        # What rollups have in the schema pgwright goes along, what was done on this server does not.
        options = [f"--schema={_quoted(schema)}" for schema in (*self.schemas, "pgwright") if self.schemas]
        options += [f"--exclude-table=pgwright.{table}" for table in sorted(LEDGER)]
        if self.schemas or self.include:
            options.append("--extension=*")  # pg_dump leaves them out as soon as anything is chosen
        for name, kind, owner in _relations(conn):
            chosen = self._chooses(name) or self._chooses(owner)
            which = "--table-and-children" if kind == "p" else "--table"
            if self.include and chosen:
                options.append(f"{which}={_quoted(name.schema or '')}.{_quoted(name.name)}")
            elif self.exclude and not chosen:
                options.append(f"--exclude-{which[2:]}={_quoted(name.schema or '')}.{_quoted(name.name)}")
        return options

    def _chooses(self, name: QualifiedName) -> bool:
        return self.selection.chooses(ObjectId("table", name))


def _relations(conn: Connection[Any]) -> list[tuple[QualifiedName, str, QualifiedName]]:
    text = load_sql("pgwright.transfer.copy", "relations", conn.info.server_version // 10000)
    return [
        (QualifiedName(schema, name), kind, QualifiedName(owner_schema, owner_name))
        for schema, name, kind, owner_schema, owner_name in conn.execute(text.encode()).fetchall()
    ]


def _quoted(name: str) -> str:
    # Inside of quotes pg_dump's patterns have no special characters.
    return '"' + name.replace('"', '""') + '"'

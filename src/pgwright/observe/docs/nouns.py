"""The nouns of a data-model page: what it says of tables, modules, types and views."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property


@dataclass(frozen=True, kw_only=True)
class Definition:
    """Name a part of a table (a key, a check, an index, a trigger) with its SQL and its comment."""

    name: str
    text: str
    comment: str | None = None


@dataclass(frozen=True, kw_only=True)
class ColumnDoc:
    """Describe a column; `default` also says how an identity or generated column gets its value."""

    name: str
    type: str
    not_null: bool
    default: str | None = None
    comment: str | None = None


@dataclass(frozen=True, kw_only=True)
class Reference:
    """Describe a foreign key to the table at `target` (its path).

    `unique` tells that at most one row refers to each row of the target.
    """

    name: str
    columns: tuple[str, ...]
    target: str
    text: str
    unique: bool = False
    comment: str | None = None


@dataclass(frozen=True, kw_only=True)
class Size:
    """Hold the size of a live table in bytes; `rows` is the planner's estimate, None before an ANALYZE.

    `partitions` counts the leaves of a partitioned table, whose sums these are.
    """

    total_bytes: int
    table_bytes: int
    index_bytes: int
    rows: int | None
    partitions: int = 0


@dataclass(frozen=True, kw_only=True)
class TableDoc:
    """Describe a table; `label` is how the page calls it, `traits` what makes it no plain table."""

    path: str
    schema: str
    name: str
    label: str
    traits: tuple[str, ...] = ()
    comment: str | None = None
    columns: tuple[ColumnDoc, ...] = ()
    primary_key: tuple[str, ...] = ()
    keys: tuple[Definition, ...] = ()
    references: tuple[Reference, ...] = ()
    checks: tuple[Definition, ...] = ()
    indexes: tuple[Definition, ...] = ()
    triggers: tuple[Definition, ...] = ()
    policies: tuple[Definition, ...] = ()
    size: Size | None = None

    @cached_property
    def referring(self) -> frozenset[str]:
        """Return the names of the columns that refer to another table."""
        return frozenset(c for r in self.references for c in r.columns)


@dataclass(frozen=True, kw_only=True)
class Module:
    """Hold tables that belong together; `slug` names its picture's file and its heading's anchor."""

    name: str
    slug: str
    tables: tuple[TableDoc, ...]


@dataclass(frozen=True, kw_only=True)
class TypeDoc:
    """Describe a type that users made: an enum by its labels, a domain by its base and checks."""

    name: str
    kind: str
    text: str
    comment: str | None = None


@dataclass(frozen=True, kw_only=True)
class ViewDoc:
    """Describe a view or materialized view."""

    name: str
    kind: str
    columns: tuple[tuple[str, str], ...]
    definition: str
    indexes: tuple[Definition, ...] = ()
    comment: str | None = None
    size: Size | None = None


@dataclass(frozen=True, kw_only=True)
class DataModel:
    """Hold all that a page shows, in the order in which it shows it.

    `notes` names what the database holds and no section shows.
    """

    title: str
    modules: tuple[Module, ...]
    types: tuple[TypeDoc, ...] = ()
    views: tuple[ViewDoc, ...] = ()
    routines: tuple[Definition, ...] = ()
    extensions: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()

    @cached_property
    def tables(self) -> Mapping[str, TableDoc]:
        """Return all tables by path."""
        return {table.path: table for module in self.modules for table in module.tables}

    @cached_property
    def module_of(self) -> Mapping[str, Module]:
        """Return the module of each table by the table's path."""
        return {table.path: module for module in self.modules for table in module.tables}

    @cached_property
    def referrers(self) -> Mapping[str, tuple[TableDoc, ...]]:
        """Return for each path the tables that refer to it, each once."""
        found: dict[str, dict[str, TableDoc]] = {}
        for table in self.tables.values():
            for reference in table.references:
                found.setdefault(reference.target, {})[table.path] = table
        return {path: tuple(tables[p] for p in sorted(tables)) for path, tables in found.items()}

    @cached_property
    def connections(self) -> Mapping[tuple[str, str], int]:
        """Return how many foreign keys lead from one module to another, by their slugs."""
        found: dict[tuple[str, str], int] = {}
        for table in self.tables.values():
            source = self.module_of[table.path].slug
            for reference in table.references:
                target = self.module_of.get(reference.target)
                if target is not None and target.slug != source:
                    found[source, target.slug] = found.get((source, target.slug), 0) + 1
        return dict(sorted(found.items()))

    @property
    def sized(self) -> bool:
        """Tell whether sizes were taken from a live database."""
        return any(table.size is not None for table in self.tables.values())

"""Tables and columns in the words of Alembic."""

from __future__ import annotations

import re
from collections.abc import Iterator, Set
from dataclasses import dataclass
from functools import cached_property

from pgwright.kinds.comment import Comment
from pgwright.kinds.constraint import Constraint
from pgwright.kinds.default import Default
from pgwright.kinds.sequence import Sequence, default_options
from pgwright.kinds.sequence_owner import SequenceOwner
from pgwright.kinds.table import Table
from pgwright.kinds.tables.column_types import Column
from pgwright.migrate.writing.alembic_types import INTEGERS, type_code
from pgwright.migrate.writing.code import call, escaped, given, items, literal, text
from pgwright.model.catalog import Catalog, CatalogObject
from pgwright.model.names import ObjectId
from pgwright.model.plan import Plan

_CHECK = re.compile(r"CHECK \((?P<condition>.*)\)\Z", re.DOTALL)
_NAMES = re.compile(r'(?:[a-z_]\w*|"[^"]+")(?:, (?:[a-z_]\w*|"[^"]+"))*\Z')
_KEY = re.compile(r"(?:PRIMARY KEY|UNIQUE)(?P<nulls> NULLS NOT DISTINCT)? \((?P<columns>[^()]*)\)\Z")


@dataclass(frozen=True)
class Tables:
    """Write tables and columns of a plan that leads to `after`.

    What has no step of its own is made by the statement of what it is part of.
    """

    plan: Plan
    after: Catalog

    @cached_property
    def stepped(self) -> Set[ObjectId]:
        """Return what has a step of its own."""
        return {step.subject for step in self.plan.steps}

    @cached_property
    def serials(self) -> dict[ObjectId, frozenset[ObjectId]]:
        """Return new columns numbered as SQLAlchemy numbers an integer key, each with what that makes.

        Such a column makes its sequence, is its owner, and has its next value as its default.
        """
        found = {}
        for owner in self.after.of("sequence_owner"):
            assert isinstance(owner, SequenceOwner)
            column = self.after.get(owner.column)
            if isinstance(column, Column) and self._is_serial(column, owner):
                found[column.id] = frozenset({owner.id, *([owner.id.parent] if owner.id.parent else [])})
        return found

    def _is_serial(self, column: Column, owner: SequenceOwner) -> bool:
        table, sequence = column.id.parent, self.after.get(owner.id.parent) if owner.id.parent else None
        if table is None or not isinstance(sequence, Sequence) or column.type not in INTEGERS:
            return False
        names = (f"{table.name.name}_{column.id.name.name}_seq", table.name.schema)
        usual = (sequence.id.name.name, sequence.id.name.schema) == names
        plain = sequence.type == column.type and sequence.options == default_options(column.type, 1)
        new = {table, sequence.id} <= self.stepped and column.id not in self.stepped
        return usual and plain and new and not sequence.unlogged and self._is_whole_key(column)

    def _is_whole_key(self, column: Column) -> bool:
        keys = (c for c in self._parts(column.id.parent, "constraint") if isinstance(c, Constraint))
        return any(key.type == "p" and key.columns == (column.id.name.name,) for key in keys)

    def create(self, table: Table) -> str | None:
        """Return ``op.create_table(…)``, or None where Alembic cannot say all of it."""
        unusual = (table.partition_of, table.inherits, table.of_type, table.server, table.options)
        if any(unusual) or table.unlogged or table.tablespace or table.access_method != "heap":
            return None
        if table.replica_identity != "d":
            return None
        columns = [self.column(c) for c in self._parts(table.id, "column") if isinstance(c, Column)]
        constraints = [
            constraint_code(c) for c in self._parts(table.id, "constraint") if isinstance(c, Constraint)
        ]
        parts = [*columns, *constraints]
        if None in parts:
            return None
        named = given(
            {
                "schema": schema_of(table.id),
                "postgresql_partition_by": table.partition_key and literal(table.partition_key),
            }
        )
        return call("op.create_table", literal(table.id.name.name), *map(str, parts), **named)

    def column(self, column: Column) -> str | None:
        """Return ``sa.Column(…)``, or None."""
        kind = type_code(column.type, self.after)
        if kind is None or column.collation or column.settings() or column.foreign_options:
            return None
        parts = [literal(column.id.name.name), kind]
        named: dict[str, str] = {}
        if column.identity:
            if column.identity_options != default_options(column.type, 1):
                return None
            parts.append(call("sa.Identity", always=repr(column.identity == "a")))
        if column.generated:
            # Without a word it is virtual where the server knows that, and stored by an older one.
            stored = given({"persisted": "True" if column.generated == "s" else None})
            parts.append(call("sa.Computed", literal(column.expression or ""), **stored))
        if column.id in self.serials:
            named["autoincrement"] = "True"
        else:
            for default in self._parts(column.id, "default"):
                assert isinstance(default, Default)
                named["server_default"] = text(default.expression)
            if column.type in INTEGERS and not column.identity and self._is_whole_key(column):
                named["autoincrement"] = "False"
        named["nullable"] = repr(not column.not_null)
        return call("sa.Column", *parts, **named)

    def _parts(self, of: ObjectId | None, kind: str) -> Iterator[CatalogObject]:
        found = self.after.children(of, kind) if of else ()
        ordered = sorted(found, key=lambda o: getattr(o, "position", 0))
        return (o for o in ordered if o.id not in self.stepped and not o.derived)


def constraint_code(o: Constraint) -> str | None:
    """Return a constraint as part of a table."""
    name = f"op.f({literal(o.id.name.name)})"
    if o.type == "c" and (match := _CHECK.match(o.definition)):
        return call("sa.CheckConstraint", literal(escaped(match["condition"])), name=name)
    if o.type in "pu" and (match := _KEY.match(o.definition)):
        columns = columns_of(match["columns"])
        if columns is None:
            return None
        maker = "sa.PrimaryKeyConstraint" if o.type == "p" else "sa.UniqueConstraint"
        nulls = {"postgresql_nulls_not_distinct": "True"} if match["nulls"] else {}
        return call(maker, *map(literal, columns), name=name, **nulls)
    return None


def condition_of(o: Constraint) -> str | None:
    """Return the condition of a check, None where more than that defines it."""
    match = _CHECK.match(o.definition)
    return match["condition"] if match else None


def key_of(o: Constraint) -> tuple[tuple[str, ...], bool] | None:
    """Return the columns of a key and whether its nulls are equal, None where more than that defines it."""
    match = _KEY.match(o.definition)
    columns = columns_of(match["columns"]) if match else None
    return (columns, bool(match["nulls"])) if match and columns else None


def columns_of(listed: str) -> tuple[str, ...] | None:
    """Return the names of a list that PostgreSQL printed, None where something else stands in it."""
    if not _NAMES.match(listed):
        return None
    return tuple(name.strip('"') for name in listed.split(", "))


def names(columns: tuple[str, ...]) -> str:
    """Return names as a list of constants."""
    return items(map(literal, columns))


def schema_of(table: ObjectId) -> str | None:
    """Return the schema as a constant, None for the one that needs no name."""
    schema = table.name.schema
    return None if schema in (None, "public") else literal(schema)


def comment_of(o: CatalogObject) -> str:
    """Return the text of a comment as a constant."""
    assert isinstance(o, Comment)
    return literal(o.text)

"""What operator classes and families share: members, and a name that counts per access method."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any, Protocol

from psycopg import sql

from pgwright.kinds.contract import Address
from pgwright.kinds.steps import step
from pgwright.model.names import ObjectId, QualifiedName
from pgwright.model.plan import Phase, Step
from pgwright.pg.quoting import Name, deparsed


@dataclass(frozen=True, kw_only=True)
class Member:
    """Define an operator or support function; `slot` is its place, `clause` adds it, as statements say it."""

    slot: str
    clause: str

    def __str__(self) -> str:
        return self.clause


class Indexing(Protocol):
    """Describe what the statements about a class or family need to know of it."""

    @property
    def id(self) -> ObjectId: ...  # noqa: D102
    @property
    def method(self) -> str: ...  # noqa: D102


def indexing_id(kind: str, schema: str, name: str, method: str) -> ObjectId:
    """Return the identity of a class or family: each access method has names of its own."""
    return ObjectId(kind, QualifiedName(schema, f"{name} using {method}"))


def members_of(rows: Iterable[Any]) -> tuple[tuple[Member, ...], tuple[Address, ...]]:
    """Return the members in the rows of a query and their addresses: what a member needs, its whole needs."""
    held = [r for r in rows if r.slot is not None]
    members = tuple(Member(slot=r.slot, clause=r.clause) for r in held)
    return members, tuple(Address(r.member_catalog, r.member_oid) for r in held)


def reference(o: Indexing) -> sql.Composed:
    """Compose ``name USING method`` as DROP, ALTER and COMMENT want it."""
    return _reference(o, o.id.name.schema, _bare(o, o.id))


def _reference(o: Indexing, schema: str | None, name: str) -> sql.Composed:
    return sql.SQL("{} USING {}").format(Name(schema or "public", name), Name(o.method))


def _bare(o: Indexing, id: ObjectId) -> str:
    return id.name.name.removesuffix(f" using {o.method}")


def name_of_indexing(o: Indexing) -> Name:
    """Compose the name alone, as CREATE wants it."""
    return Name(o.id.name.schema or "public", _bare(o, o.id))


def dropped(keyword: str, o: Indexing) -> tuple[Step, ...]:
    """Return the DROP; `keyword` is constant text such as ``OPERATOR CLASS``."""
    text = sql.SQL("DROP {} {}").format(deparsed(keyword), reference(o))
    return (step(o.id, text, f"drop {o.id}", phase=Phase.CONTRACT),)


def renamed(keyword: str, o: Indexing, to: ObjectId) -> tuple[Step, ...]:
    """Return the ALTER … SET SCHEMA and RENAME TO; nothing names these but definitions of indexes."""
    steps = []
    schema, name = o.id.name.schema, _bare(o, to)
    if to.name.schema is not None and to.name.schema != schema:
        text = sql.SQL("ALTER {} {} SET SCHEMA {}").format(
            deparsed(keyword), reference(o), Name(to.name.schema)
        )
        steps.append(step(o.id, text, f"move {o.id} to schema {to.name.schema}"))
        schema = to.name.schema
    if name != _bare(o, o.id):
        text = sql.SQL("ALTER {} {} RENAME TO {}").format(
            deparsed(keyword), _reference(o, schema, _bare(o, o.id)), Name(name)
        )
        steps.append(step(o.id, text, f"rename {o.id} to {to.path}"))
    return tuple(steps)

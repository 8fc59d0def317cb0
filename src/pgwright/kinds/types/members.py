"""Values of enums and attributes of composites as objects of their own, where they are to get other names.

A catalog holds them as part of their type, because their order is a property of the whole.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, replace
from types import MappingProxyType

from psycopg import sql

from pgwright.kinds.composite import Composite, typed_tables
from pgwright.kinds.contract import Context
from pgwright.kinds.enum import Enum
from pgwright.kinds.steps import name_of, outdated, parent_of, step
from pgwright.model.catalog import Catalog, CatalogObject
from pgwright.model.locks import LockMode
from pgwright.model.names import ObjectId, QualifiedName
from pgwright.model.plan import Step
from pgwright.pg.quoting import Name, literal

ENUM_VALUE = "enum_value"
ATTRIBUTE = "attribute"


@dataclass(frozen=True, kw_only=True)
class Member(CatalogObject):
    """Stand for one value or attribute of a type, which is its parent."""


def member_id(sort: str, type: ObjectId, name: str) -> ObjectId:
    """Return the identity of a value or an attribute; `sort` is which of the two."""
    return ObjectId(sort, QualifiedName(None, name), type)


def with_members(catalog: Catalog) -> Catalog:
    """Return the catalog with the values of its enums and the attributes of its composites beside them."""
    members = {id: Member(id=id) for o in catalog for id in _members_of(o)}
    return replace(catalog, objects={**catalog.objects, **members})


def _members_of(o: CatalogObject) -> Iterator[ObjectId]:
    if isinstance(o, Enum):
        yield from (member_id(ENUM_VALUE, o.id, label) for label in o.labels)
    elif isinstance(o, Composite):
        yield from (member_id(ATTRIBUTE, o.id, attribute.name) for attribute in o.attributes)


def _rename_value(o: Member, to: ObjectId, context: Context) -> tuple[Step, ...]:
    """Return the ALTER TYPE … RENAME VALUE: rows hold a number, and so the new name at once."""
    text = sql.SQL("ALTER TYPE {} RENAME VALUE {} TO {}").format(
        name_of(parent_of(o.id)), literal(o.id.name.name), literal(to.name.name)
    )
    return (step(o.id, text, _summary(o, to), hazards=(outdated(o.id.name.name),)),)


def _rename_attribute(o: Member, to: ObjectId, context: Context) -> tuple[Step, ...]:
    """Return the ALTER TYPE … RENAME ATTRIBUTE, which columns of tables OF the type follow."""
    composite = parent_of(o.id)
    typed = typed_tables(composite, context.before)
    text = sql.SQL("ALTER TYPE {} RENAME ATTRIBUTE {} TO {}{}").format(
        name_of(composite), Name(o.id.name.name), Name(to.name.name), sql.SQL(" CASCADE" if typed else "")
    )
    lock = LockMode.ACCESS_EXCLUSIVE if typed else None
    hazards = (outdated(o.id.name.name),)
    return (step(o.id, text, _summary(o, to), lock=lock, on=typed, hazards=hazards),)


def _summary(o: Member, to: ObjectId) -> str:
    return f"rename {o.id} to {to.name.name}"


# What gives a member of each sort another name.
RENAMES: Mapping[str, Callable[[Member, ObjectId, Context], tuple[Step, ...]]] = MappingProxyType(
    {ATTRIBUTE: _rename_attribute, ENUM_VALUE: _rename_value}
)

"""Attributes of composite types as objects of their own, where they are to get other names.

A catalog holds them as part of their type, because their order is a property of the whole.
"""

from __future__ import annotations

from dataclasses import dataclass

from psycopg import sql

from pgwright.kinds.composite import Composite, typed_tables
from pgwright.kinds.contract import Context
from pgwright.kinds.steps import name_of, parent_of, step
from pgwright.model.catalog import CatalogObject
from pgwright.model.locks import LockMode
from pgwright.model.names import ObjectId, QualifiedName
from pgwright.model.plan import Hazard, HazardCode, Step
from pgwright.pg.quoting import Name

ATTRIBUTE = "attribute"


@dataclass(frozen=True, kw_only=True)
class TypeAttribute(CatalogObject):
    """Stand for one attribute of a composite type, which is its parent."""


def attribute_id(composite: ObjectId, name: str) -> ObjectId:
    """Return the identity of an attribute."""
    return ObjectId(ATTRIBUTE, QualifiedName(None, name), composite)


def attributes(composite: Composite) -> tuple[TypeAttribute, ...]:
    """Return the attributes of a type as objects."""
    return tuple(TypeAttribute(id=attribute_id(composite.id, a.name)) for a in composite.attributes)


def rename(o: TypeAttribute, to: ObjectId, context: Context) -> tuple[Step, ...]:
    """Return the ALTER TYPE … RENAME ATTRIBUTE, which columns of tables OF the type follow."""
    hazard = Hazard(
        code=HazardCode.BREAKS_CODE, message=f"code that still says {o.id.name.name} fails from here on"
    )
    composite = parent_of(o.id)
    typed = typed_tables(composite, context.before)
    text = sql.SQL("ALTER TYPE {} RENAME ATTRIBUTE {} TO {}{}").format(
        name_of(composite), Name(o.id.name.name), Name(to.name.name), sql.SQL(" CASCADE" if typed else "")
    )
    return (
        step(
            o.id,
            text,
            f"rename {o.id} to {to.name.name}",
            lock=LockMode.ACCESS_EXCLUSIVE if typed else None,
            on=typed,
            hazards=(hazard,),
        ),
    )

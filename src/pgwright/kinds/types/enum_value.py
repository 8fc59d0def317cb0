"""Values of enum types as objects of their own, where they are to get other names.

A catalog holds the values as part of their type, because their order is a property of the whole.
"""

from __future__ import annotations

from dataclasses import dataclass

from psycopg import sql

from pgwright.kinds.contract import Context
from pgwright.kinds.enum import Enum
from pgwright.kinds.steps import name_of, parent_of, step
from pgwright.model.catalog import CatalogObject
from pgwright.model.names import ObjectId, QualifiedName
from pgwright.model.plan import Hazard, HazardCode, Step
from pgwright.pg.quoting import literal

ENUM_VALUE = "enum_value"


@dataclass(frozen=True, kw_only=True)
class EnumValue(CatalogObject):
    """Stand for one value of an enum type, which is its parent."""


def value_id(enum: ObjectId, label: str) -> ObjectId:
    """Return the identity of a value."""
    return ObjectId(ENUM_VALUE, QualifiedName(None, label), enum)


def values(enum: Enum) -> tuple[EnumValue, ...]:
    """Return the values of a type as objects."""
    return tuple(EnumValue(id=value_id(enum.id, label)) for label in enum.labels)


def rename(o: EnumValue, to: ObjectId, context: Context) -> tuple[Step, ...]:
    """Return the ALTER TYPE … RENAME VALUE: rows hold a number, and so the new name at once."""
    hazard = Hazard(
        code=HazardCode.BREAKS_CODE, message=f"code that still says {o.id.name.name} fails from here on"
    )
    text = sql.SQL("ALTER TYPE {} RENAME VALUE {} TO {}").format(
        name_of(parent_of(o.id)), literal(o.id.name.name), literal(to.name.name)
    )
    return (step(o.id, text, f"rename {o.id} to {to.name.name}", hazards=(hazard,)),)

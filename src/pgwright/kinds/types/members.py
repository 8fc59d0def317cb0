"""What types consist of, as objects of their own where it is to get other names."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from types import MappingProxyType
from typing import Any

from pgwright.kinds.composite import Composite
from pgwright.kinds.contract import Context
from pgwright.kinds.enum import Enum
from pgwright.kinds.types import attribute, enum_value
from pgwright.model.catalog import Catalog, CatalogObject
from pgwright.model.names import ObjectId
from pgwright.model.plan import Step

# What gives a member of each sort another name.
RENAMES: Mapping[str, Callable[[Any, ObjectId, Context], tuple[Step, ...]]] = MappingProxyType(
    {attribute.ATTRIBUTE: attribute.rename, enum_value.ENUM_VALUE: enum_value.rename}
)


def with_members(catalog: Catalog) -> Catalog:
    """Return the catalog with the values of its enums and the attributes of its composites beside them."""
    found = [member for o in catalog for member in _members(o)]
    return replace(catalog, objects={**catalog.objects, **{member.id: member for member in found}})


def _members(o: CatalogObject) -> tuple[CatalogObject, ...]:
    if isinstance(o, Enum):
        return enum_value.values(o)
    return attribute.attributes(o) if isinstance(o, Composite) else ()

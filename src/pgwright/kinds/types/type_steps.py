"""What the kinds of types share: their name among types, and their drop."""

from __future__ import annotations

from typing import Any

from pgwright.kinds.steps import name_of, statement, step
from pgwright.model.catalog import CatalogObject
from pgwright.model.plan import Phase, Step


def claim_type(o: Any) -> tuple[tuple[str, ...], ...]:
    """Occupy the name among types."""
    return (("type", o.id.name.schema, o.id.name.name),)


def drop_step(keyword: str, o: CatalogObject) -> Step:
    """Return the DROP of an object that holds no rows itself."""
    text = statement("DROP " + keyword + " {}", name_of(o.id))
    return step(o.id, text, f"drop {o.id}", phase=Phase.CONTRACT)

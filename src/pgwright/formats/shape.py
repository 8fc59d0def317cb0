"""How the values of a column are built."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True, kw_only=True)
class Shape:
    """Say how a column's values are built: ``scalar``, ``json``, ``array`` or ``composite``.

    An array has an `element`, a composite its `fields` in order.
    """

    kind: str = "scalar"
    element: Shape | None = None
    fields: Mapping[str, Shape] | None = None


SCALAR = Shape()


def shape_of(value: Any) -> Shape:
    """Return a shape from plain data, as the catalog query gives it."""
    if not value:
        return SCALAR
    return Shape(
        kind=value["kind"],
        element=shape_of(value["element"]) if value.get("element") else None,
        fields={f["name"]: shape_of(f["shape"]) for f in value["fields"]} if value.get("fields") else None,
    )

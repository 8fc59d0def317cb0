"""The difference between two catalogs, object by object."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from pgwright.model.catalog import CatalogObject
from pgwright.model.names import ObjectId


class Op(StrEnum):
    """Name what happens to an object on the way from one catalog to the other."""

    CREATE = "create"
    ALTER = "alter"
    DROP = "drop"


@dataclass(frozen=True, kw_only=True)
class Change:
    """Describe one difference: the object before and after, and the fields that differ.

    `before` is None for a create, `after` for a drop; `fields` is empty for both.
    """

    op: Op
    id: ObjectId
    before: CatalogObject | None
    after: CatalogObject | None
    fields: tuple[str, ...] = ()

    @property
    def values(self) -> tuple[tuple[str, Any, Any], ...]:
        """Return (field, before, after) for each field of an alter."""
        return tuple((f, getattr(self.before, f), getattr(self.after, f)) for f in self.fields)

    def __str__(self) -> str:
        detail = "; ".join(f"{f}: {_short(b)} -> {_short(a)}" for f, b, a in self.values)
        return f"{self.op} {self.id}" + (f" ({detail})" if detail else "")


def _short(value: Any) -> str:
    text = "none" if value is None else str(value)
    return text if len(text) <= 60 else text[:57] + "..."

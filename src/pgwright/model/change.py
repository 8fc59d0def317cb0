"""The difference between two catalogs, object by object."""

from __future__ import annotations

from dataclasses import dataclass, fields, is_dataclass
from enum import StrEnum
from itertools import takewhile
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
        detail = "; ".join(f"{f}: {_contrast(b, a)}" for f, b, a in self.values)
        return f"{self.op} {self.id}" + (f" ({detail})" if detail else "")


_SHOWN = 60


def _contrast(before: Any, after: Any) -> str:
    """Return both values in short, from where they begin to differ; of lists only what differs."""
    if type(before) is type(after) is tuple and set(before) != set(after):
        before, after = (
            tuple(item for item in one if item not in other)
            for one, other in ((before, after), (after, before))
        )
    old, new = _text(before), _text(after)
    if max(len(old), len(new)) > _SHOWN:
        same = sum(1 for _ in takewhile(lambda pair: pair[0] == pair[1], zip(old, new, strict=False)))
        start = max(0, same - _SHOWN // 3)
        old, new = _excerpt(old, start), _excerpt(new, start)
    return f"{old} -> {new}"


def _excerpt(text: str, start: int) -> str:
    rest = text[start:]
    return ("..." if start else "") + (rest if len(rest) <= _SHOWN else rest[: _SHOWN - 3] + "...")


def _text(value: Any) -> str:
    """Return a value as people write it: of a noun, what it says beyond its defaults."""
    if value is None or value == ():
        return "none"
    if type(value) is tuple:
        return ", ".join(map(_text, value))
    if is_dataclass(value) and type(value).__str__ is object.__str__:
        said = [(f, getattr(value, f.name)) for f in fields(value)]
        return " ".join(_word(f.name, found) for f, found in said if found != f.default)
    return " ".join(str(value).split())


def _word(name: str, value: Any) -> str:
    if isinstance(value, bool):
        return name.replace("_", " ") if value else f"not {name.replace('_', ' ')}"
    return _text(value)

"""Names and identities of database objects."""

from __future__ import annotations

from typing import NamedTuple


class QualifiedName(NamedTuple):
    """Name an object inside an optional schema (the namespace).

    A routine carries its argument types in `name`, as in ``add(integer,integer)``,
    because PostgreSQL tells overloads apart by them.
    """

    schema: str | None
    name: str

    def __str__(self) -> str:
        return self.name if self.schema is None else f"{self.schema}.{self.name}"


class ObjectId(NamedTuple):
    """Identify one object of a catalog by kind, name and, for parts of another, its parent.

    A named tuple rather than a dataclass: identities are the keys of every
    mapping in a catalog, and tuples hash and compare in C.
    """

    kind: str
    name: QualifiedName
    parent: ObjectId | None = None

    @property
    def path(self) -> str:
        """Return the dotted path without the kind, for example ``public.users.email``."""
        return str(self.name) if self.parent is None else f"{self.parent.path}.{self.name}"

    def __str__(self) -> str:
        return f"{self.kind.replace('_', ' ')} {self.path}"

    @property
    def root(self) -> ObjectId:
        """Return the outermost ancestor: the table of a column's default, for example."""
        return self if self.parent is None else self.parent.root

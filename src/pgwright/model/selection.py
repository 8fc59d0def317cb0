"""Which part of a database is looked at."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from fnmatch import fnmatchcase
from typing import Any

from pgwright.model.catalog import Catalog, CatalogObject
from pgwright.model.names import ObjectId

_OWNERSHIP = frozenset({"owner"})
_PRIVILEGES = frozenset({"grant", "default_privilege"})

# Tables in which migration tools keep their place; no model declares them.
BOOKKEEPING = ("*.alembic_version", "*.django_migrations")


@dataclass(frozen=True, kw_only=True)
class Selection:
    """Choose objects by schema, by pattern and by what they are about.

    Patterns are shell-style and match the path of an object or of what it is part of (``public.audit_*``);
    without a dot, its name in any schema (``users``). `include` empty means everything; `exclude` wins.
    `owners` and `privileges` tell whether those are compared, `roles` of which grants; `kinds` restricts the
    kinds. None means all. `also` names single objects that are chosen whatever their kind, schema and role.
    """

    schemas: tuple[str, ...] = ()
    include: tuple[str, ...] = ()
    exclude: tuple[str, ...] = ()
    owners: bool = True
    privileges: bool = True
    kinds: tuple[str, ...] | None = None
    roles: tuple[str, ...] | None = None
    also: frozenset[ObjectId] = frozenset()

    @property
    def partial(self) -> bool:
        """Tell whether only a part of the database is chosen, by schema or by name."""
        return bool(self.schemas or self.include or self.exclude)

    def apply(self, catalog: Catalog) -> Catalog:
        """Return the part of the catalog that is selected; tables bring or leave out their sequences, too."""
        owned = self._owned(catalog) if self.include else frozenset()
        left = self._left(catalog) if self.exclude else frozenset()
        # Partitions that come and go with time say nothing about the schema.
        return catalog.select(
            lambda o: (
                (self.chooses(o.id) or (o.id.root in owned and self._keeps_what(o.id)))
                and o.id.root not in left
                and not getattr(o, "managed", False)
            )
        )

    def _owned(self, catalog: Catalog) -> frozenset[ObjectId]:
        """Return the sequences of chosen tables' columns, whose defaults cannot be made without them."""
        owners: Iterable[Any] = catalog.of("sequence_owner")
        return frozenset(
            o.id.root
            for o in owners
            if self.chooses(o.column) and not any(_matches(o.id.root, pattern) for pattern in self.exclude)
        )

    def _left(self, catalog: Catalog) -> frozenset[ObjectId]:
        """Return the sequences of tables' columns that are excluded: their defaults need them."""
        owners: Iterable[Any] = catalog.of("sequence_owner")
        return frozenset(o.id.root for o in owners if any(_matches(o.column.root, p) for p in self.exclude))

    def chooses(self, id: ObjectId) -> bool:
        """Tell whether an object of that identity is selected."""
        root = id.root
        return (
            (id in self.also or (self._keeps_what(id) and self._keeps_schema(root)))
            and not any(_matches(id, pattern) for pattern in self.exclude)
            and (not self.include or any(_matches(root, pattern) for pattern in self.include))
        )

    def _keeps_what(self, id: ObjectId) -> bool:
        return self._keeps_kind(id.kind) and self._keeps_role(id)

    def _keeps_kind(self, kind: str) -> bool:
        if kind in _OWNERSHIP:
            return self.owners
        if kind in _PRIVILEGES and not self.privileges:
            return False
        return self.kinds is None or kind in self.kinds

    def _keeps_role(self, id: ObjectId) -> bool:
        return id.kind != "grant" or self.roles is None or id.name.name in self.roles

    def _keeps_schema(self, root: ObjectId) -> bool:
        schema = root.name.name if root.kind == "schema" else root.name.schema
        return not self.schemas or schema is None or schema in self.schemas


def within(selection: Selection, before: Catalog, after: Catalog) -> Catalog:
    """Return `after` where the selection looks, and `before` everywhere else.

    What is not looked at stays as it is, unless what it is part of goes.
    """
    chosen = selection.apply(after)
    looked_at = selection.apply(before)
    objects = {o.id: o for o in before if o.id not in looked_at} | dict(chosen.objects)
    lost = [id for id in objects if id not in chosen and _loses_its_place(id, before, objects)]
    for id in lost:
        del objects[id]
    return replace(chosen, objects=without_orphans(objects))


def without_orphans(objects: Mapping[ObjectId, CatalogObject]) -> dict[ObjectId, CatalogObject]:
    """Return the objects without partitions, and their parts, of tables that are no time series any more."""
    orphans = {
        id
        for id, o in objects.items()
        if getattr(o, "managed", False)
        and getattr(objects.get(getattr(o, "partition_of", id)), "time_column", None) is None
    }
    return {id: o for id, o in objects.items() if id.root not in orphans} if orphans else dict(objects)


def _loses_its_place(id: ObjectId, before: Catalog, objects: Mapping[ObjectId, CatalogObject]) -> bool:
    at = id.parent
    while at is not None:
        # The columns of a view are parents of comments, but no objects themselves.
        if at in before and at not in objects:
            return True
        at = at.parent
    return False


def _matches(id: ObjectId, pattern: str) -> bool:
    return fnmatchcase(id.path, pattern) or ("." not in pattern and fnmatchcase(id.root.name.name, pattern))

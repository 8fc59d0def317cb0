"""The catalog: everything that defines a database, captured at one moment."""

from __future__ import annotations

import dataclasses
import hashlib
import json
from collections.abc import Callable, Iterable, Iterator, Mapping
from datetime import datetime
from functools import cache, cached_property
from types import MappingProxyType
from typing import Any

from pgwright.model.names import ObjectId


@dataclasses.dataclass(frozen=True, kw_only=True)
class CatalogObject:
    """Hold one object; each kind adds the fields that define it.

    `depends_on` lists the objects that must exist first. `derived` marks what PostgreSQL
    makes and drops together with something else (the index of a partition that follows its
    parent's, for example): it is listed, but never planned for. Fields declared with
    `fact()` are known, but do not define the object: they are left out of comparison and digest.
    """

    id: ObjectId
    depends_on: tuple[ObjectId, ...] = dataclasses.field(default=(), compare=False)
    derived: bool = dataclasses.field(default=False, compare=False)

    @classmethod
    @cache
    def defining_fields(cls) -> tuple[dataclasses.Field[Any], ...]:
        """Return the fields that define the object, identity excluded."""
        return tuple(f for f in dataclasses.fields(cls) if f.compare and f.name != "id")

    @property
    def shape(self) -> object:
        """Return what PostgreSQL goes by when it looks for a part of a table to be a copy of its parent's.

        Of another shape and the same name, the part is in its way. None for what is no such part.
        """
        return None


def fact(default: Any) -> Any:
    """Declare a field that is known of an object but does not define it."""
    return dataclasses.field(default=default, compare=False)


@dataclasses.dataclass(frozen=True, kw_only=True)
class ServerFacts:
    """Describe the server that a catalog was read from.

    `version_num` is PostgreSQL's own number, for example 150018 for 15.18. `timescaledb` is the licence
    under which the database has TimescaleDB, ``apache`` or ``timescale``, and empty where it has not.
    `role` is the one that read the catalog, and owns what it makes there. `time_zone` is that in
    which its sessions begin; empty where it is not known.
    """

    version_num: int
    database: str = ""
    extensions_available: tuple[str, ...] = ()
    timescaledb: str = ""
    role: str = ""
    time_zone: str = ""

    @property
    def major(self) -> int:
        """Return the major version, for example 15."""
        return self.version_num // 10000


@dataclasses.dataclass(frozen=True, kw_only=True)
class Unhandled:
    """Name something in a database that no kind reads, so that it is never skipped silently.

    `needed_by` and `needs` name objects of the catalog that stand on it and on which it stands.
    """

    what: str
    name: str
    needed_by: tuple[str, ...] = fact(())
    needs: tuple[str, ...] = fact(())

    def __str__(self) -> str:
        return f"{self.what} {self.name}"


@dataclasses.dataclass(frozen=True, kw_only=True)
class Catalog:
    """Hold the whole structure of one database.

    `objects` maps identity to object; iterating over the catalog goes in the order of identities.
    `source` says where it came from (never with a password). `unhandled` names what no kind reads.
    """

    server: ServerFacts
    objects: Mapping[ObjectId, CatalogObject]
    source: str
    captured_at: datetime
    unhandled: tuple[Unhandled, ...] = ()

    def __post_init__(self) -> None:
        object.__setattr__(self, "objects", MappingProxyType(dict(self.objects)))

    def __iter__(self) -> Iterator[CatalogObject]:
        return iter(self._ordered)

    @cached_property
    def _ordered(self) -> tuple[CatalogObject, ...]:
        return tuple(sorted(self.objects.values(), key=lambda o: sort_key(o.id)))

    def __len__(self) -> int:
        return len(self.objects)

    def __contains__(self, id: ObjectId) -> bool:
        return id in self.objects

    def get(self, id: ObjectId) -> CatalogObject | None:
        """Return the object of that identity, or None."""
        return self.objects.get(id)

    def of(self, kind: str) -> tuple[CatalogObject, ...]:
        """Return the objects of one kind, ordered by identity."""
        return self._by_kind.get(kind, ())

    @cached_property
    def _by_kind(self) -> Mapping[str, tuple[CatalogObject, ...]]:
        kinds: dict[str, list[CatalogObject]] = {}
        for o in self:
            kinds.setdefault(o.id.kind, []).append(o)
        return {kind: tuple(objects) for kind, objects in kinds.items()}

    @cached_property
    def _by_parent(self) -> Mapping[ObjectId, tuple[CatalogObject, ...]]:
        children: dict[ObjectId, list[CatalogObject]] = {}
        for o in self:
            if o.id.parent is not None:
                children.setdefault(o.id.parent, []).append(o)
        return {parent: tuple(parts) for parent, parts in children.items()}

    def children(self, id: ObjectId, kind: str | None = None) -> tuple[CatalogObject, ...]:
        """Return the direct parts of an object: a table's columns, constraints, grants."""
        parts = self._by_parent.get(id, ())
        return parts if kind is None else tuple(o for o in parts if o.id.kind == kind)

    @cached_property
    def dependents(self) -> Mapping[ObjectId, tuple[ObjectId, ...]]:
        """Return for each object those that need it directly."""
        result: dict[ObjectId, list[ObjectId]] = {}
        for o in self:
            for needed in o.depends_on:
                result.setdefault(needed, []).append(o.id)
        return {id: tuple(ids) for id, ids in result.items()}

    @cached_property
    def digest(self) -> str:
        """Return a SHA-256 (hex) over the defining fields of all objects.

        Equal digests mean equal structure. Fields that hold their default do not take part,
        so a later version of pgwright that knows more fields keeps the digests of old catalogs.
        """
        hasher = hashlib.sha256()
        for o in self:
            if not o.derived:
                hasher.update(json.dumps(_defining(o), ensure_ascii=True, separators=(",", ":")).encode())
                hasher.update(b"\n")
        return hasher.hexdigest()

    def select(self, keep: Callable[[CatalogObject], bool]) -> Catalog:
        """Return the catalog with only the objects for which `keep` is true, and the parts of those."""
        kept: dict[ObjectId, CatalogObject] = {}
        for o in self.objects.values():
            if all(keep(a) for a in _with_ancestors(self, o)):
                kept[o.id] = o
        return dataclasses.replace(self, objects=kept)

    def replacing(self, objects: Iterable[CatalogObject], source: str | None = None) -> Catalog:
        """Return the catalog with other objects, everything else kept."""
        return dataclasses.replace(
            self, objects={o.id: o for o in objects}, source=self.source if source is None else source
        )


def sort_key(id: ObjectId) -> tuple[Any, ...]:
    """Return a key that orders identities by schema, root and kind, parents before their parts."""
    path: list[tuple[str, str, str]] = []
    at: ObjectId | None = id
    while at is not None:
        path.append((at.name.schema or "", at.name.name, at.kind))
        at = at.parent
    return tuple(reversed(path))


def _with_ancestors(catalog: Catalog, o: CatalogObject) -> Iterator[CatalogObject]:
    yield o
    at = o.id.parent
    while at is not None:
        parent = catalog.get(at)
        if parent is not None:
            yield parent
        at = at.parent


def _defining(o: CatalogObject) -> dict[str, Any]:
    data: dict[str, Any] = {"id": _plain(o.id)}
    for f in o.defining_fields():
        value = getattr(o, f.name)
        if f.default is dataclasses.MISSING or value != f.default:
            data[f.name] = _plain(value)
    return data


_JSON_OWN = (str, int, float, type(None))


@cache
def _field_names(cls: type) -> tuple[str, ...] | None:
    return tuple(f.name for f in dataclasses.fields(cls)) if dataclasses.is_dataclass(cls) else None


def _plain(value: Any) -> Any:
    """Turn names, identities, tuples and nested dataclasses into JSON's own types."""
    if isinstance(value, _JSON_OWN):
        return value
    names = _field_names(value.__class__)
    if names is not None:
        return {name: _plain(getattr(value, name)) for name in names}
    if isinstance(value, tuple | list):
        return [_plain(v) for v in value]
    if isinstance(value, Mapping):
        return {str(k): _plain(v) for k, v in sorted(value.items())}
    return value

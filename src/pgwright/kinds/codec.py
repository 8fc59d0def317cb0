"""Catalogs and plans as JSON, and back."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime
from typing import Any

import msgspec

from pgwright.kinds.registry import kind
from pgwright.model.catalog import Catalog, CatalogObject, ServerFacts, Unhandled, sort_key
from pgwright.model.names import ObjectId
from pgwright.model.plan import Plan

FORMAT = 1


def catalog_to_json(catalog: Catalog) -> bytes:
    """Return the catalog as JSON: format, digest, server, source, captured_at, objects, unhandled.

    Objects stand in the order of their identities, so that equal catalogs give equal text.
    """
    return msgspec.json.encode(
        {
            "format": FORMAT,
            "digest": catalog.digest,
            "source": catalog.source,
            "captured_at": catalog.captured_at,
            "server": catalog.server,
            "objects": [_object(o) for o in catalog],
            "unhandled": catalog.unhandled,
        },
        order="deterministic",
    )


def _object(o: CatalogObject) -> Any:
    data = msgspec.to_builtins(replace(o, depends_on=tuple(sorted(o.depends_on, key=sort_key))))
    return {
        f: v
        for f, v in data.items()
        if f == "id" or v not in (None, False, "", [], ()) or not _has_default(o, f)
    }


def _has_default(o: CatalogObject, name: str) -> bool:
    field = type(o).__dataclass_fields__[name]
    return bool(getattr(o, name) == field.default)


class _Document(msgspec.Struct):
    source: str
    captured_at: datetime
    server: ServerFacts
    objects: list[dict[str, Any]]
    unhandled: tuple[Unhandled, ...] = ()


def catalog_from_json(text: bytes) -> Catalog:
    """Return the catalog that `catalog_to_json` wrote. Raises `msgspec.ValidationError` for other text."""
    document = msgspec.json.decode(text, type=_Document)
    objects: dict[ObjectId, CatalogObject] = {}
    for data in document.objects:
        # The identity says the kind: an object may have a field of that name that says something else.
        id = msgspec.convert(data["id"], type=ObjectId)
        found: CatalogObject = msgspec.convert(data, type=kind(id.kind).cls)
        objects[found.id] = found
    return Catalog(
        server=document.server,
        objects=objects,
        source=document.source,
        captured_at=document.captured_at,
        unhandled=document.unhandled,
    )


def plan_to_json(plan: Plan) -> bytes:
    """Return the plan as JSON."""
    return msgspec.json.encode({"format": FORMAT, **msgspec.to_builtins(plan)})


def plan_from_json(text: bytes) -> Plan:
    """Return the plan that `plan_to_json` wrote. Raises `msgspec.ValidationError` for other text."""
    return msgspec.json.decode(text, type=Plan)

"""Domains that columns are of, and what they demand of values."""

from __future__ import annotations

from collections.abc import Iterator

from pgwright.model.catalog import Catalog, CatalogObject


def domains(o: CatalogObject, catalog: Catalog) -> Iterator[CatalogObject]:
    """Yield the domain that a column is of, and those under it; an array of a domain is of none."""
    # The kind of domains builds on that of columns, so its objects are known here by their fields only.
    for id in () if getattr(o, "type", "").endswith("[]") else o.depends_on:
        domain = catalog.get(id) if id.kind == "domain" else None
        if domain is not None:
            yield domain
            yield from domains(domain, catalog)


def demands(o: CatalogObject, catalog: Catalog) -> bool:
    """Tell whether the domains of a column refuse any value: PostgreSQL then looks at all of them."""
    return any(getattr(d, "not_null", False) or getattr(d, "checks", ()) for d in domains(o, catalog))


def plain_type(o: CatalogObject, catalog: Catalog) -> str:
    """Return the type of a column, of a domain the one under it."""
    type: str = getattr(o, "type")  # noqa: B009 - see `domains`
    for domain in domains(o, catalog):
        type = getattr(domain, "base")  # noqa: B009
    return type

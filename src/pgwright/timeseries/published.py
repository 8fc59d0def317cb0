"""Publications of a table that is to have partitions: its subscribers know the table, and no partition."""

from __future__ import annotations

from dataclasses import replace

from pgwright.kinds.publication import Publication
from pgwright.kinds.table import Table
from pgwright.model.catalog import Catalog
from pgwright.model.names import ObjectId

_SINCE = 13  # publishes partitioned tables


def published_by_name(catalog: Catalog, table: ObjectId) -> Catalog:
    """Return the catalog with publications that send the rows of `table` as its own, not as its partitions'.

    A publication of another partitioned table stays: its subscribers may know those partitions.
    """
    if catalog.server.timescaledb or catalog.server.major < _SINCE:
        return catalog
    changed = [
        replace(o, via_root=True)
        for o in catalog.of("publication")
        if isinstance(o, Publication)
        and _sends(o, table)
        and not any(
            _sends(o, t.id)
            for t in catalog.of("table")
            if isinstance(t, Table) and t.is_partitioned and t.id != table
        )
    ]
    return replace(catalog, objects={**catalog.objects, **{o.id: o for o in changed}})


def _sends(publication: Publication, table: ObjectId) -> bool:
    return (
        publication.all_tables
        or any(t.table == table for t in publication.tables)
        or any(s.name.name == table.name.schema for s in publication.schemas)
    )

"""What the live database holds: tables by app, partitions, hypertables, and where it differs."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import pgwright
from django.apps import apps
from django.conf import settings
from django.db import DEFAULT_DB_ALIAS, connections
from psycopg.conninfo import make_conninfo

if TYPE_CHECKING:
    from pgwright.diff.comparison import Comparison
    from pgwright.model.catalog import Catalog
    from pgwright.model.selection import Selection
    from pgwright.observe.docs.nouns import DataModel
    from psycopg import Connection

NO_MODEL = "without a model"
TIMESCALE = "timescaledb"

_HYPERTABLES = """
    SELECT h.hypertable_name, d.column_name, d.time_interval::text, h.compression_enabled
    FROM timescaledb_information.hypertables h
    JOIN timescaledb_information.dimensions d USING (hypertable_schema, hypertable_name)
    WHERE d.dimension_number = 1
    ORDER BY h.hypertable_schema, h.hypertable_name
"""
_CHUNKS = """
    SELECT chunk_name, range_start::text || ' to ' || range_end::text, is_compressed
    FROM timescaledb_information.chunks
    WHERE hypertable_name = %s
    ORDER BY range_start, chunk_name
"""
_PARTITIONED = """
    SELECT c.relname, pg_get_partkeydef(c.oid)
    FROM pg_class c
    WHERE c.relkind = 'p' AND NOT c.relispartition AND c.relnamespace = 'public'::regnamespace
    ORDER BY c.relname
"""
_PARTITIONS = """
    SELECT p.relname, pg_get_expr(p.relpartbound, p.oid), false
    FROM pg_inherits i
    JOIN pg_class c ON c.oid = i.inhparent
    JOIN pg_class p ON p.oid = i.inhrelid
    WHERE c.relname = %s AND c.relnamespace = 'public'::regnamespace
    ORDER BY p.relname
"""


@dataclass(frozen=True, kw_only=True)
class Chunk:
    """Hold a part of a table that is divided by time: a chunk of a hypertable, or a partition."""

    name: str
    bounds: str
    compressed: bool


@dataclass(frozen=True, kw_only=True)
class Divided:
    """Hold a table that is divided; `interval` is None where PostgreSQL itself divides it, by `key`."""

    name: str
    key: str
    interval: str | None
    compression: bool
    chunks: tuple[Chunk, ...]


class Inspection:
    """Look into the database of a Django connection, by pgwright's own reader."""

    def __init__(self, alias: str = DEFAULT_DB_ALIAS) -> None:
        self.url = url_of(alias)
        self.project = pgwright.load_project(Path(settings.BASE_DIR), environ={"DATABASE_URL": self.url})

    def schema(self) -> tuple[Catalog, DataModel]:
        """Return the catalog, and its tables with their sizes, grouped by the app whose models they hold."""
        catalog = pgwright.load_catalog(self.url)
        with pgwright.connect(self.url) as connection:
            sizes = pgwright.sizes(connection)
        rules = (*model_tables(), (NO_MODEL, "*"))
        return catalog, pgwright.data_model(catalog, title=self.project.name, sizes=sizes, rules=rules)

    def divided(self) -> tuple[Divided, ...]:
        """Return hypertables and partitioned tables, with all their parts."""
        with pgwright.connect(self.url) as connection:
            found = list(_partitioned(connection))
            if has_timescale(connection):
                found += _hypertables(connection)
        return tuple(found)

    def against_models(self) -> Comparison:
        """Compare the live schema with what the models declare."""
        assert self.project.models is not None
        return self._against(self.project.models, pgwright.Selection())

    def against(self, other: str) -> Comparison:
        """Compare the live schema with another environment: a URL, or a name in `pgwright.toml`.

        Owners and grants are left out: each environment has roles of its own.
        """
        if "://" not in other and "=" not in other:
            # The other's own variables decide, not this connection's.
            other = pgwright.load_project(Path(settings.BASE_DIR)).database(other).url
        return self._against(other, pgwright.Selection(owners=False, privileges=False))

    def _against(self, other: str, selection: Selection) -> Comparison:
        workshop = pgwright.Workshop(root=self.project.root, scratch=self.project.scratch)
        return pgwright.compare_sources(self.url, other, workshop=workshop, selection=selection)


def url_of(alias: str) -> str:
    """Return the connection text of a Django connection; pgwright sets a search path of its own."""
    entry = connections[alias].settings_dict
    given = {
        "dbname": entry["NAME"],
        "user": entry["USER"],
        "password": entry["PASSWORD"],
        "host": entry["HOST"],
        "port": entry["PORT"],
        **entry["OPTIONS"],
    }
    return make_conninfo(**{key: str(value) for key, value in given.items() if value and key != "options"})


def model_tables() -> Iterator[tuple[str, str]]:
    """Yield the app and the path of every model's table, tables between two models included."""
    for model in apps.get_models(include_auto_created=True):
        if model._meta.managed and not model._meta.proxy:
            yield model._meta.app_label, f"public.{model._meta.db_table}"


def has_timescale(connection: Connection) -> bool:
    """Tell whether the database has the extension."""
    row = connection.execute("SELECT FROM pg_extension WHERE extname = %s", (TIMESCALE,)).fetchone()
    return row is not None


def _hypertables(connection: Connection) -> Iterator[Divided]:
    for name, key, interval, compression in connection.execute(_HYPERTABLES).fetchall():
        yield Divided(
            name=name,
            key=key,
            interval=interval,
            compression=compression,
            chunks=_chunks(connection, _CHUNKS, name),
        )


def _partitioned(connection: Connection) -> Iterator[Divided]:
    for name, key in connection.execute(_PARTITIONED).fetchall():
        yield Divided(
            name=name,
            key=key,
            interval=None,
            compression=False,
            chunks=_chunks(connection, _PARTITIONS, name),
        )


def _chunks(connection: Connection, query: str, name: str) -> tuple[Chunk, ...]:
    rows = connection.execute(query, (name,)).fetchall()
    return tuple(Chunk(name=chunk, bounds=bounds, compressed=bool(c)) for chunk, bounds, c in rows)

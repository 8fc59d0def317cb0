"""Load a catalog from any source, by its specification."""

from __future__ import annotations

import re
from collections.abc import Collection
from contextlib import closing

from pgwright.errors import SourceError
from pgwright.model.catalog import Catalog
from pgwright.pg.connect import connect
from pgwright.pg.redact import safe_url
from pgwright.server.scratch import ensure_roles, scratch_database
from pgwright.sources.database import read_catalog
from pgwright.sources.workshop import Workshop, is_database

_NO_ROLE = re.compile(r'role "(?P<name>.+?)" does not exist')


def load_catalog(
    spec: str, workshop: Workshop | None = None, *, schemas: Collection[str] | None = None
) -> Catalog:
    """Return the catalog that `spec` names.

    `spec` is the URL of a database, ``sqlalchemy:module:Base``, ``django:settings``, ``file:schema.sql`` or
    a path that ends in ``.sql``. Everything but a database is built in a scratch database and read there,
    so that PostgreSQL itself normalises it. Raises `UsageError` for an unknown form, `SourceError` for
    what does not load, and the `ConnectError` family.
    """
    workshop = workshop or Workshop()
    if is_database(spec):
        with connect(spec) as conn:
            return read_catalog(conn, source=safe_url(spec), schemas=schemas)
    made: set[str] = set()
    while True:
        with (
            closing(workshop.prepared(spec)) as prepared,
            scratch_database(server=workshop.scratch, extensions=workshop.extensions) as place,
        ):
            try:
                prepared.build(place)
            except SourceError as exc:
                role = _missing_role(exc)
                if role is None or role in made or not place.embedded:
                    raise
                # Owners and grants name roles of the server that they are for; here a name is enough.
                ensure_roles(place.url, [role])
                made.add(role)
                continue
            with connect(place.url) as conn:
                return read_catalog(conn, source=spec, schemas=schemas)


def _missing_role(error: SourceError) -> str | None:
    match = _NO_ROLE.search(f"{error.message} {error.detail}")
    return match["name"].replace('""', '"') if match else None

"""Load a catalog from any source, by its specification."""

from __future__ import annotations

import difflib
import re
from collections.abc import Collection, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from pgwright.errors import SourceError, UsageError
from pgwright.model.catalog import Catalog
from pgwright.pg.connect import connect
from pgwright.pg.redact import safe_url
from pgwright.server.scratch import EMBEDDED, ensure_roles, scratch_database
from pgwright.sources.database import read_catalog
from pgwright.sources.registry import SOURCES, builder

_DATABASE_SCHEMES = ("postgresql", "postgres")
_NO_ROLE = re.compile(r'role "(?P<name>.+?)" does not exist')


@dataclass(frozen=True, kw_only=True)
class Workshop:
    """Say where sources that are no database are built.

    `root` is the project's folder, from which models are imported and files are found. `scratch` is
    ``embedded`` or the URL of a server for scratch databases; `extensions` are created there first.
    """

    root: Path = field(default_factory=Path.cwd)
    scratch: str = field(default=EMBEDDED, repr=False)
    extensions: Sequence[str] = ()


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
    scheme, rest = _parse(spec)
    made: set[str] = set()
    while True:
        with scratch_database(server=workshop.scratch, extensions=workshop.extensions) as place:
            try:
                builder(scheme)(rest, place=place, root=workshop.root)
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


def is_database(spec: str) -> bool:
    """Tell whether a specification names a live database: a URL or libpq's keywords."""
    scheme = spec.partition(":")[0].partition("+")[0]
    keywords = "=" in spec.partition(" ")[0] and ":" not in spec.partition("=")[0]
    return (scheme in _DATABASE_SCHEMES and "://" in spec) or keywords


def _parse(spec: str) -> tuple[str, str]:
    if spec.endswith(".sql") and not spec.startswith("file:"):
        return "file", spec
    scheme, colon, rest = spec.partition(":")
    if not colon or scheme not in SOURCES or not rest:
        near = difflib.get_close_matches(scheme, SOURCES, n=1)
        raise UsageError(
            f"unknown source {safe_url(spec)!r}",
            detail="a source is the URL of a database, sqlalchemy:module:Base, django:settings.module "
            "or file:schema.sql",
            hint=f"did you mean {near[0]}:{rest}"
            if near
            else "write, for example, sqlalchemy:app.models:Base",
        )
    return scheme, rest

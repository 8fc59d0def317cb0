"""SQLAlchemy models as a source: ``module:Base``, a declarative base, a registry or a MetaData."""

from __future__ import annotations

from collections.abc import Callable
from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING

from pgwright.sources.builder import fail, reporting, serve
from pgwright.sources.subprocess_build import BuilderProcess

if TYPE_CHECKING:
    from sqlalchemy import MetaData


def prepare(spec: str, *, root: Path) -> BuilderProcess:
    """Begin to import models; they are then built with all that they declare.

    `spec` is ``module:attribute``; several are separated by commas.
    """
    return BuilderProcess("pgwright.sources.sqlalchemy", spec, root=root, spec=f"sqlalchemy:{spec}")


def _metadata(spec: str) -> MetaData:
    from sqlalchemy import MetaData  # noqa: PLC0415

    module, _, attribute = spec.partition(":")
    hint = 'name a declarative base or a MetaData in pgwright.toml: models = "sqlalchemy:app.models:Base"'
    with reporting(f"the models of {spec!r} do not import", f"try it alone: python -c 'import {module}'"):
        found = getattr(import_module(module), attribute or "Base", None)
    if found is None:
        fail(f"{module} has no attribute {attribute or 'Base'!r}", f"looked for sqlalchemy:{spec}", hint)
    metadata = getattr(found, "metadata", found)
    if not isinstance(metadata, MetaData):
        fail(f"{spec!r} is no declarative base and no MetaData", f"it is a {type(found).__name__}", hint)
    if not metadata.tables:
        detail = "a base knows only the models that were imported"
        fail(
            f"{spec!r} declares no tables",
            detail,
            "import the modules with the models where the base is named",
        )
    return metadata


def _prepare(argument: str) -> Callable[[str], None]:
    from sqlalchemy import create_engine, make_url  # noqa: PLC0415
    from sqlalchemy.pool import NullPool  # noqa: PLC0415
    from sqlalchemy.schema import CreateSchema  # noqa: PLC0415

    from pgwright.sources.declarations import ensure_declared_roles  # noqa: PLC0415

    bases = [_metadata(spec.strip()) for spec in argument.split(",")]
    hint = "mend the models; an extension that they need must be in the database that they are compared with"

    def build(url: str) -> None:
        engine = create_engine(make_url(url).set(drivername="postgresql+psycopg"), poolclass=NullPool)
        with reporting(f"the tables of {argument!r} cannot be created", hint), engine.begin() as connection:
            for metadata in bases:
                for schema in sorted({t.schema for t in metadata.tables.values() if t.schema}):
                    connection.execute(CreateSchema(schema, if_not_exists=True))
                ensure_declared_roles(url, metadata.info.get("pgwright.declarations", ()))
                metadata.create_all(connection)

    return build


if __name__ == "__main__":
    serve(_prepare)

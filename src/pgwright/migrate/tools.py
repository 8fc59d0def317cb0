"""The tool that a project migrates with: which it is, and the program that runs it."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from types import MappingProxyType
from typing import Any

from pgwright.config import Project
from pgwright.config.django import DEFAULT_ALIAS, DjangoModels, django_models
from pgwright.errors import UsageError
from pgwright.migrate.revisions.graph import Revisions
from pgwright.migrate.state import ALEMBIC, DJANGO

# A program and not a function: the project's code runs in a process of its own.
RUNNERS: Mapping[str, str] = MappingProxyType(
    {ALEMBIC: "pgwright.contrib.alembic.runner", DJANGO: "pgwright.contrib.django.runner"}
)


@dataclass(frozen=True, kw_only=True)
class Tool:
    """Name the migration tool of a project.

    `table` is where it keeps its place in the database, `newest` its word for the last revision and `oldest`
    that for none at all. `options` is what its runner needs to know.
    """

    name: str
    root: Path
    table: str
    newest: str
    oldest: str
    options: Mapping[str, Any] = field(default_factory=dict)

    @property
    def runner(self) -> str:
        """Return the module that runs it."""
        return RUNNERS[self.name]

    @property
    def is_beside_default(self) -> bool:
        """Tell whether its database is another one than that which DATABASE_URL names to the project."""
        return bool(self.options.get("alias", DEFAULT_ALIAS) != DEFAULT_ALIAS)


def tool_of(project: Project) -> Tool:
    """Return the project's tool. Raises `UsageError` where it names none."""
    name, _, place = (project.migrations or "").partition(":")
    if name == ALEMBIC:
        options = {"ini": str(project.root / place)}
        return Tool(
            name=name,
            root=project.root,
            table="alembic_version",
            newest="head",
            oldest="base",
            options=options,
        )
    if name == DJANGO:
        models = django_models(project.models) or DjangoModels("")
        return Tool(
            name=name,
            root=project.root,
            table="django_migrations",
            newest="",
            oldest="zero",
            options=models._asdict(),
        )
    raise UsageError(
        "this project names no migrations",
        detail=f"looked in {project.config or 'the environment'}; nothing was done",
        hint='set migrations = "alembic:alembic.ini" or "django" under [project] in pgwright.toml'
        if project.config
        else "write pgwright.toml, in the project's folder: pgwright init",
    )


def digests_of(files: Revisions) -> dict[str, str]:
    """Return what the file of each revision is recognised by: 128 bits of its SHA-256."""
    return {id: digest_of(revision.path) for id, revision in files.by_id.items()}


def digest_of(path: Path) -> str:
    """Return the digest of a file; line ends and blanks at the end of lines do not count."""
    with path.open("rb") as file:
        lines = (line.rstrip() for line in file)
        return hashlib.sha256(b"\n".join(lines)).hexdigest()[:32]


def environment_of(url: str | None, given: Mapping[str, str] | None = None) -> dict[str, str]:
    """Return the environment of a process that may reach no other database than that at `url`.

    DATABASE_URL keeps the driver that it names: settings choose an engine by it. With None, it keeps all.
    """
    from pgwright.pg.address import parse_address  # noqa: PLC0415

    found = dict(os.environ if given is None else given)
    found["PYTHONDONTWRITEBYTECODE"] = "1"
    if url is None:
        return found
    address = parse_address(url)
    scheme, mark, _ = found.get("DATABASE_URL", "").partition("://")
    text = address.text
    driver = scheme.partition("+")[2]
    if mark and driver:
        text = f"postgresql+{driver}{text.removeprefix('postgresql')}"
    found["DATABASE_URL"] = text
    return found

"""Databases that a command takes as arguments: by their names in pgwright.toml, or by URL."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pgwright.cli.context import Invocation, configured_at
from pgwright.errors import UsageError
from pgwright.model.wording import did_you_mean

if TYPE_CHECKING:
    from pgwright.config import Database


def database_of(invocation: Invocation, word: str) -> Database:
    """Return the database that a word names, or that is at this URL.

    A URL that leads to the place of a configured database has that one's name and environment. Raises
    `UsageError` for a word that is neither.
    """
    from pgwright.config import Database
    from pgwright.pg.redact import safe_url
    from pgwright.sources.workshop import is_database

    project = invocation.project
    names = [database.name for database in project.databases]
    if word in names:
        return project.database(word)
    if is_database(word) or word.startswith("service="):
        same = configured_at(project, word)
        name, environment = (same.name, same.environment) if same else (safe_url(word), "development")
        return Database(name=name, url=word, environment=environment)
    raise UsageError(
        f"no database is called {word}" + did_you_mean(word, names),
        detail=f"pgwright.toml names: {', '.join(names) or 'none'}",
        hint="name one of these, or give a URL: postgresql://user@host:5432/database",
    )

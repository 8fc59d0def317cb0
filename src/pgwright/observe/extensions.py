"""Extensions of the database, and those that the server offers."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from pgwright.observe.fetch import fetch

if TYPE_CHECKING:
    import psycopg


@dataclass(frozen=True, kw_only=True)
class Extension:
    """Describe an extension.

    `installed_version` is None where this database lacks it, `available_version` where the server has lost
    its files. `comment` is the extension's own description.
    """

    name: str
    installed_version: str | None
    available_version: str | None
    schema: str | None
    comment: str | None


def extensions(conn: psycopg.Connection[Any], *, available: bool = False) -> tuple[Extension, ...]:
    """Return the extensions of this database, by name; with `available`, what it could have after them."""
    found = (Extension(**row) for row in fetch(conn, "pgwright.observe", "extensions"))
    return tuple(extension for extension in found if available or extension.installed_version)

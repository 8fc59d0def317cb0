"""Where a catalog can come from, by the word before the first colon of its specification.

To add a source: one module with a `prepare` function, one line here.
"""

from __future__ import annotations

from functools import cache
from importlib import import_module
from typing import Any, NamedTuple


class Source(NamedTuple):
    """Where the `prepare` function of a source is, and a specification of it, for messages."""

    prepare: str
    example: str


SOURCES: dict[str, Source] = {
    "sqlalchemy": Source("pgwright.sources.sqlalchemy:prepare", "sqlalchemy:app.models:Base"),
    "django": Source("pgwright.sources.django:prepare", "django:config.settings"),
    "file": Source("pgwright.sources.sqlfile:prepare", "file:schema.sql"),
}


@cache
def preparer(name: str) -> Any:
    """Return the `prepare` function of that source; its module is imported on first use."""
    module, _, attribute = SOURCES[name].prepare.partition(":")
    return getattr(import_module(module), attribute)

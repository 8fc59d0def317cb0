"""Where a catalog can come from, by the word before the first colon of its specification.

To add a source: one module with a `build` function, one line here.
"""

from __future__ import annotations

from functools import cache
from importlib import import_module
from typing import Any

SOURCES: dict[str, str] = {
    "sqlalchemy": "pgwright.sources.sqlalchemy:build",
    "django": "pgwright.sources.django:build",
    "file": "pgwright.sources.sqlfile:build",
}


@cache
def builder(name: str) -> Any:
    """Return the `build` function of that source; its module is imported on first use."""
    module, _, attribute = SOURCES[name].partition(":")
    return getattr(import_module(module), attribute)

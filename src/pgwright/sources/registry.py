"""Where a catalog can come from, by the word before the first colon of its specification.

To add a source: one module with a `prepare` function, one line here.
"""

from __future__ import annotations

from functools import cache
from importlib import import_module
from typing import Any

SOURCES: dict[str, str] = {
    "sqlalchemy": "pgwright.sources.sqlalchemy:prepare",
    "django": "pgwright.sources.django:prepare",
    "file": "pgwright.sources.sqlfile:prepare",
}


@cache
def preparer(name: str) -> Any:
    """Return the `prepare` function of that source; its module is imported on first use."""
    module, _, attribute = SOURCES[name].partition(":")
    return getattr(import_module(module), attribute)

"""The formats of files, by name.

To add one: a module with a reader and a writer, one line in each table, a line in `SUFFIXES`; one that turns
rows into columns is named in `COLUMNAR`, one whose values are JSON in `AS_JSON`.
"""

from __future__ import annotations

from functools import cache
from importlib import import_module
from pathlib import PurePosixPath
from types import MappingProxyType
from typing import Any

from pgwright.errors import UsageError

READERS: dict[str, str] = {
    "csv": "pgwright.formats.csv:read_csv",
    "json": "pgwright.formats.json:read_json",
    "jsonl": "pgwright.formats.json:read_jsonl",
    "django": "pgwright.formats.json:read_django",
    "parquet": "pgwright.formats.columnar:read_parquet",
    "arrow": "pgwright.formats.columnar:read_arrow",
}

WRITERS: dict[str, str] = {
    "csv": "pgwright.formats.csv:write_csv",
    "json": "pgwright.formats.json:write_json",
    "jsonl": "pgwright.formats.json:write_jsonl",
    "django": "pgwright.formats.json:write_django",
    "parquet": "pgwright.formats.columnar:write_parquet",
    "arrow": "pgwright.formats.columnar:write_arrow",
}

# Their writers are slower than a session which sends them rows: more sessions would only take their CPU.
# Their readers begin at the end of a file.
COLUMNAR = frozenset({"parquet", "arrow"})

AS_JSON = frozenset({"json", "jsonl", "django"})

SUFFIXES = MappingProxyType(
    {
        ".csv": "csv",
        ".json": "json",
        ".jsonl": "jsonl",
        ".ndjson": "jsonl",
        ".parquet": "parquet",
        ".arrow": "arrow",
        ".feather": "arrow",
    }
)


def told_format(name: str) -> str | None:
    """Return the format that a file's name tells, None where it tells none."""
    return SUFFIXES.get(PurePosixPath(name).suffix.lower())


def format_of(name: str) -> str:
    """Return the format that a file's name tells. Raises `UsageError` where it tells none."""
    found = told_format(name)
    if found is None:
        raise UsageError(
            f"the name {name} does not tell the format",
            hint=f"add for example --format csv; there are: {', '.join(READERS)}",
        )
    return found


@cache
def reader(name: str) -> Any:
    """Return the function that opens a file of that format."""
    return _resolved(READERS, name)


@cache
def writer(name: str) -> Any:
    """Return the function that turns COPY's output into a file of that format."""
    return _resolved(WRITERS, name)


def _resolved(registry: dict[str, str], name: str) -> Any:
    if name not in registry:
        raise UsageError(f"unknown format {name}", hint=f"one of: {', '.join(registry)}")
    module, _, attribute = registry[name].partition(":")
    return getattr(import_module(module), attribute)

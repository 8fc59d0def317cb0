"""Named SQL: one `.sql` file beside the module that uses it, with variants by server version.

``column.sql`` serves every version from the one named in its header; ``column-18.sql`` replaces
it on PostgreSQL 18 and later. The header is a comment with a purpose, ``-- since: 12`` and the columns.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from functools import cache
from importlib import resources
from importlib.resources.abc import Traversable
from operator import itemgetter

_VARIANT = re.compile(r"(?P<name>.+?)(?:-(?P<since>\d+))?\.sql\Z")


@cache
def load_sql(package: str, name: str, major: int) -> str:
    """Return the text of the newest variant of `name` in `package` that a server of `major` understands.

    Raises `FileNotFoundError` when the package has no such file.
    """
    fitting = [(since, path) for since, path in _variants(package).get(name, ()) if since <= major]
    if not fitting:
        raise FileNotFoundError(f"{package} has no {name}.sql for PostgreSQL {major}")
    _, newest = max(fitting, key=itemgetter(0))
    return newest.read_text(encoding="utf-8")


@cache
def _variants(package: str) -> Mapping[str, Sequence[tuple[int, Traversable]]]:
    """Return the variants of each name, listed once: a catalog is read by dozens of files of one folder."""
    found: dict[str, list[tuple[int, Traversable]]] = {}
    for entry in resources.files(package).iterdir():
        match = _VARIANT.match(entry.name)
        if match is not None:
            found.setdefault(match["name"], []).append((int(match["since"] or 0), entry))
    return found

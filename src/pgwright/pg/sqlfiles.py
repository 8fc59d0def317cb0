"""Named SQL: one `.sql` file beside the module that uses it, with variants by server version.

``column.sql`` serves every version from the one named in its header; ``column-18.sql`` replaces
it on PostgreSQL 18 and later. The header is a comment with a purpose, ``-- since: 12`` and the columns.
"""

from __future__ import annotations

import re
from functools import cache
from importlib import resources

_VARIANT = re.compile(r"(?P<name>.+?)(?:-(?P<since>\d+))?\.sql\Z")


@cache
def load_sql(package: str, name: str, major: int) -> str:
    """Return the text of the newest variant of `name` in `package` that a server of `major` understands.

    Raises `FileNotFoundError` when the package has no such file.
    """
    best: tuple[int, str] | None = None
    for entry in resources.files(package).iterdir():
        match = _VARIANT.match(entry.name)
        if match is None or match["name"] != name:
            continue
        since = int(match["since"] or 0)
        if since <= major and (best is None or since > best[0]):
            best = (since, entry.read_text(encoding="utf-8"))
    if best is None:
        raise FileNotFoundError(f"{package} has no {name}.sql for PostgreSQL {major}")
    return best[1]

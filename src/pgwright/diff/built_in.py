"""Functions that came with an extension before PostgreSQL brought them itself.

Until PostgreSQL 13, `gen_random_uuid()` is pgcrypto's; since then a name without a schema means the server's
own, which pgcrypto's only calls. What an older server says of it stands for that one on a newer server, or
every default would differ from the models that it was made from.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence

from pgwright.diff.execute import Spelling
from pgwright.kinds.extension import Extension
from pgwright.model.catalog import Catalog
from pgwright.pg.quoting import Name, render

# Extension, function, and the first version of PostgreSQL that has it without.
_MOVED = (("pgcrypto", "gen_random_uuid", 13),)

# Bodies of functions are text: they stay as they are.
_TEXT = r"'(?:[^']|'')*'|(?P<quote>\$\w*\$).*?(?P=quote)"


def with_built_in(catalog: Catalog, server_version: int, spelt: Spelling) -> Spelling:
    """Return how statements of `catalog` are spelt on a server of that version, such as 180001."""
    names = list(_moved(catalog, server_version // 10000))
    if not names:
        return spelt
    calls = "|".join(map(re.escape, names))
    found = re.compile(rf"{_TEXT}|(?<![\w$.\"])(?P<call>{calls})(?=\()", re.DOTALL)

    def spell(text: str) -> Sequence[str]:
        return spelt(found.sub(lambda m: _own(m["call"]) if m["call"] else m[0], text))

    return spell


def _moved(catalog: Catalog, major: int) -> Iterator[str]:
    """Yield the functions as the older server names them."""
    installed = {o.id.name.name: o.schema for o in catalog.of("extension") if isinstance(o, Extension)}
    for extension, function, since in _MOVED:
        if catalog.server.major < since <= major and extension in installed:
            yield f"{render(Name(installed[extension]))}.{function}"


def _own(call: str) -> str:
    return f"pg_catalog.{call.rpartition('.')[2]}"

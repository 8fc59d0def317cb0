"""A name that PostgreSQL would cut."""

import re
from collections.abc import Iterator

from pgwright.migrate.lint.nouns import Linted, Remark, Rule
from pgwright.model.finding import Severity

_NAME = re.compile(r'"(?P<quoted>[^"]+)"|\b(?P<plain>[A-Za-z_]\w*)\b')
_TEXTS = re.compile(r"'(?:[^']|'')*'|\$(\w*)\$.*?\$\1\$", re.DOTALL)
_LIMIT = 63


def find(linted: Linted) -> Iterator[Remark]:
    """Yield names of more than 63 bytes."""
    for statement in linted.statements:
        for match in _NAME.finditer(_TEXTS.sub("''", statement.sql)):
            name = match["quoted"] or match["plain"]
            if len(name.encode()) > _LIMIT:
                yield Remark(
                    message=f"PostgreSQL cuts {name} to {_LIMIT} bytes: two such names may become one",
                    hint="give it a shorter name",
                    line=statement.line,
                )


RULE = Rule(id="long_identifier", title="names fit into 63 bytes", severity=Severity.WARNING, find=find)

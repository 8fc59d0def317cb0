"""An index on many columns."""

import re
from collections.abc import Iterator

from pgwright.migrate.lint.nouns import Linted, Remark, Rule
from pgwright.model.finding import Severity

_INDEX = re.compile(r"\s*CREATE\s+INDEX\b.*?\bON\b[^(]*\((?P<keys>[^()]*)\)", re.IGNORECASE | re.DOTALL)
_MOST = 3


def find(linted: Linted) -> Iterator[Remark]:
    """Yield indexes that are not unique and have more than three keys."""
    for statement in linted.statements:
        match = _INDEX.match(statement.sql)
        if match and match["keys"].count(",") >= _MOST:
            yield Remark(
                message=f"an index of more than {_MOST} columns is seldom used beyond the first ones, and "
                f"every write pays for it: {statement.short}",
                hint="keep the columns that queries filter by together; add others with INCLUDE",
                line=statement.line,
            )


RULE = Rule(id="wide_index", title="indexes have few columns", severity=Severity.INFO, find=find)

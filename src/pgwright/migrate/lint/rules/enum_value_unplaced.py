"""An enum value without a place."""

import re
from collections.abc import Iterator

from pgwright.migrate.lint.nouns import Linted, Remark, Rule
from pgwright.model.finding import Severity

_ADDED = re.compile(r"\s*ALTER\s+TYPE\b.*\bADD\s+VALUE\b", re.IGNORECASE | re.DOTALL)
_PLACED = re.compile(r"\b(?:BEFORE|AFTER)\b", re.IGNORECASE)


def find(linted: Linted) -> Iterator[Remark]:
    """Yield ADD VALUE without BEFORE or AFTER."""
    for statement in linted.statements:
        if _ADDED.match(statement.sql) and not _PLACED.search(statement.sql):
            yield Remark(
                message=f"the value comes last, and its place, by which ORDER BY sorts, can never change: "
                f"{statement.short}",
                hint="say where it belongs: ADD VALUE ... AFTER '...'",
                line=statement.line,
            )


RULE = Rule(id="enum_value_unplaced", title="enum values say their place", severity=Severity.INFO, find=find)

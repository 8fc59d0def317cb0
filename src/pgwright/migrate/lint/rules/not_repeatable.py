"""A statement that commits by itself and cannot run twice."""

import re
from collections.abc import Iterator

from pgwright.migrate.lint.nouns import Linted, Remark, Rule
from pgwright.model.finding import Severity

# An index has its own rule here: IF NOT EXISTS would take the invalid leftover of a failed build for it.
_ONCE = re.compile(
    r"\s*(?:(?:CREATE|DROP)\s+(?!(?:UNIQUE\s+)?INDEX\b)(?!OR\s+REPLACE\b)"
    r"|ALTER\s+TYPE\b.*\bADD\s+VALUE\b|ALTER\s+TABLE\b.*\b(?:ADD|DROP)\s+(?:COLUMN|CONSTRAINT)\b)",
    re.IGNORECASE | re.DOTALL,
)
_TWICE = re.compile(r"\bIF\s+(?:NOT\s+)?EXISTS\b", re.IGNORECASE)


def find(linted: Linted) -> Iterator[Remark]:
    """Yield statements that commit by themselves, beside others, and fail when they run again."""
    several = len({s.transaction for s in linted.statements}) > 1
    for statement in linted.statements:
        if several and statement.commits and _ONCE.match(statement.sql) and not _TWICE.search(statement.sql):
            yield Remark(
                message="it is committed by itself; when a later statement fails, the migration cannot be "
                f"run again by its tool alone: {statement.short}",
                hint="write IF [NOT] EXISTS; or run it with pgwright migrate upgrade, which goes on "
                "where it stopped",
                line=statement.line,
            )


RULE = Rule(
    id="not_repeatable",
    title="what commits by itself can run again",
    severity=Severity.INFO,
    find=find,
)

"""Rows changed in a migration of the schema."""

import re
from collections.abc import Iterator

from pgwright.migrate.lint.nouns import Linted, Remark, Rule
from pgwright.model.finding import Severity
from pgwright.model.locks import LockMode

_ROWS = re.compile(r"\s*(?:UPDATE|DELETE|WITH)\b|\s*INSERT\b.*\bSELECT\b", re.IGNORECASE | re.DOTALL)


def find(linted: Linted) -> Iterator[Remark]:
    """Yield statements on rows of tables that stood before, beside statements that lock tables."""
    changes = any(mode is LockMode.ACCESS_EXCLUSIVE for s in linted.statements for mode in s.locks.values())
    for statement in linted.statements:
        if changes and _ROWS.match(statement.sql):
            tables = statement.written
            yield Remark(
                message="rows are changed in a migration that locks tables, so that the locks last"
                f"{linted.size_of(tables)}: {statement.short}",
                hint="fill rows in a migration of its own, in batches",
                severity=linted.severity_on(tables),
                tables=tables,
                line=statement.line,
            )


RULE = Rule(
    id="backfill",
    title="rows are not filled under locks",
    severity=Severity.WARNING,
    find=find,
)

"""Rows that a migration deletes."""

import re
from collections.abc import Iterator

from pgwright.migrate.lint.nouns import Linted, Remark, Rule
from pgwright.model.finding import Severity

_DELETES = re.compile(r"\s*(?:TRUNCATE|DELETE\s+FROM)\b", re.IGNORECASE)


def find(linted: Linted) -> Iterator[Remark]:
    """Yield statements that delete rows of tables that stood before."""
    for statement in linted.statements:
        tables = statement.written
        if tables and _DELETES.match(statement.sql):
            yield Remark(
                message=f"rows of {', '.join(tables)} are deleted{linted.size_of(tables)}, and no downgrade "
                f"brings them back: {statement.short}",
                hint="see that nobody needs them, and make a backup before: pgwright backup create; many "
                "rows are better deleted in batches, outside of migrations",
                severity=linted.severity_on(tables),
                tables=tables,
                line=statement.line,
            )


RULE = Rule(id="deletes_rows", title="migrations keep rows", severity=Severity.WARNING, find=find)

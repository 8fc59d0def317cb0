"""An enum value that its transaction may not use."""

import re
from collections.abc import Iterator

from pgwright.migrate.lint.nouns import Linted, Remark, Rule
from pgwright.model.finding import Severity

_ADDED = re.compile(
    r"\s*ALTER\s+TYPE\b.*\bADD\s+VALUE\s+(?:IF\s+NOT\s+EXISTS\s+)?'(?P<value>(?:[^']|'')*)'",
    re.IGNORECASE | re.DOTALL,
)


def find(linted: Linted) -> Iterator[Remark]:
    """Yield ADD VALUE that does not commit before other statements follow."""
    for place, statement in enumerate(linted.statements):
        found = _ADDED.match(statement.sql)
        if found is None or statement.commits:
            continue
        later = linted.statements[place + 1 :]
        used = any(f"'{found['value']}'" in other.sql for other in later)
        yield Remark(
            message=f"'{found['value']}' cannot be used before its transaction is committed"
            f"{', and a later statement names it' if used else ''}; Alembic by itself runs all revisions in "
            f"one transaction: {statement.short}",
            hint="add it in an autocommit_block(), in Django with atomic = False",
            severity=Severity.WARNING if used else Severity.INFO,
            line=statement.line,
        )


RULE = Rule(
    id="enum_value_in_transaction",
    title="enum values are committed before they are used",
    severity=Severity.INFO,
    find=find,
)

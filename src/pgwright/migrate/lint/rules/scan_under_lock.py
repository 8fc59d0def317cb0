"""A whole table read while its transaction blocks others."""

import re
from collections.abc import Iterator

from pgwright.migrate.lint.nouns import Linted, Remark, Rule
from pgwright.model.finding import Severity

_SCANS = re.compile(r"\s*ALTER\s+TABLE\b.*\bVALIDATE\s+CONSTRAINT\b", re.IGNORECASE | re.DOTALL)


def find(linted: Linted) -> Iterator[Remark]:
    """Yield validations in a transaction that blocks writers since an earlier statement."""
    held: dict[int, set[str]] = {}
    for statement in linted.statements:
        before = held.setdefault(statement.transaction, set())
        if before and _SCANS.match(statement.sql):
            tables = tuple(sorted(before))
            yield Remark(
                message=f"the rows are read while {', '.join(tables)} is still locked by an earlier "
                f"statement of the transaction{linted.size_of(tables)}, so NOT VALID has gained nothing: "
                f"{statement.short}",
                hint="validate in a transaction of its own: in an autocommit_block(), or with atomic = False",
                severity=linted.severity_on(tables),
                tables=tables,
                line=statement.line,
            )
        before.update(statement.blocked)


RULE = Rule(
    id="scan_under_lock",
    title="rows are validated after locks are gone",
    severity=Severity.WARNING,
    find=find,
)

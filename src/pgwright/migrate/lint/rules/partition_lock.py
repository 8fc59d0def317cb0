"""Partitions that come or go while all of their table waits."""

import re
from collections.abc import Iterator

from pgwright.migrate.lint.nouns import Linted, Remark, Rule, Statement
from pgwright.model.finding import Severity

_ATTACH = re.compile(
    r"\s*ALTER\s+TABLE\b.*\bATTACH\s+PARTITION\s+(?P<name>[\w.\"]+)", re.IGNORECASE | re.DOTALL
)
_DETACH = re.compile(
    r"\s*ALTER\s+TABLE\b.*\bDETACH\s+PARTITION\b(?!.*\bCONCURRENTLY\b)", re.IGNORECASE | re.DOTALL
)
_CONCURRENTLY_SINCE = 140000


def find(linted: Linted) -> Iterator[Remark]:
    """Yield ATTACH of a table that stood before, and DETACH without CONCURRENTLY."""
    for statement in linted.statements:
        if (found := _ATTACH.match(statement.sql)) and statement.stood(found["name"]):
            yield _remark(
                linted,
                statement,
                "all rows of the new partition are read while nobody can use it, unless a valid CHECK "
                "implies its bounds; the same for a default partition",
                "first ADD CONSTRAINT ... CHECK (bounds) NOT VALID, then VALIDATE it, then attach and drop "
                "it",
            )
        elif _DETACH.match(statement.sql) and statement.touched:
            is_older = linted.version is not None and linted.version < _CONCURRENTLY_SINCE
            yield _remark(
                linted,
                statement,
                "nobody can read or write the partitioned table until the lock is had and the partition gone",
                "keep the lock timeout short"
                if is_older
                else "DETACH PARTITION ... CONCURRENTLY, outside of a transaction",
            )


def _remark(linted: Linted, statement: Statement, message: str, hint: str) -> Remark:
    return Remark(
        message=f"{message}{linted.size_of(statement.touched)}: {statement.short}",
        hint=hint,
        severity=linted.severity_on(statement.touched),
        tables=statement.touched,
        line=statement.line,
    )


RULE = Rule(
    id="partition_lock",
    title="partitions come and go without long locks",
    severity=Severity.WARNING,
    find=find,
)

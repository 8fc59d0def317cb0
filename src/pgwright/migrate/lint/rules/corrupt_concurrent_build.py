"""Concurrent index builds on servers that build them wrong."""

import re
from collections.abc import Iterator

from pgwright.migrate.lint.nouns import Linted, Remark, Rule
from pgwright.model.finding import Severity

_BUILD = re.compile(
    r"\s*(?:CREATE\s+(?:UNIQUE\s+)?INDEX|REINDEX\b.*)\s+CONCURRENTLY\b", re.IGNORECASE | re.DOTALL
)
# Release notes of 14.4: updated rows could be missing from indexes that were built concurrently.
_FIRST, _MENDED = 140000, 140004


def find(linted: Linted) -> Iterator[Remark]:
    """Yield concurrent builds where the live server is PostgreSQL 14.0 to 14.3."""
    if linted.version is None or not _FIRST <= linted.version < _MENDED:
        return
    for statement in linted.statements:
        if _BUILD.match(statement.sql):
            yield Remark(
                message=f"PostgreSQL 14.{linted.version % 10000} may leave rows out of an index that it "
                f"builds concurrently: {statement.short}",
                hint="update the server to 14.4 or later first, then check indexes: pgwright doctor",
                line=statement.line,
            )


RULE = Rule(
    id="corrupt_concurrent_build",
    title="the server builds concurrent indexes right",
    severity=Severity.CRITICAL,
    find=find,
)

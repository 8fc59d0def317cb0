"""Pages on disk are not what was written: the storage loses or changes data."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from pgwright.checks.check import Check, Row, Scope, Situation
from pgwright.model.finding import Finding, Severity
from pgwright.model.wording import counted


def _evaluate(rows: Sequence[Row], _: Situation) -> Iterable[Finding]:
    for row in rows:
        yield CHECK.finding(
            row["database"],
            f"{counted(row['failures'], 'page')} of {row['database']} failed the checksum, last at "
            f"{row['last_failure']:%Y-%m-%d %H:%M}: the storage changes data",
            hint="stop writing, copy the data directory, look at the disks; find what is damaged "
            "with: pgwright backup corruption; once all is mended: SELECT pg_stat_reset()",
            failures=row["failures"],
            last_failure=row["last_failure"],
        )


CHECK = Check(
    id="checksum_failures",
    title="pages failed their checksum",
    scope=Scope.SERVER,
    severity=Severity.CRITICAL,
    query="checksum_failures",
    evaluate=_evaluate,
)

"""An index costs every write and no query of this server has used it."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from pgwright.checks.check import Check, Row, Scope, Situation
from pgwright.checks.wording import amount, quoted, span
from pgwright.model.finding import Finding, Severity

LEAST_BYTES = 1 << 20
LEAST_SECONDS = 7 * 86400.0


def _evaluate(rows: Sequence[Row], _: Situation) -> Iterable[Finding]:
    for row in rows:
        if row["size_bytes"] < LEAST_BYTES or row["counted_seconds"] < LEAST_SECONDS:
            continue
        yield CHECK.finding(
            f"{row['schema']}.{row['name']}",
            f"index {row['schema']}.{row['name']} on {row['table']} ({amount(row['size_bytes'])}) was not "
            f"used on this server for {span(row['counted_seconds'])}",
            hint="look at every replica first, each counts its own; then: "
            f"DROP INDEX CONCURRENTLY {quoted(row['schema'], row['name'])};",
            size_bytes=row["size_bytes"],
            counted_seconds=row["counted_seconds"],
        )


CHECK = Check(
    id="unused_index",
    title="indexes are not used",
    scope=Scope.DATABASE,
    severity=Severity.INFO,
    query="unused_index",
    evaluate=_evaluate,
)

"""The operating system sorts text differently than when indexes were built: lookups may miss rows."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from pgwright.checks.check import Check, Row, Scope, Situation
from pgwright.checks.wording import quoted
from pgwright.model.finding import Finding, Severity


def _evaluate(rows: Sequence[Row], _: Situation) -> Iterable[Finding]:
    for row in rows:
        what = "database" if row["is_database"] else "collation"
        name = quoted(*([row["name"]] if row["is_database"] else row["name"].split(".", 1)))
        yield CHECK.finding(
            row["name"],
            f"{what} {row['name']} was made with collation version {row['recorded']}, the system now has "
            f"{row['actual']}: indexes on text may miss rows",
            hint=f"REINDEX INDEX CONCURRENTLY each index on text, then: ALTER {what.upper()} {name} "
            "REFRESH COLLATION VERSION;",
            recorded=row["recorded"],
            actual=row["actual"],
        )


CHECK = Check(
    id="collation_version",
    title="the operating system's collation has changed",
    scope=Scope.DATABASE,
    severity=Severity.WARNING,
    query="collation_version",
    evaluate=_evaluate,
)

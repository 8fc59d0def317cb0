"""The planner's statistics about a table are missing or old: it chooses slow plans."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from pgwright.checks.check import Check, Row, Scope, Situation
from pgwright.checks.wording import quoted
from pgwright.model.finding import Finding, Severity


def _evaluate(rows: Sequence[Row], _: Situation) -> Iterable[Finding]:
    for row in rows:
        table = quoted(row["schema"], row["table"])
        if row["last_analyze"] is None:
            message = f"table {table} with about {row['rows']:,} rows was never analyzed: plans are guesses"
        else:
            message = (
                f"{row['changed']:,} rows of {table} (about {row['rows']:,}) changed since "
                f"it was analyzed on {row['last_analyze']:%Y-%m-%d}: plans are out of date"
            )
        yield CHECK.finding(
            f"{row['schema']}.{row['table']}",
            message,
            hint=f"ANALYZE {table};",
            rows=row["rows"],
            changed=row["changed"],
            last_analyze=row["last_analyze"],
        )


CHECK = Check(
    id="stale_statistics",
    title="the planner's statistics are missing or old",
    scope=Scope.DATABASE,
    severity=Severity.WARNING,
    query="stale_statistics",
    evaluate=_evaluate,
)

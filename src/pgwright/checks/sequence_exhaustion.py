"""A sequence, or the integer column that it feeds, is about to run out of numbers."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from pgwright.checks.check import Check, Row, Scope, Situation
from pgwright.checks.wording import listed, quoted
from pgwright.model.finding import Finding, Severity

WARNING_SHARE, CRITICAL_SHARE = 0.75, 0.9


def _evaluate(rows: Sequence[Row], situation: Situation) -> Iterable[Finding]:
    for row in rows:
        share = (row["last_value"] or 0) / row["limit_value"]
        if share < WARNING_SHARE:
            continue
        table, _, column = (row["column_name"] or "").rpartition(".")
        yield CHECK.finding(
            f"{row['schema']}.{row['name']}",
            f"sequence {row['schema']}.{row['name']} has used {share:.0%} of its numbers"
            + (f" (column {row['column_name']} is {row['column_type']})" if column else "")
            + ": inserts fail when they are used up",
            severity=Severity.CRITICAL if share >= CRITICAL_SHARE else Severity.WARNING,
            hint=f"ALTER TABLE {table} ALTER COLUMN {column} TYPE bigint rewrites the table under a lock: "
            "plan it for a quiet hour, and widen columns that refer to it"
            if column
            else f"ALTER SEQUENCE {quoted(row['schema'], row['name'])} AS bigint NO MAXVALUE;",
            last_value=row["last_value"],
            limit=row["limit_value"],
        )
    hidden = [f"{row['schema']}.{row['name']}" for row in rows if not row["readable"]]
    if hidden:
        role = situation.server.user
        yield CHECK.skipped(
            situation.server.database,
            f"role {role} may not read {listed(hidden)}",
            hint=f"as the owner: GRANT SELECT ON ALL SEQUENCES IN SCHEMA {quoted(hidden[0].split('.')[0])} "
            f"TO {quoted(role)};",
        )


CHECK = Check(
    id="sequence_exhaustion",
    title="sequences are running out of numbers",
    scope=Scope.DATABASE,
    severity=Severity.CRITICAL,
    query="sequence_exhaustion",
    evaluate=_evaluate,
)

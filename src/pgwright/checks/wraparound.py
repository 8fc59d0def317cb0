"""Transaction ids come back to where they began after 2^31; before that the server stops to accept writes."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from pgwright.checks.check import Check, Row, Scope, Situation
from pgwright.model.finding import Finding, Severity

STOP = 2**31 - 3_000_000  # here the server refuses to hand out more ids
_FROM = {"transaction ids": ("xid_age", "xid_limit"), "multixacts": ("multixact_age", "multixact_limit")}


def grade(age: int, limit: int) -> Severity | None:
    """Return how grave an age is; `limit` is where autovacuum begins to force freezing.

    Autovacuum lets ages pass its limit by a little as a rule. Half as much again tells that it cannot keep
    up; three times as much, but not before 2^30, leaves weeks or days.
    """
    if age >= min(max(3 * limit, 2**30), int(0.85 * STOP)):
        return Severity.CRITICAL
    return Severity.WARNING if age >= min(int(1.5 * limit), int(0.75 * STOP)) else None


def _evaluate(rows: Sequence[Row], situation: Situation) -> Iterable[Finding]:
    for row in rows:
        for what, (age, limit) in _FROM.items():
            severity = grade(row[age], row[limit])
            if severity is None:
                continue
            here = row["database"] == situation.server.database
            table = row["oldest_table"]
            yield CHECK.finding(
                row["database"],
                f"{what} of database {row['database']} have used {row[age] / STOP:.0%} of what there is "
                f"before the server refuses writes; autovacuum does not keep up",
                severity=severity,
                hint=f"VACUUM (FREEZE, VERBOSE) {table}; what may hold it back: pgwright inspect activity"
                if here and table
                else f"connect to database {row['database']} and run: VACUUM (FREEZE, VERBOSE)",
                age=row[age],
                freeze_max_age=row[limit],
                stops_at=STOP,
                oldest_table=table,
            )


CHECK = Check(
    id="wraparound",
    title="transaction ids are running out",
    scope=Scope.SERVER,
    severity=Severity.CRITICAL,
    query="wraparound",
    evaluate=_evaluate,
)

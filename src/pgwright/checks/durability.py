"""Settings that keep data safe and tables in order are off."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from pgwright.checks.check import Check, Row, Scope, Situation
from pgwright.model.finding import Finding, Severity

_MEANS = {
    "fsync": (Severity.CRITICAL, "a crash of the machine destroys the whole server"),
    "full_page_writes": (Severity.CRITICAL, "a crash of the machine can leave half-written pages"),
    "autovacuum": (Severity.WARNING, "tables bloat, and statistics go stale"),
    "track_counts": (Severity.WARNING, "autovacuum does not know what to do"),
}


def _evaluate(rows: Sequence[Row], _: Situation) -> Iterable[Finding]:
    for row in rows:
        severity, consequence = _MEANS[row["name"]]
        yield CHECK.finding(
            row["name"],
            f"{row['name']} is off: {consequence}",
            severity=severity,
            hint=f"ALTER SYSTEM SET {row['name']} = on; SELECT pg_reload_conf();",
            setting="off",
        )


CHECK = Check(
    id="durability",
    title="fsync, full_page_writes, autovacuum or track_counts is off",
    scope=Scope.SERVER,
    severity=Severity.CRITICAL,
    query="durability",
    evaluate=_evaluate,
)

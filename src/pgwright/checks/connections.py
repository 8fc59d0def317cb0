"""The server is about to refuse connections."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from pgwright.checks.check import Check, Row, Scope, Situation
from pgwright.model.finding import Finding, Severity

WARNING_SHARE, CRITICAL_SHARE = 0.8, 0.95


def _evaluate(rows: Sequence[Row], _: Situation) -> Iterable[Finding]:
    for row in rows:
        share = row["used"] / row["available"]
        if share >= WARNING_SHARE:
            yield CHECK.finding(
                "server",
                f"{row['used']} of {row['available']} connections are in use, {row['idle']} of them idle: "
                "the server refuses more",
                severity=Severity.CRITICAL if share >= CRITICAL_SHARE else Severity.WARNING,
                hint="see whose they are: pgwright inspect activity; then close idle ones, put a pooler in "
                "front, or raise max_connections",
                used=row["used"],
                available=row["available"],
                idle=row["idle"],
            )


CHECK = Check(
    id="connections",
    title="connections are running out",
    scope=Scope.SERVER,
    severity=Severity.CRITICAL,
    query="connections",
    evaluate=_evaluate,
)

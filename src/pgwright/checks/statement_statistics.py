"""Nobody counts which statements take the server's time."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from pgwright.checks.check import Check, Row, Scope, Situation
from pgwright.model.finding import Finding, Severity
from pgwright.pg.extensions import package_for

_NAME = "pg_stat_statements"


def _evaluate(rows: Sequence[Row], situation: Situation) -> Iterable[Finding]:
    for row in rows:
        if row["loaded"] and row["created"]:
            continue
        if not row["available"]:
            steps = f"on the server's machine install {package_for(_NAME, situation.server.major)}; then "
        else:
            steps = ""
        if not row["loaded"]:
            steps += f"add {_NAME} to shared_preload_libraries and restart the server; "
        yield CHECK.finding(
            _NAME,
            f"{_NAME} is not {'created' if row['loaded'] else 'loaded'}: slow statements cannot be found",
            hint=f"{steps}CREATE EXTENSION IF NOT EXISTS {_NAME};",
            loaded=row["loaded"],
            created=row["created"],
        )


CHECK = Check(
    id="statement_statistics",
    title="statements are not counted (pg_stat_statements)",
    scope=Scope.DATABASE,
    severity=Severity.INFO,
    query="statement_statistics",
    evaluate=_evaluate,
)

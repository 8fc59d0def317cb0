"""A session has opened a transaction and does nothing: its locks stay, and VACUUM cannot clean up."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from pgwright.checks.check import PG_MONITOR, Check, Row, Scope, Situation
from pgwright.checks.wording import span
from pgwright.model.finding import Finding, Severity
from pgwright.pg.redact import redact

LEAST_SECONDS = 60.0


def _evaluate(rows: Sequence[Row], _: Situation) -> Iterable[Finding]:
    for row in rows:
        idle = row["state_seconds"] or 0.0
        if not (row["state"] or "").startswith("idle in transaction") or idle < LEAST_SECONDS:
            continue
        who = ", ".join(text for text in (row["role"], row["application"], row["database"]) if text)
        yield CHECK.finding(
            f"pid {row['pid']}",
            f"pid {row['pid']} ({who}) is {row['state']} for {span(idle)}: its locks stay, "
            "and dead rows cannot be removed",
            hint=f"SELECT pg_terminate_backend({row['pid']}); and for the future: "
            "ALTER SYSTEM SET idle_in_transaction_session_timeout = '5min'",
            pid=row["pid"],
            idle_seconds=idle,
            transaction_seconds=row["transaction_seconds"],
            query=redact(row["query"] or ""),
        )


CHECK = Check(
    id="idle_in_transaction",
    title="sessions are idle in a transaction",
    scope=Scope.SERVER,
    severity=Severity.WARNING,
    requires=(PG_MONITOR,),
    query="pgwright.observe:activity",
    evaluate=_evaluate,
)

"""A transaction has been running for long: VACUUM cannot remove what died since it began."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from pgwright.checks.check import PG_MONITOR, Check, Row, Scope, Situation
from pgwright.checks.wording import span
from pgwright.model.finding import Finding, Severity
from pgwright.observe.activity import CLIENT
from pgwright.pg.redact import redact

LEAST_SECONDS = 300.0


def _evaluate(rows: Sequence[Row], _: Situation) -> Iterable[Finding]:
    for row in rows:
        seconds = row["transaction_seconds"] or 0.0
        # Who idles in it is the business of another check.
        if row["kind"] != CLIENT or row["state"] != "active" or seconds < LEAST_SECONDS:
            continue
        who = ", ".join(text for text in (row["role"], row["application"], row["database"]) if text)
        yield CHECK.finding(
            f"pid {row['pid']}",
            f"the transaction of pid {row['pid']} ({who}) has been running for {span(seconds)}: "
            "what died since then cannot be removed",
            hint=f"let it end, or: SELECT pg_cancel_backend({row['pid']});",
            pid=row["pid"],
            transaction_seconds=seconds,
            query_seconds=row["query_seconds"],
            query=redact(row["query"] or ""),
        )


CHECK = Check(
    id="long_transaction",
    title="transactions run for long",
    scope=Scope.SERVER,
    severity=Severity.WARNING,
    requires=(PG_MONITOR,),
    query="pgwright.observe:activity",
    evaluate=_evaluate,
)

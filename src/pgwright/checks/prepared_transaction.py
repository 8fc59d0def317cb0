"""A prepared transaction that its coordinator forgot keeps its locks for ever, also over restarts."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from pgwright.checks.check import Check, Row, Scope, Situation
from pgwright.checks.wording import span
from pgwright.model.finding import Finding, Severity

LEAST_SECONDS = 300.0


def _evaluate(rows: Sequence[Row], _: Situation) -> Iterable[Finding]:
    for row in rows:
        if row["seconds"] < LEAST_SECONDS:
            continue
        gid = row["gid"].replace("'", "''")
        yield CHECK.finding(
            row["gid"],
            f"transaction {row['gid']} of {row['owner']} in {row['database']} has been prepared for "
            f"{span(row['seconds'])} and not ended: its locks stay, also over a restart",
            hint=f"in database {row['database']}, as {row['owner']}: ROLLBACK PREPARED '{gid}';",
            seconds=row["seconds"],
            database=row["database"],
        )


CHECK = Check(
    id="prepared_transaction",
    title="prepared transactions were forgotten",
    scope=Scope.SERVER,
    severity=Severity.WARNING,
    query="prepared_transaction",
    evaluate=_evaluate,
)

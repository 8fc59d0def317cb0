"""The scheduled backup failed, was killed, or was not even begun: the ledger knows, wherever backups are."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from pgwright.backup.state import LATE_SECONDS
from pgwright.checks.check import Check, Row, Scope, Situation
from pgwright.checks.wording import span
from pgwright.model.finding import Finding, Severity
from pgwright.model.run import RunStatus


def _evaluate(rows: Sequence[Row], situation: Situation) -> Iterable[Finding]:
    assert situation.project is not None
    at, database = situation.project.backup.schedule, situation.server.database
    for row in rows:
        ago = row["seconds_ago"]
        if row["status"] in (RunStatus.FAILED, RunStatus.ABANDONED):
            yield CHECK.finding(
                database,
                f"the last scheduled backup of {database} {row['status']} {span(ago)} ago"
                + (f": {row['error']}" if row["error"] else ""),
                hint="see what it says now: pgwright backup run",
                run=row["id"],
                error=row["error"],
            )
        elif at and ago > LATE_SECONDS:
            yield CHECK.finding(
                database,
                f"the backup of {database} that is scheduled daily at {at} last began {span(ago)} ago",
                severity=Severity.WARNING,
                hint="see why: pgwright backup schedule --show; make up for it: pgwright backup run",
                run=row["id"],
            )


CHECK = Check(
    id="backup_run",
    title="the scheduled backup does not run",
    scope=Scope.PROJECT,
    severity=Severity.CRITICAL,
    query="backup_run",
    applies=lambda situation: situation.project is not None and situation.project.backup.configured,
    evaluate=_evaluate,
)

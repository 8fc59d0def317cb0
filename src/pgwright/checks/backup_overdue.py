"""The newest backup is older than the schedule allows, or there is none, or the last run failed."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from pgwright.backup.state import backup_state
from pgwright.checks.check import Check, Row, Scope, Situation
from pgwright.checks.wording import span
from pgwright.model.finding import Finding, Severity
from pgwright.model.run import RunStatus

# A day, and two hours for the run itself: a backup that is made daily is never older unless one was missed.
LATE_SECONDS = 26 * 3600.0


def _evaluate(rows: Sequence[Row], situation: Situation) -> Iterable[Finding]:
    assert situation.project is not None
    config, database = situation.project.backup, situation.server.database
    state = backup_state(config, database)
    age = state.age()
    for row in rows:
        if row["status"] in (RunStatus.FAILED, RunStatus.ABANDONED):
            yield CHECK.finding(
                f"{database}.run",
                f"the last scheduled backup of {database} {row['status']} {span(row['seconds_ago'])} ago"
                + (f": {row['error']}" if row["error"] else ""),
                hint="see what it says now: pgwright backup run",
                run=row["id"],
                error=row["error"],
            )
    if age is None:
        yield CHECK.finding(
            database,
            f"there is no whole backup of {database} in {state.repository}",
            hint="make one: pgwright backup create; then daily: pgwright backup schedule",
        )
    elif age > LATE_SECONDS and config.schedule is not None:
        yield CHECK.finding(
            database,
            f"the newest backup of {database} is {span(age)} old; it should be daily at {config.schedule}",
            hint="make one: pgwright backup run; and see why none was made: pgwright backup schedule --show",
            age_seconds=age,
        )
    for id in state.damaged:
        yield CHECK.finding(
            f"{database}.{id}",
            f"the manifest of backup {id} is damaged",
            hint="find out what else is: pgwright backup verify",
        )


CHECK = Check(
    id="backup_overdue",
    title="there is no recent backup",
    scope=Scope.PROJECT,
    severity=Severity.CRITICAL,
    query="backup_overdue",
    applies=lambda situation: situation.project is not None and situation.project.backup.configured,
    evaluate=_evaluate,
    slow=True,  # the repository may be far away
)

"""The newest backup is older than the schedule allows, or there is none."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from pgwright.checks.check import Check, Row, Scope, Situation
from pgwright.checks.wording import span
from pgwright.model.finding import Finding, Severity


def _evaluate(_: Sequence[Row], situation: Situation) -> Iterable[Finding]:
    assert situation.project is not None
    config, database = situation.project.backup, situation.server.database
    state = situation.backups
    if state.newest is None:
        yield CHECK.finding(
            database,
            f"there is no whole backup of {database} in {state.repository}",
            hint="make one: pgwright backup create; then daily: pgwright backup schedule",
        )
    for kind in state.late(config) if state.newest is not None else ():
        age = state.age(kind)
        old = "there is none" if age is None else f"the newest is {span(age)} old"
        yield CHECK.finding(
            f"{database}.{kind}",
            f"{kind} backups of {database} should be made daily at {config.schedule}, and {old}",
            hint="make one: pgwright backup run; and see why none was made: pgwright backup schedule --show",
            age_seconds=age,
        )
    for id in state.damaged:
        yield CHECK.finding(
            f"{database}.{id}",
            f"the manifest of backup {id} is lost or damaged, and so is its copy",
            hint="rebuild it from the files of the backup: pgwright backup repair",
        )


CHECK = Check(
    id="backup_overdue",
    title="there is no recent backup",
    scope=Scope.PROJECT,
    severity=Severity.CRITICAL,
    applies=lambda situation: situation.project is not None and situation.project.backup.configured,
    evaluate=_evaluate,
    slow=True,  # the repository may be far away
)

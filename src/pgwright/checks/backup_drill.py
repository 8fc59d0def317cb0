"""Backups that were never restored are hopes: no drill, an old one, or one that failed."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from pgwright.checks.check import Check, Row, Scope, Situation
from pgwright.checks.wording import span
from pgwright.model.finding import Finding, Severity


def _evaluate(_: Sequence[Row], situation: Situation) -> Iterable[Finding]:
    assert situation.project is not None
    config, database = situation.project.backup, situation.server.database
    state = situation.backups
    age, last = state.drill_age(), state.drill
    if state.newest is None or not config.drill_days:
        return
    if state.prevented is not None:
        one = state.prevented
        yield CHECK.finding(
            f"{database}.{one.backup}",
            f"backup {one.backup} could not be tried: {one.prevented}",
            severity=Severity.WARNING,
            hint=f"then, or on a machine that has it: pgwright backup drill {one.backup}",
        )
    elif last is None:
        yield CHECK.finding(
            database,
            f"no backup of {database} was ever restored: whether one can be is not known",
            severity=Severity.WARNING,
            hint="restore the newest on a scratch server: pgwright backup drill",
        )
    if last is None or age is None:
        return
    if not last.passed:
        yield CHECK.finding(
            database,
            f"the last drill of {database}, {span(age)} ago, failed: {last.problems[0]}",
            hint="try again, and look at what it says: pgwright backup drill",
            backup=last.backup,
            problems=list(last.problems),
        )
    elif age > config.drill_days * 86400:
        yield CHECK.finding(
            database,
            f"a backup of {database} was last restored {span(age)} ago; it should be every "
            f"{config.drill_days} days",
            severity=Severity.WARNING,
            hint="restore the newest on a scratch server: pgwright backup drill",
            age_seconds=age,
        )


CHECK = Check(
    id="backup_drill",
    title="backups are not known to be restorable",
    scope=Scope.PROJECT,
    severity=Severity.CRITICAL,
    applies=lambda situation: situation.project is not None and situation.project.backup.configured,
    evaluate=_evaluate,
    slow=True,  # the repository may be far away
)

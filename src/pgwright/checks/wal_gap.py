"""Archived WAL has a gap behind the newest base backup: nothing after it can be recovered."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from pgwright.backup.engine import wal_state
from pgwright.checks.check import Check, Row, Scope, Situation
from pgwright.model.finding import Finding, Severity


def _evaluate(_: Sequence[Row], situation: Situation) -> Iterable[Finding]:
    assert situation.project is not None
    for gap in wal_state(situation.project).gaps:
        yield CHECK.finding(
            gap.first,
            f"WAL is missing in the archive, {gap}: no recovery to any moment after that",
            hint="find why archiving stopped; start anew behind it: pgwright backup create --physical",
            last=gap.last,
        )


CHECK = Check(
    id="wal_gap",
    title="archived WAL has a gap",
    scope=Scope.PROJECT,
    severity=Severity.CRITICAL,
    applies=lambda situation: situation.project is not None and situation.project.backup.configured,
    evaluate=_evaluate,
    slow=True,  # the repository may be far away
)

"""The live schema is not the one that the models declare."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence

from pgwright.checks.check import Check, Row, Scope, Situation
from pgwright.checks.wording import listed
from pgwright.model.finding import Finding, Severity
from pgwright.model.wording import counted

_SHOWN = 20


def _evaluate(_: Sequence[Row], situation: Situation) -> Iterable[Finding]:
    from pgwright.diff.compare import summarise  # noqa: PLC0415
    from pgwright.diff.comparison import compare_sources  # noqa: PLC0415
    from pgwright.sources.workshop import Workshop  # noqa: PLC0415

    project = situation.project
    assert project is not None and project.models is not None
    comparison = compare_sources(
        situation.url, project.models, workshop=Workshop(root=project.root, scratch=project.scratch)
    )
    if not comparison.changes:
        return
    changes = tuple(summarise(comparison.changes))
    roots = sorted({change.id.root.path for change in changes})
    ops = Counter(str(change.op) for change in changes)
    parts = ", ".join(f"{number} to {op}" for op, number in sorted(ops.items()))
    yield CHECK.finding(
        situation.server.database,
        f"{counted(len(changes), 'difference')} between database and models ({parts}): {listed(roots)}",
        hint="pgwright schema diff; then pgwright schema plan",
        changes=len(changes),
        objects=roots[:_SHOWN],
    )


CHECK = Check(
    id="schema_drift",
    title="the live schema differs from the models",
    scope=Scope.PROJECT,
    severity=Severity.WARNING,
    applies=lambda situation: situation.project is not None and bool(situation.project.models),
    evaluate=_evaluate,
    slow=True,
)

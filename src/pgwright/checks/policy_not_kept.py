"""A declaration over time is not carried out: partitions run out, a refresh is late, a job fails."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from pgwright.checks.check import Check, Row, Scope, Situation
from pgwright.model.finding import Finding, Severity


def _evaluate(_: Sequence[Row], situation: Situation) -> Iterable[Finding]:
    from pgwright.timeseries.status import policy_status  # noqa: PLC0415

    for standing in policy_status(situation.conn):
        if standing.healthy:
            continue
        # Without a partition for it, every new row is refused.
        grave = standing.kind == "time_series" and standing.urgent
        name = standing.table if standing.kind != "rollup" else f"{standing.table}.{standing.name}"
        yield CHECK.finding(
            f"{standing.kind}:{name}",
            f"{standing.kind.replace('_', ' ')} of {standing.table}"
            + (f" ({standing.name})" if standing.kind == "rollup" else "")
            + f": {standing.state}",
            hint=standing.next_command,
            severity=Severity.CRITICAL if grave else Severity.WARNING,
            says=standing.says,
            last_run=None if standing.last_run is None else standing.last_run.isoformat(),
        )


CHECK = Check(
    id="policy_not_kept",
    title="declarations over time are not carried out",
    scope=Scope.DATABASE,
    severity=Severity.CRITICAL,
    evaluate=_evaluate,
)

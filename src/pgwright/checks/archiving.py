"""WAL is not being archived: backups cannot be recovered to the present, and the disk fills."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from pgwright.checks.check import Check, Row, Scope, Situation
from pgwright.checks.wording import span
from pgwright.model.finding import Finding, Severity


def _evaluate(rows: Sequence[Row], _: Situation) -> Iterable[Finding]:
    for row in rows:
        yield CHECK.finding(
            "archiver",
            f"archiving of WAL fails, last at {row['last_failed_wal']}; nothing was archived for "
            f"{span(row['failing_seconds'])}: no recovery to later moments, and the disk fills",
            hint="the server's log has the reason; what is run: SHOW archive_command; SHOW archive_library",
            failures=row["failures"],
            last_failed_wal=row["last_failed_wal"],
        )


CHECK = Check(
    id="archiving",
    title="WAL is not being archived",
    scope=Scope.SERVER,
    severity=Severity.CRITICAL,
    query="archiving",
    evaluate=_evaluate,
)

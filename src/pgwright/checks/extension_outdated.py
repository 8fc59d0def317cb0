"""An extension's files on the server are newer than what this database uses."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from pgwright.checks.check import Check, Row, Scope, Situation
from pgwright.checks.wording import quoted
from pgwright.model.finding import Finding, Severity


def _evaluate(rows: Sequence[Row], _: Situation) -> Iterable[Finding]:
    for row in rows:
        have, offered = row["installed_version"], row["available_version"]
        if not have or not offered or have == offered:
            continue
        yield CHECK.finding(
            row["name"],
            f"extension {row['name']} is at {have}, the server offers {offered}",
            hint=f"ALTER EXTENSION {quoted(row['name'])} UPDATE;",
            installed=have,
            available=offered,
        )


CHECK = Check(
    id="extension_outdated",
    title="extensions are older than the server's files of them",
    scope=Scope.DATABASE,
    severity=Severity.WARNING,
    query="pgwright.observe:extensions",
    evaluate=_evaluate,
)

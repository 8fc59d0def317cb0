"""Two indexes are the same: each write pays for both, queries use one."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from pgwright.checks.check import Check, Row, Scope, Situation
from pgwright.checks.wording import amount, quoted
from pgwright.model.finding import Finding, Severity


def _evaluate(rows: Sequence[Row], _: Situation) -> Iterable[Finding]:
    for row in rows:
        table = quoted(row["schema"], row["table"])
        why = ", which serves a constraint" if row["keep_is_constraint"] else ""
        yield CHECK.finding(
            f"{row['schema']}.{row['name']}",
            f"index {row['schema']}.{row['name']} ({amount(row['size_bytes'])}) is the same as "
            f"{row['keep']}{why}: every write pays twice",
            hint=f"ALTER TABLE {table} DROP CONSTRAINT {quoted(row['constraint'])};"
            if row["constraint"]
            else f"DROP INDEX CONCURRENTLY {quoted(row['schema'], row['name'])};",
            keep=row["keep"],
            size_bytes=row["size_bytes"],
            definition=row["definition"],
        )


CHECK = Check(
    id="duplicate_index",
    title="indexes are duplicates",
    scope=Scope.DATABASE,
    severity=Severity.WARNING,
    query="duplicate_index",
    evaluate=_evaluate,
)

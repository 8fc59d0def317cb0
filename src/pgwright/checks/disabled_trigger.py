"""A trigger is switched off: a rule that the schema declares is not kept."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from pgwright.checks.check import Check, Row, Scope, Situation
from pgwright.checks.wording import quoted
from pgwright.model.finding import Finding, Severity


def _evaluate(rows: Sequence[Row], _: Situation) -> Iterable[Finding]:
    for row in rows:
        table = quoted(row["schema"], row["table"])
        if row["foreign_key"]:
            message = f"foreign key {row['name']} is not checked on {table}: its triggers are disabled"
            hint = (
                f"ALTER TABLE {table} ENABLE TRIGGER ALL; then find rows without parent: drop the "
                "constraint, add it again NOT VALID, and VALIDATE it"
            )
        else:
            message = f"trigger {row['name']} of {table} is disabled: what it does is not done"
            hint = f"ALTER TABLE {table} ENABLE TRIGGER {quoted(row['name'])};"
        yield CHECK.finding(
            f"{row['schema']}.{row['table']}.{row['name']}",
            message,
            hint=hint,
            foreign_key=row["foreign_key"],
        )


CHECK = Check(
    id="disabled_trigger",
    title="triggers are disabled",
    scope=Scope.DATABASE,
    severity=Severity.WARNING,
    query="disabled_trigger",
    evaluate=_evaluate,
)

"""A constraint was added NOT VALID and never validated: old rows may break it."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from pgwright.checks.check import Check, Row, Scope, Situation
from pgwright.checks.wording import quoted
from pgwright.model.finding import Finding, Severity


def _evaluate(rows: Sequence[Row], _: Situation) -> Iterable[Finding]:
    for row in rows:
        owner, what = quoted(row["schema"], row["owner_name"]), "DOMAIN" if row["is_domain"] else "TABLE"
        name = quoted(row["name"])
        if row["enforced"]:
            message = (
                f"{row['kind']} {row['name']} of {owner} was never validated: rows from before may break it"
            )
            hint = f"ALTER {what} {owner} VALIDATE CONSTRAINT {name};"
        else:
            message = f"{row['kind']} {row['name']} of {owner} is not enforced: nothing keeps rows to it"
            hint = f"ALTER {what} {owner} ALTER CONSTRAINT {name} ENFORCED;"
        yield CHECK.finding(
            f"{row['schema']}.{row['owner_name']}.{row['name']}", message, hint=hint, kind=row["kind"]
        )


CHECK = Check(
    id="constraint_not_valid",
    title="constraints were never validated",
    scope=Scope.DATABASE,
    severity=Severity.WARNING,
    query="constraint_not_valid",
    evaluate=_evaluate,
)

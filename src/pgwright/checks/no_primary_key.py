"""A table has no primary key: rows cannot be told apart, copied, replicated or compared."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from pgwright.checks.check import Check, Row, Scope, Situation
from pgwright.checks.wording import quoted
from pgwright.model.finding import Finding, Severity
from pgwright.model.names import QualifiedName


def _evaluate(rows: Sequence[Row], situation: Situation) -> Iterable[Finding]:
    if not rows:
        return
    # Loads what most databases need no time for.
    from pgwright.timeseries.records import brought_along  # noqa: PLC0415

    # A rollup's table has a unique key instead: what it groups by may be null.
    brought = brought_along(situation.conn)
    for row in rows:
        if QualifiedName(row["schema"], row["table"]) in brought:
            continue
        table = quoted(row["schema"], row["table"])
        yield CHECK.finding(
            f"{row['schema']}.{row['table']}",
            f"table {table} has no primary key: a row of it cannot be named, replicated or compared",
            hint=f"ALTER TABLE {table} ADD PRIMARY KEY USING INDEX {quoted(row['unique_index'])}; "
            "(its columns must be NOT NULL)"
            if row["unique_index"]
            else f"ALTER TABLE {table} ADD PRIMARY KEY (...); it may be: "
            f"ADD COLUMN id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY, which rewrites the table",
            estimated_rows=row["estimated_rows"],
        )


CHECK = Check(
    id="no_primary_key",
    title="tables have no primary key",
    scope=Scope.DATABASE,
    severity=Severity.WARNING,
    query="no_primary_key",
    evaluate=_evaluate,
)

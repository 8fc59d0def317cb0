"""Deleting or changing a referenced row scans the whole referring table."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from pgwright.checks.check import Check, Row, Scope, Situation
from pgwright.checks.wording import quoted
from pgwright.model.finding import Finding, Severity


def _evaluate(rows: Sequence[Row], _: Situation) -> Iterable[Finding]:
    for row in rows:
        table, columns = quoted(row["schema"], row["table"]), ", ".join(map(quoted, row["columns"]))
        size = f" of about {row['estimated_rows']:,} rows" if row["estimated_rows"] else ""
        yield CHECK.finding(
            f"{row['schema']}.{row['table']}.{row['constraint']}",
            f"no index serves foreign key {table} ({columns}): a delete in {row['referenced']} scans the "
            f"table{size}",
            hint=f"CREATE INDEX CONCURRENTLY ON {table} ({columns});",
            columns=row["columns"],
            referenced=row["referenced"],
            estimated_rows=row["estimated_rows"],
        )


CHECK = Check(
    id="foreign_key_without_index",
    title="foreign keys have no index",
    scope=Scope.DATABASE,
    severity=Severity.WARNING,
    query="foreign_key_without_index",
    evaluate=_evaluate,
)

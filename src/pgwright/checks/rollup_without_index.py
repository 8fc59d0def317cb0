"""A rollup reads whole tables or partitions for each bucket, as no index finds the rows of one."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence

from pgwright.checks.check import Check, Row, Scope, Situation
from pgwright.model.finding import Finding, Severity
from pgwright.model.names import ObjectId

# Below, a refresh that reads everything takes a moment.
_MANY = 1_000_000


def _evaluate(rows: Sequence[Row], situation: Situation) -> Iterable[Finding]:
    known = {(row["schema"], row["table"]): row for row in rows}
    for rollup, table, columns in _needed(situation):
        row = known.get((table.name.schema, table.name.name))
        if row is None or set(columns) & set(row["leading"]):
            continue
        yield CHECK.finding(
            f"rollup:{rollup}:{table.path}",
            f"rollup {rollup} looks for rows of {table.path} by {', '.join(columns)}: no index begins so",
            hint=f"declare one beside the model, then pgwright schema plan: Index(None, {columns[0]!r})",
            severity=Severity.WARNING if row["estimated_rows"] >= _MANY else Severity.INFO,
            estimated_rows=row["estimated_rows"],
        )


def _needed(situation: Situation) -> Iterator[tuple[str, ObjectId, tuple[str, ...]]]:
    """Yield the tables that rollups of pgwright read, with the columns by which they do."""
    from pgwright.timeseries.records import declarations, lacking_column, parts_of  # noqa: PLC0415

    declared = declarations(situation.conn)
    for record in declared.of("rollup"):
        if record.definition.get("by") or record.lacks or lacking_column(situation.conn, record, declared):
            continue
        parts = parts_of(situation.conn, record, declared)
        yield parts.relation.path, parts.source, (parts.column,) if parts.bucket else parts.group_by
        for joined in parts.joined:
            yield parts.relation.path, joined.table, joined.theirs


CHECK = Check(
    id="rollup_without_index",
    title="rollups that read whole tables",
    scope=Scope.DATABASE,
    severity=Severity.WARNING,
    evaluate=_evaluate,
    query="rollup_without_index",
)

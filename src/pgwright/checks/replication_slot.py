"""A replication slot that nobody reads keeps WAL until the disk is full, or has lost its place."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from pgwright.checks.check import Check, Row, Scope, Situation
from pgwright.checks.wording import amount
from pgwright.model.finding import Finding, Severity

INACTIVE_BYTES = 1 << 30
LOST = ("lost", "unreserved")


def _evaluate(rows: Sequence[Row], _: Situation) -> Iterable[Finding]:
    for row in rows:
        kept = row["retained_bytes"] or 0
        lost = row["wal_status"] in LOST
        if not lost and (row["active"] or kept < INACTIVE_BYTES):
            continue
        yield CHECK.finding(
            row["name"],
            f"replication slot {row['name']} has lost WAL that its reader needs: the reader must start anew"
            if row["wal_status"] == "lost"
            else f"replication slot {row['name']} is about to lose WAL that its reader needs"
            if lost
            else f"nobody reads replication slot {row['name']}: it keeps {amount(kept)} of WAL on the disk",
            severity=Severity.CRITICAL if lost else Severity.WARNING,
            hint=f"start its reader again, or give it up: SELECT pg_drop_replication_slot('{row['name']}');",
            retained_bytes=kept,
            wal_status=row["wal_status"],
            active=row["active"],
        )


CHECK = Check(
    id="replication_slot",
    title="a replication slot is unread or has lost WAL",
    scope=Scope.SERVER,
    severity=Severity.CRITICAL,
    query="pgwright.observe:slots",
    evaluate=_evaluate,
)

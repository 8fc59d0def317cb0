"""The checks, by id; the order is that of reports with equal severity."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from importlib import import_module
from types import MappingProxyType
from typing import TYPE_CHECKING

from pgwright.errors import UsageError
from pgwright.model.wording import did_you_mean

if TYPE_CHECKING:
    from pgwright.checks.check import Check

CHECKS: Mapping[str, str] = MappingProxyType(
    {
        "server_unreachable": "pgwright.checks.server_unreachable:CHECK",
        "service_unreachable": "pgwright.checks.service_unreachable:CHECK",
        "blocking_chain": "pgwright.checks.blocking_chain:CHECK",
        "wraparound": "pgwright.checks.wraparound:CHECK",
        "checksum_failures": "pgwright.checks.checksum_failures:CHECK",
        "durability": "pgwright.checks.durability:CHECK",
        "archiving": "pgwright.checks.archiving:CHECK",
        "backup_run": "pgwright.checks.backup_run:CHECK",
        "backup_overdue": "pgwright.checks.backup_overdue:CHECK",
        "backup_drill": "pgwright.checks.backup_drill:CHECK",
        "wal_gap": "pgwright.checks.wal_gap:CHECK",
        "connections": "pgwright.checks.connections:CHECK",
        "replication_slot": "pgwright.checks.replication_slot:CHECK",
        "idle_in_transaction": "pgwright.checks.idle_in_transaction:CHECK",
        "long_transaction": "pgwright.checks.long_transaction:CHECK",
        "prepared_transaction": "pgwright.checks.prepared_transaction:CHECK",
        "server_version": "pgwright.checks.server_version:CHECK",
        "extension_missing": "pgwright.checks.extension_missing:CHECK",
        "pending_migrations": "pgwright.checks.pending_migrations:CHECK",
        "schema_drift": "pgwright.checks.schema_drift:CHECK",
        "privileges_missing": "pgwright.checks.privileges_missing:CHECK",
        "policy_not_kept": "pgwright.checks.policy_not_kept:CHECK",
        "sequence_exhaustion": "pgwright.checks.sequence_exhaustion:CHECK",
        "invalid_index": "pgwright.checks.invalid_index:CHECK",
        "collation_version": "pgwright.checks.collation_version:CHECK",
        "constraint_not_valid": "pgwright.checks.constraint_not_valid:CHECK",
        "disabled_trigger": "pgwright.checks.disabled_trigger:CHECK",
        "no_primary_key": "pgwright.checks.no_primary_key:CHECK",
        "foreign_key_without_index": "pgwright.checks.foreign_key_without_index:CHECK",
        "rollup_without_index": "pgwright.checks.rollup_without_index:CHECK",
        "duplicate_index": "pgwright.checks.duplicate_index:CHECK",
        "stale_statistics": "pgwright.checks.stale_statistics:CHECK",
        "extension_outdated": "pgwright.checks.extension_outdated:CHECK",
        "unused_index": "pgwright.checks.unused_index:CHECK",
        "statement_statistics": "pgwright.checks.statement_statistics:CHECK",
    }
)


@cache
def check(id: str) -> Check:
    """Return the check of an id. Raises `UsageError` for an unknown one, with the nearest."""
    if id not in CHECKS:
        raise UsageError(
            f"there is no check {id}" + did_you_mean(id, CHECKS),
            hint="list them with: pgwright doctor --list",
        )
    module, _, attribute = CHECKS[id].partition(":")
    found: Check = getattr(import_module(module), attribute)
    return found

"""pgwright's own rules, by name; the order is that of reports with equal severity.

To add a rule: one file in `rules` with a `RULE`, one line here, a section in docs/lint.md.
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from importlib import import_module
from types import MappingProxyType

from pgwright.migrate.lint.nouns import Rule

RULES: Mapping[str, str] = MappingProxyType(
    {
        "table_rewrite": "pgwright.migrate.lint.rules.table_rewrite:RULE",
        "deletes_rows": "pgwright.migrate.lint.rules.deletes_rows:RULE",
        "backfill": "pgwright.migrate.lint.rules.backfill:RULE",
        "unchecked_code": "pgwright.migrate.lint.rules.unchecked_code:RULE",
        "no_way_back": "pgwright.migrate.lint.rules.no_way_back:RULE",
        "long_identifier": "pgwright.migrate.lint.rules.long_identifier:RULE",
        "wide_index": "pgwright.migrate.lint.rules.wide_index:RULE",
        "enum_value_unplaced": "pgwright.migrate.lint.rules.enum_value_unplaced:RULE",
        "several_locks": "pgwright.migrate.lint.rules.several_locks:RULE",
        "scan_under_lock": "pgwright.migrate.lint.rules.scan_under_lock:RULE",
        "partition_lock": "pgwright.migrate.lint.rules.partition_lock:RULE",
        "declared_under_lock": "pgwright.migrate.lint.rules.declared_under_lock:RULE",
        "transaction_control": "pgwright.migrate.lint.rules.transaction_control:RULE",
        "corrupt_concurrent_build": "pgwright.migrate.lint.rules.corrupt_concurrent_build:RULE",
        "enum_value_in_transaction": "pgwright.migrate.lint.rules.enum_value_in_transaction:RULE",
        "default_changed": "pgwright.migrate.lint.rules.default_changed:RULE",
        "not_repeatable": "pgwright.migrate.lint.rules.not_repeatable:RULE",
        "no_lock_timeout": "pgwright.migrate.lint.rules.no_lock_timeout:RULE",
    }
)


@cache
def rule(id: str) -> Rule:
    """Return the rule of that name; its module is imported on first use."""
    module, _, attribute = RULES[id].partition(":")
    found = getattr(import_module(module), attribute)
    assert isinstance(found, Rule)
    return found

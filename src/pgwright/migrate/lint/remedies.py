"""What to do about each of squawk's findings, in the words of the tool that wrote the migration."""

from __future__ import annotations

import re
from collections.abc import Mapping
from types import MappingProxyType

from pgwright.migrate.lint.nouns import Linted, Statement

_OPERATIONS = "of pgwright.contrib.django.operations, atomic = False"
_VALIDATED = 'then in an autocommit_block(): run_step("ALTER TABLE ... VALIDATE CONSTRAINT ...")'
_GONE = "deploy code without it first; what it holds is gone for good: pgwright backup create before"
_UNUSED = "see first that no code, and nothing else in the database, uses it"

_BUILDS = frozenset(
    {
        "require-concurrent-index-creation",
        "require-concurrent-index-deletion",
        "disallowed-unique-constraint",
        "adding-serial-primary-key-field",
        "adding-foreign-key-constraint",
    }
)

# For Alembic and for Django.
_REMEDIES: Mapping[str, tuple[str, str]] = MappingProxyType(
    {
        "require-concurrent-index-creation": (
            "with op.get_context().autocommit_block(): op.create_index(..., postgresql_concurrently=True)",
            f"AddIndexConcurrently, for a field AddFieldOnline or AlterFieldOnline, {_OPERATIONS}",
        ),
        "require-concurrent-index-deletion": (
            "with op.get_context().autocommit_block(): op.drop_index(..., postgresql_concurrently=True)",
            f"RemoveIndexConcurrently {_OPERATIONS}",
        ),
        "adding-foreign-key-constraint": (
            f"op.create_foreign_key(..., postgresql_not_valid=True), {_VALIDATED}",
            f"AddFieldOnline {_OPERATIONS}",
        ),
        "constraint-missing-not-valid": (
            f"op.create_check_constraint(..., postgresql_not_valid=True), {_VALIDATED}",
            f"AddConstraintNotValid and ValidateConstraint {_OPERATIONS}",
        ),
        "disallowed-unique-constraint": (
            "in an autocommit_block(): op.create_index(..., unique=True, postgresql_concurrently=True), then "
            'run_step("ALTER TABLE ... ADD CONSTRAINT ... UNIQUE USING INDEX ...")',
            f"AddUniqueConstraintOnline, AddFieldOnline or AlterFieldOnline {_OPERATIONS}",
        ),
        "adding-serial-primary-key-field": (
            "in an autocommit_block(): op.create_index(..., unique=True, postgresql_concurrently=True), then "
            'run_step("ALTER TABLE ... ADD CONSTRAINT ... PRIMARY KEY USING INDEX ...")',
            "RunSQL in a migration with atomic = False: CREATE UNIQUE INDEX CONCURRENTLY, then "
            "ALTER TABLE ... ADD CONSTRAINT ... PRIMARY KEY USING INDEX ...",
        ),
        "adding-not-nullable-field": (
            "a CHECK (... IS NOT NULL) NOT VALID, validated in an autocommit_block(), lets SET NOT NULL do "
            "without the scan",
            f"AlterFieldOnline {_OPERATIONS}",
        ),
        "adding-required-field": (
            "nullable=True first, fill it in batches, then NOT NULL; or a server_default, if all rows may "
            "have the same value",
            "null=True first, fill it in batches, then AlterFieldOnline; or db_default=",
        ),
        "renaming-column": (
            'keep the name in the database, and rename in the model only: mapped_column("old_name"); or add '
            "the new column, write both, fill it, read it, then drop the old one",
            'keep the name in the database, and rename in the model only: db_column="old_name"; or add the '
            "new field, write both, fill it, read it, then drop the old one",
        ),
        "renaming-table": (
            "keep the name in the database, and rename the model only (__tablename__); or leave a view "
            "with the old name behind until no running code uses it",
            "keep the name in the database, and rename the model only (db_table); or leave a view with the "
            "old name behind until no running code uses it",
        ),
    }
)
# Whatever the tool.
_PLAIN: Mapping[str, str] = MappingProxyType(
    {
        "renaming-object": "let running code know both names first",
        "changing-column-type": "see that running code bears both types",
        "ban-drop-column": _GONE,
        "ban-drop-table": _GONE,
        "ban-drop-schema": _GONE,
        "ban-drop-database": "a migration cannot; leave it out",
        "ban-drop-not-null": "see first that running code can read nulls",
        "ban-drop-constraint": "see first that nothing relies on it: it cannot come back while rows break it",
        "ban-drop-generated-expression": "see first that something else keeps the column from here on",
        "ban-drop-view": _UNUSED,
        "ban-drop-function": _UNUSED,
        "ban-drop-type": _UNUSED,
        "ban-drop-sequence": _UNUSED,
        "ban-drop-domain": _UNUSED,
        "ban-drop-extension": _UNUSED,
        "ban-set-schema": "let running code find it in both first, by its search_path or by a view",
        "ban-alter-identity": "see first that running code inserts what the column then demands",
        "ban-create-domain-with-constraint": "put the check on the columns: it can then be NOT VALID",
        "ban-alter-domain-with-add-constraint": "ADD CONSTRAINT ... NOT VALID, then ALTER DOMAIN ... "
        "VALIDATE CONSTRAINT in a migration of its own",
        "ban-char-field": "text or varchar",
    }
)
# Where the usual remedy is none.
_EXCLUSION = (
    "PostgreSQL can neither build it beside writers nor leave it unchecked: add it while the table is small, "
    "or at a quiet hour"
)
_PARTITIONED = (
    "the table is partitioned, where nothing is built concurrently: CREATE INDEX ... ON ONLY it, then "
    "CONCURRENTLY on each partition, then ALTER INDEX ... ATTACH PARTITION"
)
_CHECKED = (
    "before PostgreSQL 18 a partitioned table has no NOT VALID key: add it to each partition that way, then "
    "to the table"
)
_EXCLUDES = re.compile(r"\bADD\s+(?:CONSTRAINT\s+\S+\s+)?EXCLUDE\b", re.IGNORECASE)
_NOT_VALID_SINCE = 180000  # for foreign keys of partitioned tables


def remedy(rule: str, linted: Linted, statement: Statement) -> str | None:
    """Return what to do about a finding, None where squawk's own words have to do."""
    if rule == "constraint-missing-not-valid" and _EXCLUDES.search(statement.sql):
        return _EXCLUSION
    if rule in _REMEDIES and not has_safe_form(rule, linted, statement):
        return _CHECKED if rule == "adding-foreign-key-constraint" else _PARTITIONED
    if rule in _REMEDIES:
        return _REMEDIES[rule][0 if linted.tool == "alembic" else 1]
    return _PLAIN.get(rule)


def has_safe_form(rule: str, linted: Linted, statement: Statement) -> bool:
    """Tell whether PostgreSQL has a way to do the same beside writers, which this server knows."""
    if rule not in _BUILDS or not linted.is_partitioned(statement):
        return True
    return rule == "adding-foreign-key-constraint" and (linted.version or 0) >= _NOT_VALID_SINCE

"""The static rules of squawk, run as the program that it is."""

from __future__ import annotations

import json
import re
import shutil
import subprocess
import sys
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from types import MappingProxyType

from pgwright.migrate.lint.nouns import Linted, Remark, Statement
from pgwright.migrate.lint.safe_alembic import safe_form as alembic_form
from pgwright.migrate.lint.safe_django import safe_form as django_form
from pgwright.model.finding import Severity

# pgwright sets time limits itself and runs each migration as its tool does; names of columns are taste.
_LEFT_OUT = (
    "require-lock-timeout",
    "require-statement-timeout",
    "prefer-robust-stmts",
    "transaction-nesting",
    "ban-concurrent-index-creation-in-transaction",
    "ban-uncommitted-transaction",
)
# Whether it rewrites the table was seen: then `table_rewrite` says so.
_TYPE = "changing-column-type"
_NOT_VALID_RULE = "constraint-missing-not-valid"
_UNIQUE_RULE = "disallowed-unique-constraint"
_TASTE = re.compile(r"prefer-|ban-char-field|require-table-schema|identifier-too-long")

_INDEX = (
    "with op.get_context().autocommit_block(): op.create_index(..., postgresql_concurrently=True)",
    "AddIndexConcurrently of pgwright.contrib.django.operations, atomic = False",
)
_KEY = (
    "op.create_foreign_key(..., postgresql_not_valid=True), then in an autocommit_block(): "
    'run_step("ALTER TABLE ... VALIDATE CONSTRAINT ...")',
    "AddFieldOnline of pgwright.contrib.django.operations, atomic = False",
)
_CHECK = (
    "op.create_check_constraint(..., postgresql_not_valid=True), then in an autocommit_block(): "
    'run_step("ALTER TABLE ... VALIDATE CONSTRAINT ...")',
    "AddConstraintNotValid and ValidateConstraint of pgwright.contrib.django.operations",
)
_UNIQUE = (
    "in an autocommit_block(): op.create_index(..., unique=True, postgresql_concurrently=True), then "
    'run_step("ALTER TABLE ... ADD CONSTRAINT ... UNIQUE USING INDEX ...")',
    "AddUniqueConstraintOnline, AddFieldOnline or AlterFieldOnline of pgwright.contrib.django.operations, "
    "atomic = False",
)
_REWRITTEN: Mapping[str, tuple[str, str]] = MappingProxyType(
    {
        "require-concurrent-index-creation": _INDEX,
        "require-concurrent-index-deletion": (
            "with op.get_context().autocommit_block(): op.drop_index(..., postgresql_concurrently=True)",
            "RemoveIndexConcurrently of pgwright.contrib.django.operations, atomic = False",
        ),
        "adding-foreign-key-constraint": _KEY,
        _NOT_VALID_RULE: _CHECK,
        _UNIQUE_RULE: _UNIQUE,
        "adding-not-nullable-field": (
            "a validated CHECK (... IS NOT NULL) first, as pgwright migrate create writes it",
            "AlterFieldOnline of pgwright.contrib.django.operations, atomic = False",
        ),
    }
)


def program() -> str | None:
    """Return the path of squawk, None where the extra `lint` is not installed."""
    beside = Path(sys.executable).with_name("squawk")
    return str(beside) if beside.is_file() else shutil.which("squawk")


def find(linted: Linted, squawk: str) -> Iterator[tuple[str, Remark]]:
    """Yield rule and remark of what squawk finds, without what concerns only tables that are new."""
    asked = [s for s in linted.statements if not s.is_declaration]
    text = "".join(f"{s.sql.strip().rstrip(';')};\n" for s in _flat(asked))
    options = ["--reporter", "json", "--exclude", ",".join(_LEFT_OUT), "--stdin-filepath", "migration.sql"]
    version = ["--pg-version", f"{linted.version // 10000}.0"] if linted.version else []
    done = subprocess.run(
        [squawk, *options, *version],
        input=text,
        capture_output=True,
        text=True,
        check=False,
    )
    answers = json.loads(done.stdout or "[]")
    unique = {found["line"] for found in answers if found["rule_name"] == _UNIQUE_RULE}
    for found in answers:
        statement = asked[min(int(found["line"]), len(asked) - 1)]
        name = found["rule_name"]
        if name == _NOT_VALID_RULE and found["line"] in unique:
            # PostgreSQL knows no unique constraint that is not valid.
            continue
        taste = bool(_TASTE.match(name))
        if not taste and (not statement.touched or (name == _TYPE and statement.rewrites)):
            continue
        yield name, _remark(linted, statement, found, taste)


def _flat(statements: Iterable[Statement]) -> Iterator[Statement]:
    """Yield the statements on one line each, so that a line's number is a statement's."""
    for statement in statements:
        yield Statement(sql=re.sub(r"--[^\n]*", "", statement.sql).replace("\n", " "))


def _remark(linted: Linted, statement: Statement, found: Mapping[str, str], taste: bool) -> Remark:
    rewritten = _REWRITTEN.get(found["rule_name"])
    hint = found.get("help") or "see the rule in docs/lint.md"
    if rewritten:
        hint = f"{hint} Write: {rewritten[0] if linted.tool == 'alembic' else rewritten[1]}"
    strongest = max(statement.locks.values(), key=lambda mode: mode.rank, default=None)
    seen = ", ".join(statement.touched)
    lock = f"; {strongest.value} was seen on {seen}" if strongest and not taste else ""
    edit = None
    if rewritten and not taste:
        edit = (alembic_form if linted.tool == "alembic" else django_form)(linted, statement)
    mild = taste or found["rule_name"] == _TYPE
    return Remark(
        message=f"{found['message'].rstrip('.')}{lock}{linted.size_of(statement.touched)}: {statement.short}",
        hint=hint,
        severity=Severity.INFO if mild else linted.severity_on(statement.touched),
        tables=statement.touched,
        line=statement.line,
        edit=edit,
    )

"""The static rules of squawk, run as the program that it is."""

from __future__ import annotations

import json
import re
import shutil
import subprocess
import sys
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path

from pgwright.migrate.lint.nouns import Linted, Remark, Statement
from pgwright.migrate.lint.remedies import has_safe_form, remedy
from pgwright.migrate.lint.replaced import is_missed
from pgwright.migrate.lint.safe_alembic import safe_form as alembic_form
from pgwright.migrate.lint.safe_django import safe_form as django_form
from pgwright.model.finding import Severity

# pgwright sets time limits itself, runs each migration as its tool does, and sees what is rewritten.
_LEFT_OUT = (
    "require-lock-timeout",
    "require-statement-timeout",
    "prefer-robust-stmts",
    "transaction-nesting",
    "ban-concurrent-index-creation-in-transaction",
    "ban-uncommitted-transaction",
    "adding-field-with-default",
    "ban-drop-default",
)
# Whether it rewrites the table was seen: then `table_rewrite` says so.
_TYPE = "changing-column-type"
_NOT_VALID_RULE = "constraint-missing-not-valid"
# What these say of a constraint is more than that it could be NOT VALID.
_KEYS = ("disallowed-unique-constraint", "adding-foreign-key-constraint", "adding-serial-primary-key-field")
# What these are about is no relation, so that no lock tells whether it stood before.
_UNLOCKED = re.compile(r"ban-drop-(?:function|type|schema|domain|extension)|renaming-object")
_MENDED = frozenset(
    {
        *_KEYS,
        _NOT_VALID_RULE,
        "require-concurrent-index-creation",
        "require-concurrent-index-deletion",
        "adding-not-nullable-field",
    }
)
_TASTE = re.compile(r"prefer-|ban-char-field|require-table-schema|identifier-too-long")


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
    keys = {found["line"] for found in answers if found["rule_name"] in _KEYS}
    for found in answers:
        statement = asked[min(int(found["line"]), len(asked) - 1)]
        name = found["rule_name"]
        if name == _NOT_VALID_RULE and found["line"] in keys:
            continue
        taste = bool(_TASTE.match(name))
        if taste or _matters(linted, statement, name):
            yield name, _remark(linted, statement, found, taste)


def _matters(linted: Linted, statement: Statement, rule: str) -> bool:
    """Tell whether a finding is about something that others use."""
    if not (statement.touched or _UNLOCKED.match(rule)) or not is_missed(linted, statement):
        return False
    # A new table that refers to an older one locks that one, too, but has no rows to be checked.
    table = statement.table
    is_new = bool(statement.touched) and table is not None and not statement.stood(table)
    return not (is_new or (rule == _TYPE and statement.rewrites))


def _flat(statements: Iterable[Statement]) -> Iterator[Statement]:
    """Yield the statements on one line each, so that a line's number is a statement's."""
    for statement in statements:
        yield Statement(sql=re.sub(r"--[^\n]*", "", statement.sql).replace("\n", " "))


def _remark(linted: Linted, statement: Statement, found: Mapping[str, str], taste: bool) -> Remark:
    rule = found["rule_name"]
    strongest = max(statement.locks.values(), key=lambda mode: mode.rank, default=None)
    seen = ", ".join(statement.touched)
    lock = f"; {strongest.value} was seen on {seen}" if strongest and not taste else ""
    edit = None
    if rule in _MENDED and has_safe_form(rule, linted, statement):
        edit = (alembic_form if linted.tool == "alembic" else django_form)(linted, statement)
    mild = taste or rule == _TYPE
    return Remark(
        message=f"{found['message'].rstrip('.')}{lock}{linted.size_of(statement.touched)}: {statement.short}",
        hint=remedy(rule, linted, statement) or found.get("help") or "",
        severity=Severity.INFO if mild else linted.severity_on(statement.touched),
        tables=statement.touched,
        line=statement.line,
        edit=edit,
    )

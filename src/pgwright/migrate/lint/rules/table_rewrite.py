"""A statement that wrote a whole table anew."""

import re
from collections.abc import Iterator

from pgwright.migrate.lint.nouns import Linted, Remark, Rule
from pgwright.model.finding import Severity

_COLUMN = r"\s*ALTER\s+TABLE\b.*\bADD\s+(?:COLUMN\s+)?"
# The first that matches counts; what is left changes a type.
_HINTS = (
    (r"\s*(?:VACUUM|CLUSTER)\b", "leave it out of migrations: pg_repack does the same beside writers"),
    (r"\s*REFRESH\b", "REFRESH MATERIALIZED VIEW CONCURRENTLY, which needs a unique index"),
    (
        _COLUMN + r".*\bGENERATED\s+ALWAYS\s+AS\s*\((?!.*\bIDENTITY\b)",
        "add a plain column, keep it by a trigger, fill old rows in batches; or compute it where it is read: "
        "in a view, or in a VIRTUAL column (PostgreSQL 18)",
    ),
    (
        _COLUMN,
        "add the column without a default, set the default in a statement of its own (it then counts for "
        "new rows), and fill old rows in batches",
    ),
    (
        r"\s*ALTER\s+TABLE\b.*\bSET\s+(?:UNLOGGED|LOGGED|TABLESPACE|ACCESS\s+METHOD)\b",
        "do it at a quiet hour",
    ),
)
_OTHERWISE = "add a second column, fill it in batches, switch over, then drop the first one"
_EMPTIES = re.compile(r"\s*TRUNCATE\b", re.IGNORECASE)


def find(linted: Linted) -> Iterator[Remark]:
    """Yield the statements that replaced the file of a table that stood before."""
    for statement in linted.statements:
        if statement.rewrites and not _EMPTIES.match(statement.sql):
            tables = ", ".join(statement.rewrites)
            verb = "is" if len(statement.rewrites) == 1 else "are"
            yield Remark(
                message=f"{tables} {verb} written anew while nobody can read or write"
                f"{linted.size_of(statement.rewrites)}: {statement.short}",
                hint=_hint(statement.sql),
                severity=linted.severity_on(statement.rewrites),
                tables=statement.rewrites,
                line=statement.line,
            )


def _hint(sql: str) -> str:
    kinds = (hint for pattern, hint in _HINTS if re.match(pattern, sql, re.IGNORECASE | re.DOTALL))
    return next(kinds, _OTHERWISE)


RULE = Rule(
    id="table_rewrite", title="no table is written anew under a lock", severity=Severity.WARNING, find=find
)

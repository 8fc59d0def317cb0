"""A default that changes under a running application."""

import re
from collections.abc import Iterator

from pgwright.migrate.lint.nouns import Linted, Remark, Rule, Statement
from pgwright.model.finding import Severity

_CHANGED = re.compile(
    r"\s*ALTER\s+TABLE\b.*\bALTER\s+(?:COLUMN\s+)?(?P<column>[\w\"]+)\s+(?P<what>SET|DROP)\s+DEFAULT\b\s*(?P<value>.*)",
    re.IGNORECASE | re.DOTALL,
)
_VOLATILE = re.compile(
    r"\b(?:clock_timestamp|timeofday|random|gen_random_uuid|uuid_generate_\w+|uuidv7)\s*\(", re.IGNORECASE
)

_KEEP = {
    "alembic": "keep the server_default until all running code knows the column",
    "django": "leave the default to the database: db_default= (Django 5.0); or null=True until all running "
    "code knows the column",
}


def find(linted: Linted) -> Iterator[Remark]:
    """Yield changes of the defaults of tables that stood before."""
    for statement in linted.statements:
        found = _CHANGED.match(statement.sql)
        if found is None or not statement.touched:
            continue
        if found["what"].upper() == "DROP" and _is_new_and_required(linted, statement, found["column"]):
            yield Remark(
                message=f"running code that does not know the new column {found['column']} can insert "
                f"nothing from here on: it is NOT NULL and has no default: {statement.short}",
                hint=_KEEP[linted.tool],
                severity=Severity.WARNING,
                tables=statement.touched,
                line=statement.line,
            )
            continue
        volatile = bool(_VOLATILE.search(found["value"]))
        what = "gets none" if found["what"].upper() == "DROP" else "gets another one"
        yield Remark(
            message=f"running code that leaves {found['column']} out {what} from here on"
            + (
                "; rows that exist keep what they have, each new one has a value of its own"
                if volatile
                else ""
            )
            + f": {statement.short}",
            hint="see that code of before and after can bear it, or give the value in code first",
            tables=statement.touched,
            line=statement.line,
        )


def _is_new_and_required(linted: Linted, statement: Statement, column: str) -> bool:
    """Tell whether the same migration has added the column, as NOT NULL."""
    added = re.compile(rf"\bADD\s+(?:COLUMN\s+)?{re.escape(column)}\s.*\bNOT\s+NULL\b", re.I | re.DOTALL)
    return any(s.table == statement.table and added.search(s.sql) for s in linted.statements)


RULE = Rule(
    id="default_changed",
    title="defaults change when no code relies on them",
    severity=Severity.INFO,
    find=find,
)

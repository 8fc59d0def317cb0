"""Policies that are declared about a table which nobody can write to meanwhile."""

from collections.abc import Iterator

from pgwright.migrate.lint.nouns import Linted, Remark, Rule
from pgwright.model.finding import Severity

_CONVERT = (
    "convert it while it is in use, then the migration finds nothing left to do: pgwright policy convert {}{}"
)
_QUIET = "run it when few write to the table"


def find(linted: Linted) -> Iterator[Remark]:
    """Yield declarations that locked a table which stood before against writers."""
    for statement in linted.statements:
        if not (statement.is_declaration and statement.blocked):
            continue
        tables = statement.blocked
        converts = " time_series of " in statement.sql
        back = " --back" if statement.sql.startswith("withdraw") else ""
        yield Remark(
            message=f"nobody can write to {', '.join(tables)} while this is made to hold"
            f"{', and all rows are read' if converts else ''}{linted.size_of(tables)}: {statement.short}",
            hint=_CONVERT.format(tables[0], back) if converts else _QUIET,
            severity=linted.severity_on(tables),
            tables=tables,
            line=statement.line,
        )


RULE = Rule(
    id="declared_under_lock",
    title="policies are declared without long locks",
    severity=Severity.WARNING,
    find=find,
)

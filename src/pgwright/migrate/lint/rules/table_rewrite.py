"""A statement that wrote a whole table anew."""

from collections.abc import Iterator

from pgwright.migrate.lint.nouns import Linted, Remark, Rule
from pgwright.model.finding import Severity


def find(linted: Linted) -> Iterator[Remark]:
    """Yield the statements that replaced the file of a table that stood before."""
    for statement in linted.statements:
        if statement.rewrites:
            tables = ", ".join(statement.rewrites)
            yield Remark(
                message=f"{tables} is written anew while nobody can read or write it"
                f"{linted.size_of(statement.rewrites)}: {statement.short}",
                hint="add a second column, fill it in batches, switch over, then drop the first one",
                severity=linted.severity_on(statement.rewrites),
                tables=statement.rewrites,
                line=statement.line,
            )


RULE = Rule(
    id="table_rewrite", title="no table is written anew under a lock", severity=Severity.WARNING, find=find
)

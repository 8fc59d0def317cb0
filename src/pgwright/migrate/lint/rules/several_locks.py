"""Strong locks on several tables in one transaction."""

from collections.abc import Iterator

from pgwright.migrate.lint.nouns import Linted, Remark, Rule, Statement
from pgwright.model.finding import Severity


def find(linted: Linted) -> Iterator[Remark]:
    """Yield statements that block writers of a table while their transaction blocks those of another one."""
    held: dict[int, list[str]] = {}
    for statement in linted.statements:
        before = held.setdefault(statement.transaction, [])
        fresh = [path for path in statement.blocked if path not in before]
        if before and fresh:
            yield _remark(linted, statement, before[-1], fresh[0])
        before += fresh


def _remark(linted: Linted, statement: Statement, first: str, then: str) -> Remark:
    tables = (first, then)
    return Remark(
        message=f"{first} stays locked until {then} is locked too{linted.size_of(tables)}: whoever uses them "
        f"in the other order meets it in a deadlock, and both wait for the slower one: {statement.short}",
        hint="change one table in each migration",
        severity=Severity.INFO if linted.severity_on(tables) is Severity.INFO else Severity.WARNING,
        tables=tables,
        line=statement.line,
    )


RULE = Rule(
    id="several_locks",
    title="a transaction locks one table",
    severity=Severity.WARNING,
    find=find,
)

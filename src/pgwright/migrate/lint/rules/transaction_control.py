"""BEGIN, COMMIT and ROLLBACK in a migration, whose transaction belongs to the tool."""

import ast
import re
from collections.abc import Iterator

from pgwright.migrate.lint.nouns import Linted, Remark, Rule
from pgwright.model.finding import Severity

_BODY = re.compile(r"\$(\w*)\$.*?\$\1\$|'(?:[^']|'')*'|--[^\n]*", re.DOTALL)
_WORD = re.compile(
    r"(?:^|;)\s*(?P<word>BEGIN|START\s+TRANSACTION|COMMIT|ROLLBACK(?!\s+TO)|END)\b[\w\s]*(?:;|$)",
    re.IGNORECASE,
)


def find(linted: Linted) -> Iterator[Remark]:
    """Yield SQL in the file that begins or ends a transaction."""
    for node in ast.walk(linted.tree):
        match node:
            case (
                ast.Call(args=[ast.Constant(value=str(text)), *_])
                | ast.Call(args=[ast.Call(args=[ast.Constant(value=str(text)), *_]), *_])
            ):
                found = _WORD.search(_BODY.sub("", text))
                if found and isinstance(node.func, ast.Attribute | ast.Name):
                    yield Remark(
                        message=f"{found['word'].upper()} breaks the transaction of the migration tool: what "
                        "came before is committed without its record, and a failure leaves half of it",
                        hint="remove it; for statements of their own: autocommit_block(), atomic = False",
                        line=node.lineno,
                    )


RULE = Rule(
    id="transaction_control",
    title="the tool begins and ends transactions",
    severity=Severity.WARNING,
    find=find,
)

"""Python whose effect cannot be read from the file."""

import ast
import re
from collections.abc import Iterator

from pgwright.migrate.lint.nouns import Linted, Remark, Rule
from pgwright.model.finding import Severity

_SIGNED = re.compile(r"#\s*pgwright:\s*checked\s+because\s+\S")


def find(linted: Linted) -> Iterator[Remark]:
    """Yield RunPython, `op.execute` of computed SQL and `op.get_bind` without a sign-off above or beside."""
    lines = linted.text.splitlines()
    known = set(_of_policies(linted.tree))
    for node in ast.walk(linted.tree):
        what = _unreadable(node)
        if what is None or not isinstance(node, ast.expr) or node in known:
            continue
        around = lines[max(0, node.lineno - 2) : node.end_lineno]
        if not any(_SIGNED.search(line) for line in around):
            yield Remark(
                message=f"what {what} does depends on the rows that it meets, and scratch has none",
                hint="review it, then say so above it: # pgwright: checked because ...",
                line=node.lineno,
            )


def _of_policies(tree: ast.Module) -> Iterator[ast.AST]:
    """Yield what is handed to pgwright's own functions, whose work is known."""
    for node in ast.walk(tree):
        match node:
            case ast.Call(func=ast.Name(id="declare_policies" | "withdraw_policies"), args=args):
                yield from args


def _unreadable(node: ast.AST) -> str | None:
    match node:
        case ast.Call(func=ast.Attribute(attr="RunPython")):
            return "RunPython"
        case ast.Call(func=ast.Attribute(value=ast.Name(id="op"), attr="get_bind")):
            return "op.get_bind()"
        case ast.Call(func=ast.Attribute(value=ast.Name(id="op"), attr="execute"), args=[argument, *_]):
            return None if _is_constant(argument) else "op.execute of computed SQL"
    return None


def _is_constant(argument: ast.expr) -> bool:
    match argument:
        case ast.Call(func=ast.Attribute(attr="text") | ast.Name(id="text"), args=[text]):
            return _is_constant(text)
    return isinstance(argument, ast.Constant)


RULE = Rule(
    id="unchecked_code",
    title="code that cannot be checked is signed off",
    severity=Severity.WARNING,
    find=find,
)

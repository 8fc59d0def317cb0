"""SQL is composed with `psycopg.sql` or passed with parameters, never put together as text."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.unit.architecture.tree import ROOT, modules, parsed

TAKES_SQL = {"execute", "executemany", "SQL", "stream"}
Scope = ast.Module | ast.FunctionDef | ast.AsyncFunctionDef


def put_together(node: ast.expr) -> bool:
    """Tell whether an expression makes text out of parts."""
    match node:
        case ast.JoinedStr(values=values):
            found = any(isinstance(value, ast.FormattedValue) for value in values)
        case (
            ast.BinOp(left=text, op=ast.Mod())
            | ast.Call(func=ast.Attribute(value=text, attr="format" | "join"))
        ):
            found = _is_text(text)
        case ast.BinOp(left=left, op=ast.Add(), right=right):
            found = put_together(left) or put_together(right) or _is_text(left) != _is_text(right)
        case ast.IfExp(body=body, orelse=orelse):
            found = put_together(body) or put_together(orelse)
        case _:
            found = False
    return found


def _is_text(node: ast.expr) -> bool:
    match node:
        case ast.Constant(value=str()) | ast.JoinedStr():
            return True
        case ast.BinOp(left=left, right=right):
            return _is_text(left) and _is_text(right)
    return False


def _within(scope: Scope) -> Iterator[ast.AST]:
    """Walk a scope without the functions inside it, which are scopes of their own."""
    waiting: list[ast.AST] = list(scope.body)
    while waiting:
        node = waiting.pop()
        yield node
        if not isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            waiting.extend(ast.iter_child_nodes(node))


def violations(tree: ast.Module) -> list[int]:
    """Return the lines that pass text put together from parts to something that takes SQL."""
    found: list[int] = []
    functions = [node for node in ast.walk(tree) if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)]
    for scope in (tree, *functions):
        nodes = list(_within(scope))
        tainted = {
            target.id
            for node in nodes
            if isinstance(node, ast.Assign) and put_together(node.value)
            for target in node.targets
            if isinstance(target, ast.Name)
        }
        for node in nodes:
            match node:
                case ast.Call(func=ast.Attribute(attr=name) | ast.Name(id=name), args=[first, *_]):
                    bad = put_together(first) or (isinstance(first, ast.Name) and first.id in tainted)
                    if name in TAKES_SQL and bad:
                        found.append(node.lineno)
    return found


@pytest.mark.parametrize("path", modules("src", "systems"), ids=lambda path: str(path.relative_to(ROOT)))
def test_no_sql_from_text(path: Path) -> None:
    lines = violations(parsed(path))
    assert not lines, (
        f"{path.relative_to(ROOT)}, lines {lines}: compose it with psycopg.sql or pass parameters"
    )


@pytest.mark.parametrize(
    "source",
    [
        'conn.execute(f"DROP TABLE {name}")',
        'conn.execute("DROP TABLE %s" % name)',
        'conn.execute("DROP TABLE " + name)',
        'conn.execute("DROP TABLE " + name + " CASCADE")',
        'conn.execute("DROP TABLE {}".format(name))',
        'conn.execute(", ".join(names))',
        'sql.SQL(f"DROP TABLE {name}")',
        'def f(name):\n    query = f"DROP TABLE {name}"\n    conn.execute(query)',
        'conn.execute(f"a {b}" if c else "d")',
    ],
)
def test_the_rule_sees(source: str) -> None:
    assert violations(ast.parse(source))


@pytest.mark.parametrize(
    "source",
    [
        'conn.execute("SELECT %s", (name,))',
        'conn.execute(sql.SQL("DROP TABLE {}").format(sql.Identifier(name)))',
        'conn.execute("SELECT 1 " "FROM x")',
        'conn.execute(sql.SQL(", ").join(names))',
        'raise Error(f"cannot drop {name}")',
        'conn.execute(sql.SQL("a") + part)',
    ],
)
def test_the_rule_lets_pass(source: str) -> None:
    assert not violations(ast.parse(source))

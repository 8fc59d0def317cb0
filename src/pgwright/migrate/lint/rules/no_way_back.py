"""A migration that cannot be taken back."""

import ast
from collections.abc import Iterator

from pgwright.migrate.lint.nouns import Linted, Remark, Rule
from pgwright.model.finding import Severity

_NEEDED = {"RunPython": "reverse_code", "RunSQL": "reverse_sql"}


def find(linted: Linted) -> Iterator[Remark]:
    """Yield a downgrade that does nothing after an upgrade that does, and operations without a reverse."""
    functions = {n.name: n for n in linted.tree.body if isinstance(n, ast.FunctionDef)}
    up, down = functions.get("upgrade"), functions.get("downgrade")
    if up is not None and not _is_idle(up) and (down is None or _is_idle(down)):
        yield Remark(
            message="downgrade does nothing, but upgrade does",
            hint="write it, or let pgwright: pgwright migrate create --autogenerate",
            line=down.lineno if down else up.lineno,
        )
    for node in ast.walk(linted.tree):
        match node:
            case ast.Call(func=ast.Attribute(attr=name), args=args, keywords=keywords) if name in _NEEDED:
                if len(args) < 2 and _NEEDED[name] not in {k.arg for k in keywords}:
                    yield Remark(
                        message=f"{name} has no way back, so that this migration cannot be taken back at all",
                        hint=f"give it {_NEEDED[name]}, if only migrations.{name}.noop",
                        line=node.lineno,
                    )


def _is_idle(function: ast.FunctionDef) -> bool:
    return all(
        isinstance(node, ast.Pass) or (isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant))
        for node in function.body
    )


RULE = Rule(id="no_way_back", title="every migration can be taken back", severity=Severity.INFO, find=find)

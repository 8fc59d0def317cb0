"""The safe form of an operation in a Django migration."""

from __future__ import annotations

import ast
import re

from pgwright.migrate.lint.edits import Edit
from pgwright.migrate.lint.nouns import Linted, Statement

_MODULE = "pgwright.contrib.django.operations"
_SAFE = {
    "AddIndex": ("AddIndexConcurrently",),
    "RemoveIndex": ("RemoveIndexConcurrently",),
    "AddField": ("AddFieldOnline",),
    "AlterField": ("AlterFieldOnline",),
}
# Of AddConstraint, by what it adds.
_SAFE_CONSTRAINT = {
    "CheckConstraint": ("AddConstraintNotValid", "ValidateConstraint"),
    "UniqueConstraint": ("AddUniqueConstraintOnline",),
}
_KNOWN = {*_SAFE, "AddConstraint"}
_NAME = re.compile(r"\bname=(?P<name>[\"'][^\"']+[\"'])")


def safe_form(linted: Linted, statement: Statement) -> Edit | None:
    """Return the edit that lets the operation run without blocking writers, None where none is known."""
    found = _operation_at(linted.tree, statement.line or 0)
    if found is None:
        return None
    node, name = found
    lines = linted.text.splitlines()[node.lineno - 1 : node.end_lineno]
    known = _SAFE.get(name) or _safe_constraint("\n".join(lines))
    if known is None:
        return None
    safe, *more = known
    changed = [re.sub(rf"\b(?:migrations\.)?{name}\(", f"{safe}(", lines[0], count=1), *lines[1:]]
    if more:
        model, constraint = _argument(node, 0, "model_name"), _NAME.search("\n".join(lines))
        if model is None or constraint is None:
            return None
        margin = lines[0][: len(lines[0]) - len(lines[0].lstrip())]
        if not changed[-1].rstrip().endswith(","):
            changed[-1] += ","
        changed.append(f"{margin}{more[0]}({ast.unparse(model)}, {constraint['name']}),")
    return Edit(
        first=node.lineno,
        last=node.end_lineno or node.lineno,
        lines=tuple(changed),
        imports=tuple(f"from {_MODULE} import {used}" for used in (safe, *more)),
        alone=True,
    )


def _operation_at(tree: ast.Module, line: int) -> tuple[ast.Call, str] | None:
    for node in ast.walk(tree):
        match node:
            case ast.Call(func=ast.Attribute(attr=name) | ast.Name(id=name)) if name in _KNOWN:
                if node.lineno <= line <= (node.end_lineno or node.lineno):
                    return node, name
    return None


def _safe_constraint(text: str) -> tuple[str, ...] | None:
    return next((safe for added, safe in _SAFE_CONSTRAINT.items() if added in text), None)


def _argument(node: ast.Call, place: int, name: str) -> ast.expr | None:
    if len(node.args) > place:
        return node.args[place]
    return next((k.value for k in node.keywords if k.arg == name), None)

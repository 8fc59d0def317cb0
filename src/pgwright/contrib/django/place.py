"""Where in a migration's file the operation stands that is at work."""

from __future__ import annotations

import ast
import inspect
import sys
from functools import cache
from pathlib import Path
from typing import Any

from django.db.migrations.migration import Migration

from pgwright.migrate.worker.place import line_in


def line_of(statement: str) -> int:
    """Return the line of the statement that runs now, or of its operation; 0 where that cannot be told.

    Operations run outside of the file that lists them: the one at work is known by its place in the list.
    """
    frame: Any = sys._getframe(1)
    while frame is not None:
        migration, operation = frame.f_locals.get("self"), frame.f_locals.get("operation")
        if isinstance(migration, Migration) and operation is not None:
            break
        frame = frame.f_back
    if frame is None:
        return 0
    path = inspect.getfile(type(migration))
    if own := line_in(path):
        return own
    listed = _operations(path)
    place = next((i for i, o in enumerate(migration.operations) if o is operation), None)
    if place is None or len(listed) != len(migration.operations):
        return 0
    return _line_within(listed[place], statement)


@cache
def _operations(path: str) -> tuple[ast.expr, ...]:
    tree = ast.parse(Path(path).read_text(encoding="utf-8"))
    for node in ast.walk(tree):
        match node:
            case ast.Assign(targets=[ast.Name(id="operations")], value=ast.List(elts=members)):
                return tuple(members)
    return ()


def _line_within(operation: ast.expr, statement: str) -> int:
    for node in ast.walk(operation):
        match node:
            case ast.Constant(value=str(text)) if text.strip() == statement.strip():
                return node.lineno
    return operation.lineno

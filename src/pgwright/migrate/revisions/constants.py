"""Constants that a Python file assigns, read without running it."""

from __future__ import annotations

import ast
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from pgwright.errors import SourceError


def parse(path: Path) -> ast.Module:
    """Return the syntax tree of a file. Raises `SourceError` for one that is unreadable or not Python."""
    try:
        return ast.parse(path.read_bytes(), filename=str(path))
    except OSError as exc:
        raise SourceError(
            f"cannot read {path}", detail=exc.strerror, hint=f"check its permissions: ls -l {path}"
        ) from exc
    except (SyntaxError, ValueError) as exc:
        raise SourceError(
            f"{path} is not valid Python", detail=str(exc), hint="correct the file, then run this again"
        ) from exc


def assigned(body: list[ast.stmt]) -> Mapping[str, ast.expr]:
    """Return what the statements of a module or class assign to plain names; the last one counts."""
    found: dict[str, ast.expr] = {}
    for statement in body:
        match statement:
            case ast.Assign(targets=[ast.Tuple(elts=names)], value=ast.Tuple(elts=values)):
                pairs = zip(names, values, strict=False)
                found.update({name.id: value for name, value in pairs if isinstance(name, ast.Name)})
            case ast.Assign(targets=targets, value=value):
                found.update({target.id: value for target in targets if isinstance(target, ast.Name)})
            case ast.AnnAssign(target=ast.Name(id=name), value=ast.expr() as value):
                found[name] = value
    return found


def constant(value: ast.expr | None) -> Any:
    """Return the value of a literal; None for anything that must be computed."""
    try:
        return ast.literal_eval(value) if value is not None else None
    except (ValueError, TypeError, SyntaxError, MemoryError, RecursionError):
        return None


def texts(value: ast.expr | None) -> Iterator[str]:
    """Yield the text of a literal, or the texts of a literal list, tuple or set."""
    found = constant(value)
    if isinstance(found, str):
        yield found
    elif isinstance(found, list | tuple | set | frozenset):
        yield from (item for item in found if isinstance(item, str))

"""Changes of a migration's text, by its lines, and the difference that they make."""

from __future__ import annotations

import ast
import difflib
from collections.abc import Iterable
from dataclasses import dataclass


@dataclass(frozen=True, kw_only=True)
class Edit:
    """Put `lines` in the place of those from `first` to `last`, and see that the file imports `imports`.

    `alone` says that Django's migration must have no transaction around it.
    """

    first: int
    last: int
    lines: tuple[str, ...]
    imports: tuple[str, ...] = ()
    alone: bool = False


def edited_text(text: str, edits: Iterable[Edit]) -> str:
    """Return the text with all edits carried out; of two about the same lines the first counts."""
    lines = text.splitlines()
    chosen: dict[int, Edit] = {}
    for edit in edits:
        if not any(e.first <= edit.last and edit.first <= e.last for e in chosen.values()):
            chosen[edit.first] = edit
    for edit in sorted(chosen.values(), key=lambda e: -e.first):
        lines[edit.first - 1 : edit.last] = edit.lines
    if any(edit.alone for edit in chosen.values()):
        lines = [line for line in lines if not line.startswith("    atomic =")]
        place = next(i for i, line in enumerate(lines) if line.startswith("class Migration("))
        lines.insert(place + 1, "    atomic = False")
    for wanted in dict.fromkeys(line for edit in chosen.values() for line in edit.imports):
        if wanted not in lines:
            lines.insert(_after_imports(lines), wanted)
    return "\n".join(lines) + ("\n" if text.endswith("\n") else "")


def _after_imports(lines: list[str]) -> int:
    body = ast.parse("\n".join(lines)).body
    ends = [node.end_lineno or 0 for node in body if isinstance(node, ast.Import | ast.ImportFrom)]
    return max(ends, default=0)


def diff(text: str, edits: Iterable[Edit], *, file: str) -> str:
    """Return the change as a unified diff, as ``git apply`` takes it; empty where nothing changes."""
    before, after = text.splitlines(keepends=True), edited_text(text, edits).splitlines(keepends=True)
    return "".join(difflib.unified_diff(before, after, f"a/{file}", f"b/{file}"))

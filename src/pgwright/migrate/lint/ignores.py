"""Comments in a migration that accept a finding, with the reason.

One at a statement, or above it, counts for that statement: a call in a revision of Alembic, an operation in a
migration of Django. ``ignore-file`` counts for all of its file.
"""

from __future__ import annotations

import ast
import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

from pgwright.migrate.lint.nouns import Linted, Remark

UNUSED, UNREASONED = "unused_ignore", "ignore_without_reason"
TITLES = {
    UNUSED: "comments that ignore a rule are needed",
    UNREASONED: "comments that ignore a rule say why",
}
_COMMENT = re.compile(
    r"#\s*pgwright:\s*(?P<form>ignore|ignore-file)=(?P<rules>[\w,-]+)(?:\s+because\s+(?P<reason>\S.*))?"
)


@dataclass(frozen=True, kw_only=True)
class Ignore:
    """Hold one comment, and whether it counts for its file."""

    rule: str
    reason: str | None
    line: int
    is_for_file: bool

    def accepts(self, id: str, lines: range) -> bool:
        """Tell whether a finding of a statement with these lines is accepted."""
        counts = self.reason is not None and self.rule == id
        return counts and (self.is_for_file or self.line in lines)


def ignores(linted: Linted) -> tuple[Ignore, ...]:
    """Return the comments of a file."""
    return tuple(
        Ignore(rule=rule, reason=match["reason"], line=number, is_for_file=match["form"] == "ignore-file")
        for number, line in enumerate(linted.text.splitlines(), start=1)
        if (match := _COMMENT.search(line))
        for rule in match["rules"].split(",")
    )


def accepted(linted: Linted, remarks: Sequence[tuple[str, Remark]]) -> tuple[list[tuple[str, Remark]], int]:
    """Return the remarks that no comment accepts, with those about comments, and how many are accepted."""
    known = ignores(linted)
    kept: list[tuple[str, Remark]] = []
    used: set[Ignore] = set()
    for id, remark in remarks:
        found = {ignore for ignore in known if ignore.accepts(id, _lines(linted, remark.line))}
        used |= found
        if not found:
            kept.append((id, remark))
    return [*kept, *_judged(known, used)], len(remarks) - len(kept)


def _lines(linted: Linted, line: int | None) -> range:
    """Return the lines of the statement that a line belongs to, with the comments right above it."""
    if line is None:
        return range(0)
    around = [n for n in _statements(linted.tree) if n.lineno <= line <= (n.end_lineno or n.lineno)]
    # An operation stands within the assignment of its list.
    innermost = max(around, key=lambda n: n.lineno, default=None)
    first, last = (innermost.lineno, innermost.end_lineno or line) if innermost else (line, line)
    text = linted.text.splitlines()
    while first > 1 and text[first - 2].lstrip().startswith("#"):
        first -= 1
    return range(first, last + 1)


def _statements(tree: ast.Module) -> Iterator[ast.stmt | ast.expr]:
    for node in ast.walk(tree):
        match node:
            case ast.Assign(targets=[ast.Name(id="operations")], value=ast.List(elts=operations)):
                yield from operations
            case ast.stmt() if not hasattr(node, "body"):
                yield node


def _judged(known: Iterable[Ignore], used: set[Ignore]) -> Iterator[tuple[str, Remark]]:
    """Yield what is wrong with the comments themselves; `used` are those that accept something."""
    for ignore in known:
        if ignore.reason is None:
            yield (
                UNREASONED,
                Remark(
                    message=f"{ignore.rule} is ignored without a reason, and so is this comment",
                    hint=f"write: # pgwright: ignore={ignore.rule} because ...",
                    line=ignore.line,
                ),
            )
        elif ignore not in used:
            here = "in this file" if ignore.is_for_file else "at this statement"
            yield (
                UNUSED,
                Remark(
                    message=f"{ignore.rule} finds nothing {here}, so nothing is to be ignored",
                    hint="remove the comment, or put it above the statement that it means; for all of a "
                    f"file: # pgwright: ignore-file={ignore.rule} because ...",
                    line=ignore.line,
                ),
            )

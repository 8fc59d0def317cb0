"""Comments in a migration that accept a finding, with the reason."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from pgwright.migrate.lint.nouns import Linted, Remark

UNUSED, UNREASONED = "unused_ignore", "ignore_without_reason"
TITLES = {
    UNUSED: "comments that ignore a rule are needed",
    UNREASONED: "comments that ignore a rule say why",
}
_COMMENT = re.compile(r"#\s*pgwright:\s*ignore=(?P<rules>[\w,-]+)(?:\s+because\s+(?P<reason>\S.*))?")


@dataclass(frozen=True, kw_only=True)
class Ignore:
    """Hold one comment; it counts for its file."""

    rule: str
    reason: str | None
    line: int


def ignores(linted: Linted) -> tuple[Ignore, ...]:
    """Return the comments of a file."""
    return tuple(
        Ignore(rule=rule, reason=match["reason"], line=number)
        for number, line in enumerate(linted.text.splitlines(), start=1)
        if (match := _COMMENT.search(line))
        for rule in match["rules"].split(",")
    )


def judge(known: Iterable[Ignore], met: set[str]) -> Iterator[tuple[str, Remark]]:
    """Yield what is wrong with the comments themselves; `met` are the rules that found something."""
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
        elif ignore.rule not in met:
            yield (
                UNUSED,
                Remark(
                    message=f"{ignore.rule} finds nothing here, so nothing is to be ignored",
                    hint="remove the comment",
                    line=ignore.line,
                ),
            )

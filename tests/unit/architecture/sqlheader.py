"""The header comment of a named `.sql` file."""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True, kw_only=True)
class SqlHeader:
    """Hold what the leading comment of a file declares.

    `requires` names extensions to create before the file makes sense. `columns`
    is empty for a script that returns nothing.
    """

    purpose: str
    since: int | None
    columns: tuple[str, ...]
    requires: tuple[str, ...]
    is_query: bool

    @classmethod
    def read(cls, path: Path) -> SqlHeader:
        """Return the header of a file."""
        lines = path.read_text(encoding="utf-8").splitlines()
        length = next((n for n, line in enumerate(lines) if not line.startswith("--")), len(lines))
        header = [line.removeprefix("--").strip() for line in lines[:length]]
        fields: dict[str, str] = {"purpose": ""}
        current = "purpose"
        for line in header:
            if match := re.fullmatch(r"([a-z]+): *(.*)", line):
                current = match[1]
                fields[current] = match[2]
            else:
                fields[current] = f"{fields[current]} {line}".strip()
        since = re.fullmatch(r"\d+", fields.get("since", ""))
        body = "\n".join(lines[length:]).lstrip()
        return cls(
            purpose=fields["purpose"],
            since=int(since[0]) if since else None,
            columns=_words(fields.get("columns", "")),
            requires=_words(fields.get("requires", "")),
            is_query=re.match(r"(SELECT|WITH|VALUES|TABLE|SHOW)\b", body, re.IGNORECASE) is not None,
        )


def _words(text: str) -> tuple[str, ...]:
    # What stands in parentheses explains a column: "size (bytes), ratio".
    return tuple(
        word.strip() for word in re.sub(r"\([^)]*\)", "", text).rstrip(".").split(",") if word.strip()
    )

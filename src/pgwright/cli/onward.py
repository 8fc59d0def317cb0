"""The commands that messages name, led to the database of the run that prints them.

Below the command line nobody knows how the database was chosen: a hint says ``pgwright schema resume``. Typed
as it stands, that would go to the project's default database, whichever one the run was about.
"""

from __future__ import annotations

import re
import shlex
from collections.abc import Sequence

from pgwright.cli.registry import COMMANDS

# These are about no database of a project.
_ELSEWHERE = frozenset({"init", "demo", "server"})
_LED = "|".join(name for name in COMMANDS if name not in _ELSEWHERE)
_NAMED = re.compile(rf"\bpgwright (?P<rest>(?:{_LED})\b(?:(?!pgwright )[^;\n`])*)")
_PLACED = re.compile(r"(?<!\S)--(?:project|database|url|help)\b")


def led(text: str, place: Sequence[str]) -> str:
    """Return the text with the options of `place` in each command that does not say where it goes itself."""
    if not place or "pgwright " not in text:
        return text
    options = shlex.join(place)

    def lead(match: re.Match[str]) -> str:
        rest = match["rest"]
        return match[0] if _PLACED.search(rest) else f"pgwright {options} {rest}"

    return _NAMED.sub(lead, text)

"""`${VARIABLE}` in configuration values."""

from __future__ import annotations

import re
from collections.abc import Mapping

# $$ stands for a dollar sign; ${NAME:-default} as in shells.
_PATTERN = re.compile(
    r"\$(?:(?P<dollar>\$)|\{(?P<name>[A-Za-z_]\w*)(?::-(?P<default>[^}]*))?\}|(?P<bad>\{[^}]*\}?))"
)


class MissingVariable(Exception):
    """Report a variable without a value, or a reference that is not of the form ``${NAME}``."""

    def __init__(self, name: str, *, malformed: bool = False) -> None:
        super().__init__(name)
        self.name = name
        self.malformed = malformed


def interpolate(text: str, variables: Mapping[str, str]) -> str:
    """Return `text` with each ``${NAME}`` replaced from `variables`; an empty value counts as missing.

    Raises `MissingVariable`.
    """

    def value(match: re.Match[str]) -> str:
        if match["dollar"]:
            return "$"
        if match["bad"]:
            raise MissingVariable(match["bad"], malformed=True)
        found = variables.get(match["name"]) or match["default"]
        if found is None:
            raise MissingVariable(match["name"])
        return found

    return _PATTERN.sub(value, text)

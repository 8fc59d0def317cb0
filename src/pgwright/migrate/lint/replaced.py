"""What a migration drops and nobody misses."""

from __future__ import annotations

import re

from pgwright.migrate.lint.nouns import NAME, Linted, Statement

_NAMED = re.compile(
    r"\b(?:DROP|ALTER)\s+(?:MATERIALIZED\s+VIEW|VIEW|FUNCTION|PROCEDURE|TYPE|DOMAIN|SCHEMA|SEQUENCE|EXTENSION|CONSTRAINT)"
    rf"\s+(?:IF\s+EXISTS\s+)?(?P<name>{NAME})",
    re.IGNORECASE,
)


def is_missed(linted: Linted, statement: Statement) -> bool:
    """Tell whether others could miss what a statement drops or renames.

    Nobody misses what this migration made before, nor what its transaction makes again.
    """
    found = _NAMED.search(statement.sql)
    if found is None:
        return True
    place = linted.statements.index(statement)
    made = re.compile(rf"\b(?:CREATE|ADD\s+CONSTRAINT)\b[^;(]*?{_plain(found['name'])}", re.IGNORECASE)
    before = linted.statements[:place]
    again = (s for s in linted.statements[place + 1 :] if s.transaction == statement.transaction)
    return not any(made.search(s.sql) for s in (*before, *again))


def _plain(name: str) -> str:
    """Return a pattern for a name, however it is quoted or qualified."""
    return rf"\b{re.escape(name.rpartition('.')[2].strip(chr(34)))}\b"

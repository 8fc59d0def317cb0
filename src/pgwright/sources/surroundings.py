"""What an SQL file says about more than its own database: databases, connections, roles.

``pg_dump --create`` and pg_dumpall write such statements. On the scratch server they would lead out of the
scratch database, or change what other files that are built there rely on.
"""

from __future__ import annotations

import re

from pgwright.errors import SourceError

_WORD = r"(?:\"(?:[^\"]|\"\")+\"|[\w$]+)"
_REST = r"(?:[^;']|'(?:[^']|'')*')*;"
_DATABASE = re.compile(
    rf"^[ \t]*(?:(?:CREATE|ALTER|DROP)\s+DATABASE|COMMENT\s+ON\s+DATABASE"
    rf"|SECURITY\s+LABEL\s+(?:FOR\s+\S+\s+)?ON\s+DATABASE"
    rf"|(?:GRANT|REVOKE)\b[^;()']*?\sON\s+DATABASE)\s{_REST}",
    re.IGNORECASE | re.MULTILINE,
)
_CONNECT = re.compile(
    r"^[ \t]*\\c(?:onnect)?(?:[ \t]+-reuse-previous=\w+)?"
    r"(?:[ \t]+(?P<name>\"[^\"\n]*\"|'[^'\n]*'|[^\s\"']+))?[^\n]*$",
    re.MULTILINE,
)
_ROLE = re.compile(
    rf"^[ \t]*(?P<verb>CREATE|ALTER|DROP)\s+(?:ROLE|USER|GROUP)\s+(?!MAPPING\b)(?P<name>{_WORD}){_REST}",
    re.IGNORECASE | re.MULTILINE,
)
# What stands for a role without being the name of one.
_NO_ROLES = frozenset({"all", "current_role", "current_user", "session_user"})


def without_databases(text: str, *, file: str) -> str:
    """Return SQL without what it says about its database as a whole; lines keep their numbers.

    A file that connects to one database is about that one, whatever its name is here. Raises `SourceError`
    for one that connects to several.
    """
    # A dash stands for the database that psql is connected to.
    names = {match["name"].strip("\"'") for match in _CONNECT.finditer(text) if match["name"]} - {"-"}
    if len(names) > 1:
        raise SourceError(
            f"{file} does not load: it holds several databases: {', '.join(sorted(names))}",
            detail="a source is one database; nothing was run",
            hint="write the one that is meant: pg_dump --schema-only --file schema.sql DATABASE",
        )
    return _CONNECT.sub("", _DATABASE.sub(_blank, text))


def without_roles(text: str) -> tuple[str, tuple[str, ...]]:
    """Return SQL that neither makes nor changes roles, and the names of those that it did make or change."""
    named = [
        _plain(match["name"])
        for match in _ROLE.finditer(text)
        if match["verb"].upper() != "DROP" and match["name"].lower() not in _NO_ROLES
    ]
    return _ROLE.sub(_blank, text), tuple(dict.fromkeys(named))


def _plain(name: str) -> str:
    return name[1:-1].replace('""', '"') if name.startswith('"') else name.lower()


def _blank(match: re.Match[str]) -> str:
    return "\n" * match[0].count("\n")

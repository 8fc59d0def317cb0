"""The table of contents of an archive: which lines of it belong to which table."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from pgwright.backup.repository.manifest import TableFacts

_LINE = re.compile(r"(?P<id>\d+); \d+ \d+ (?P<rest>.+)")
# Longest first: "TABLE DATA" before "TABLE".
_OF_TABLE = (
    "SEQUENCE OWNED BY",
    "CHECK CONSTRAINT",
    "FK CONSTRAINT",
    "TABLE ATTACH",
    "INDEX ATTACH",
    "ROW SECURITY",
    "CONSTRAINT",
    "TABLE DATA",
    "SEQUENCE SET",
    "SEQUENCE",
    "DEFAULT",
    "TRIGGER",
    "COMMENT",
    "POLICY",
    "TABLE",
    "INDEX",
    "RULE",
    "ACL",
)
_DATA = ("TABLE DATA", "SEQUENCE SET")


@dataclass(frozen=True, kw_only=True)
class Entry:
    """Describe a line: `kind` as pg_restore names it, `schema`, and the rest, which begins with a name."""

    line: str
    kind: str
    schema: str
    rest: str

    @property
    def is_data(self) -> bool:
        """Tell whether it carries rows or the value of a sequence."""
        return self.kind in _DATA


def parse(listing: str) -> tuple[Entry, ...]:
    """Return the lines of ``pg_restore --list`` that can belong to a table."""
    found = []
    for line in listing.splitlines():
        match = _LINE.match(line)
        if match is None:
            continue
        kind = next((kind for kind in _OF_TABLE if match["rest"].startswith(f"{kind} ")), None)
        if kind is None:
            continue
        schema, _, rest = match["rest"][len(kind) + 1 :].partition(" ")
        found.append(Entry(line=line, kind=kind, schema=schema, rest=rest))
    return tuple(found)


def of_tables(entries: Iterable[Entry], tables: Sequence[TableFacts]) -> tuple[Entry, ...]:
    """Return the lines that make and fill the tables, with their indexes, sequences, triggers and grants."""
    return tuple(entry for entry in entries if any(_belongs(entry, table) for table in tables))


def _belongs(entry: Entry, table: TableFacts) -> bool:
    if entry.schema != table.schema:
        return False
    named = entry.rest
    if entry.kind in {"COMMENT", "ACL"}:
        # Their names begin with the kind of the object that they are about.
        kind, _, named = named.partition(" ")
        if kind not in {"TABLE", "COLUMN", "INDEX", "SEQUENCE", "CONSTRAINT", "TRIGGER"}:
            return False
        if kind == "COLUMN":
            return named.startswith(f"{table.name}.")
    if entry.kind in {"INDEX", "INDEX ATTACH"}:
        return any(named.startswith(f"{index} ") for index in table.indexes)
    owned = table.sequences if entry.kind.startswith("SEQUENCE") or entry.kind in {"COMMENT", "ACL"} else ()
    return any(named.startswith(f"{name} ") for name in (table.name, *owned))

"""What is linted, and what a rule is."""

from __future__ import annotations

import ast
import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path

from pgwright.migrate.lint.edits import Edit
from pgwright.model.finding import Severity
from pgwright.model.locks import LockMode

MANY_ROWS = 1_000_000
FEW_ROWS = 10_000
_OF_ROWS = frozenset({LockMode.ROW_EXCLUSIVE, LockMode.ACCESS_EXCLUSIVE})  # TRUNCATE takes the latter
_PART = r'(?:"[^"]+"|[\w$]+)'
NAME = rf"{_PART}(?:\.{_PART})?"
_TABLE = re.compile(
    r"\s*(?:ALTER\s+TABLE\s+(?:IF\s+EXISTS\s+)?|CREATE\s+(?:UNIQUE\s+)?INDEX\b.*?\bON\s+)(?:ONLY\s+)?"
    rf"(?P<table>{NAME})",
    re.IGNORECASE | re.DOTALL,
)


def is_named(name: str, path: str) -> bool:
    """Tell whether a name, as a statement has it, is that of the relation at `path`."""
    plain = name.replace('"', "")
    return path == plain or path.endswith(f".{plain}")


@dataclass(frozen=True, kw_only=True)
class Statement:
    """Hold one statement of a migration and what it did on scratch.

    `locks` and `rewrites` are of relations that stood before the migration; those that its transaction had
    locked already, and that it names, are `held`. `line` is where in the file it
    comes from, None where nobody knows. Statements of one transaction share its number; one that `commits`
    ended its own. A declaration of policies is one statement, whatever it ran; `sql` is then its words.
    """

    sql: str
    is_declaration: bool = False
    line: int | None = None
    transaction: int = 0
    commits: bool = False
    locks: Mapping[str, LockMode] = field(default_factory=dict)
    held: tuple[str, ...] = ()
    rewrites: tuple[str, ...] = ()

    @property
    def touched(self) -> tuple[str, ...]:
        """Return the relations that stood before and that others cannot use as ever meanwhile."""
        weakest = LockMode.SHARE_UPDATE_EXCLUSIVE.rank
        fresh = (path for path, mode in self.locks.items() if mode.rank >= weakest)
        return tuple(dict.fromkeys((*fresh, *self.held)))

    @property
    def blocked(self) -> tuple[str, ...]:
        """Return the relations that stood before and that nobody can write to meanwhile."""
        return tuple(path for path, mode in self.locks.items() if mode.blocks_writes)

    @property
    def written(self) -> tuple[str, ...]:
        """Return the relations that stood before and whose rows it changes, if it is one that does."""
        fresh = (path for path, mode in self.locks.items() if mode in _OF_ROWS)
        return tuple(dict.fromkeys((*fresh, *self.held)))

    @property
    def table(self) -> str | None:
        """Return the table that it alters or indexes, as written."""
        match = _TABLE.match(self.sql)
        return match["table"] if match else None

    def stood(self, name: str) -> bool:
        """Tell whether a name, as written, is one of the relations that stood before and that it locks."""
        return any(is_named(name, path) for path in self.touched)

    @property
    def short(self) -> str:
        """Return the statement as it fits into a message."""
        flat = " ".join(self.sql.split())
        return flat if len(flat) <= 90 else flat[:87] + "..."


@dataclass(frozen=True, kw_only=True)
class LiveTable:
    """Describe a table of the live database; writes are per second since statistics were reset."""

    rows: float
    bytes: int
    writes: float | None


@dataclass(frozen=True, kw_only=True)
class Linted:
    """Hold one migration: its file, and the statements that it ran on scratch.

    `version` is the live server's own number, for example 140002. `is_limited` says that the project sets a
    lock timeout, or that its lack was told already. `partitioned` are the partitioned tables on scratch.
    """

    tool: str
    revision: str
    path: Path
    statements: tuple[Statement, ...] = ()
    live: Mapping[str, LiveTable] = field(default_factory=dict)
    version: int | None = None
    is_limited: bool = False
    partitioned: frozenset[str] = frozenset()

    @cached_property
    def text(self) -> str:
        """Return the file."""
        return self.path.read_text(encoding="utf-8")

    @cached_property
    def tree(self) -> ast.Module:
        """Return the file's syntax."""
        return ast.parse(self.text)

    def is_partitioned(self, statement: Statement) -> bool:
        """Tell whether the table that a statement alters or indexes is partitioned."""
        named = statement.table
        paths = [path for path in statement.touched if named is None or is_named(named, path)]
        return not self.partitioned.isdisjoint(paths)

    def severity_on(self, paths: tuple[str, ...]) -> Severity:
        """Return how grave a long lock of these tables is, by the rows that they have live."""
        known = [self.live[path].rows for path in paths if path in self.live]
        if not known:
            return Severity.WARNING
        if max(known) >= MANY_ROWS:
            return Severity.CRITICAL
        return Severity.INFO if max(known) < FEW_ROWS else Severity.WARNING

    def size_of(self, paths: tuple[str, ...]) -> str:
        """Say how large these tables are live: `` (public.orders: 1,200,000 rows, 210 MB, 35 writes/s)``."""
        said = []
        for path in paths:
            if table := self.live.get(path):
                writes = "" if table.writes is None else f", {table.writes:.1f} writes/s"
                said.append(f"{path}: {table.rows:,.0f} rows, {table.bytes / 2**20:,.0f} MB{writes}")
        return f" ({'; '.join(said)})" if said else ""


@dataclass(frozen=True, kw_only=True)
class Remark:
    """Be what a rule says of one migration, before it becomes a finding; `edit` would mend it."""

    message: str
    hint: str
    severity: Severity | None = None
    tables: tuple[str, ...] = ()
    line: int | None = None
    edit: Edit | None = None


@dataclass(frozen=True, kw_only=True)
class Rule:
    """Bind a rule's name, its title, its severity and what it looks for."""

    id: str
    title: str
    severity: Severity
    find: Callable[[Linted], Iterator[Remark]]

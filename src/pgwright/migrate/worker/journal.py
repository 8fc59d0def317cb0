"""Which statements of a revision are committed although the revision is not: what a resume leaves out.

A revision that is one transaction needs none of this: it is committed with its version, or it never was. One
that leaves the transaction (an autocommit block, ``atomic = False``) commits in pieces. Each piece takes the
record of its statements with it, in the same transaction. Of statements that PostgreSQL refuses in a
transaction, the record says first that they began and then that they ended; one that only began is judged by
what it left behind, or run again.

What is on record and no longer in the database was taken back by somebody: such a record is refused.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Protocol

from pgwright.errors import MigrationDiverged
from pgwright.migrate.worker.evidence import took_effect, traces
from pgwright.migrate.worker.statements import Form, classify
from pgwright.model.wording import counted

_READ = (
    "SELECT number, digest, statement, is_done, row_count, evidence FROM pgwright.migration_statement "
    "WHERE tool = %(tool)s AND revision = %(revision)s AND direction = %(direction)s ORDER BY number"
)
_WRITE = (
    "INSERT INTO pgwright.migration_statement "
    "(tool, revision, direction, number, digest, statement, is_done, row_count, evidence) "
    "VALUES (%(tool)s, %(revision)s, %(direction)s, %(number)s, %(digest)s, %(statement)s, "
    "%(is_done)s, %(row_count)s, %(evidence)s) ON CONFLICT (tool, revision, direction, number) "
    "DO UPDATE SET digest = excluded.digest, statement = excluded.statement, "
    "is_done = excluded.is_done, row_count = excluded.row_count, evidence = excluded.evidence"
)
_CLEAR = "DELETE FROM pgwright.migration_statement WHERE tool = %(tool)s AND revision = %(revision)s"
_LONGEST_KEPT = 2000


class Session(Protocol):
    """Be a connection of the project, whatever driver is below it."""

    @property
    def in_autocommit(self) -> bool:
        """Tell whether each statement commits by itself."""

    def fetch(self, query: str, parameters: Mapping[str, Any] | None = None) -> list[tuple[Any, ...]]:
        """Run a query with ``%(name)s`` parameters, unseen by what watches the project's statements."""


@dataclass(frozen=True, kw_only=True)
class Entry:
    """Record one statement of a revision, by its place among those that change something.

    `evidence` is the transaction that committed it, if that shows in the catalogs; of a build that began,
    what `before_build` says.
    """

    number: int
    digest: str
    statement: str
    is_done: bool
    row_count: int = 0
    evidence: str | None = None


@dataclass(kw_only=True)
class Journal:
    """Follow the statements of one revision."""

    tool: str
    revision: str
    direction: str
    before: tuple[Entry, ...] = ()
    number: int = 0
    is_written: bool = False
    _pending: list[tuple[int, str, Any, int]] = field(default_factory=list)

    def load(self, session: Session, major: int) -> None:
        """Read what an earlier attempt has committed.

        Raises `MigrationDiverged` where that is no longer in the database.
        """
        rows = session.fetch(_READ, self._place)
        names = tuple(Entry.__dataclass_fields__)
        self.before = tuple(Entry(**dict(zip(names, row, strict=True))) for row in rows)
        self.is_written = bool(self.before)
        if _is_undone(session, self.before, major):
            raise MigrationDiverged(
                f"what was committed of revision {self.revision} has been changed or taken back since",
                detail=f"{counted(len(self.before), 'statement')} on record; nothing was run",
                hint="if all of it was taken back: pgwright migrate resume --from-start; if the revision was "
                f"finished by hand: pgwright migrate repair {self.revision}",
            )

    def next(self, text: str, parameters: Any) -> Entry | None:
        """Count a statement, and return the record that an earlier attempt left of it.

        Raises `MigrationDiverged` where that attempt ran another statement at this place.
        """
        self.number += 1
        if self.number > len(self.before):
            return None
        entry = self.before[self.number - 1]
        if entry.digest != digest_of(text, parameters):
            if not entry.is_done:
                # It failed, and somebody has mended it since.
                return None
            raise MigrationDiverged(
                f"statement {self.number} of revision {self.revision} is not the one that was run before",
                detail=f"before: {_short(entry.statement)}; now: {_short(text)}; "
                f"{counted(len(self.before), 'statement')} of it committed, the rest not",
                hint="put the file back as it was, or, if it may run again from its beginning: "
                "pgwright migrate resume --from-start",
            )
        return entry

    def note(self, text: str, parameters: Any, *, row_count: int) -> None:
        """Remember a statement that commits with the transaction around it."""
        self._pending.append((self.number, text, parameters, row_count))

    def write(self, session: Session) -> None:
        """Write what was remembered, as part of the transaction that is about to commit."""
        if not self._pending:
            return
        evidence = traces(session)
        for number, text, parameters, row_count in self._pending:
            entry = _entry(number, text, parameters, is_done=True, row_count=row_count, evidence=evidence)
            self._put(session, entry)
        self._pending.clear()

    def forget(self) -> None:
        """Forget what was remembered: its transaction was rolled back."""
        self.number -= len(self._pending)
        self._pending.clear()

    def begun(self, session: Session, text: str, parameters: Any, *, evidence: str | None) -> None:
        """Write that a statement begins which no transaction can hold."""
        self._put(session, _entry(self.number, text, parameters, is_done=False, evidence=evidence))

    def ended(
        self,
        session: Session,
        text: str,
        parameters: Any,
        *,
        row_count: int = 0,
        evidence: str | None = None,
    ) -> None:
        """Write that a statement has ended."""
        entry = _entry(self.number, text, parameters, is_done=True, row_count=row_count, evidence=evidence)
        self._put(session, entry)

    def clear(self, session: Session) -> None:
        """Forget the whole revision, as part of the transaction that commits its version."""
        self._pending.clear()
        if self.is_written:
            session.fetch(_CLEAR, self._place)

    @property
    def _place(self) -> dict[str, str]:
        return {"tool": self.tool, "revision": self.revision, "direction": self.direction}

    def _put(self, session: Session, entry: Entry) -> None:
        self.is_written = True
        values = {name: getattr(entry, name) for name in Entry.__dataclass_fields__}
        session.fetch(_WRITE, {**self._place, **values})


def _is_undone(session: Session, entries: Sequence[Entry], major: int) -> bool:
    """Tell whether the last of the committed statements that shows in the catalogs shows no more.

    Only the last one: it may have changed what the others made.
    """
    for entry in reversed(entries):
        statement = classify(entry.statement)
        if statement.changes_rows or not entry.is_done:
            continue
        if statement.form is Form.ALONE:
            return not statement.builds_unnamed and took_effect(session, statement, major) is False
        return entry.evidence is not None and traces(session, entry.evidence) is None
    return False


def _entry(
    number: int,
    text: str,
    parameters: Any,
    *,
    is_done: bool,
    row_count: int = 0,
    evidence: str | None = None,
) -> Entry:
    return Entry(
        number=number,
        digest=digest_of(text, parameters),
        statement=text[:_LONGEST_KEPT],
        is_done=is_done,
        row_count=row_count,
        evidence=evidence,
    )


def digest_of(text: str, parameters: Any) -> str:
    """Return what a statement is recognised by: 128 bits of its text's and its parameters' SHA-256."""
    return hashlib.sha256(f"{text}\0{parameters!r}".encode()).hexdigest()[:32]


def _short(text: str) -> str:
    flat = " ".join(text.split())
    return flat if len(flat) <= 120 else f"{flat[:117]}..."

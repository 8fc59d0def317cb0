"""What an import is asked to do, and what it did."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum


class Conflict(StrEnum):
    """Say what becomes of a row whose key is in the table already."""

    FAIL = "fail"
    SKIP = "skip"
    UPDATE = "update"


@dataclass(frozen=True, kw_only=True)
class ImportRequest:
    """Describe an import.

    `source` is a path, a URL of object storage, or ``-``. `mapping` pairs a file's columns with the table's,
    the latter empty for a column to leave out. `key` names the unique key's columns; empty means the only
    one that the file has. `set` and `where` are SQL, as after DO UPDATE; `set` empty means every column of
    the file. `max_rejects` bad rows are put aside into the file `rejects`. `batch_rows` commits so many at a
    time and goes on from there after a failure; None means all or nothing. `model` chooses one of several
    in Django's serialization.
    """

    source: str
    table: str | None = None
    model: str | None = None
    format: str | None = None
    encoding: str = "utf-8"
    delimiter: str = ","
    null: str = ""
    header: bool = True
    mapping: tuple[tuple[str, str], ...] = ()
    conflict: Conflict = Conflict.FAIL
    key: tuple[str, ...] = ()
    set: tuple[str, ...] = ()
    where: str | None = None
    max_rejects: int = 0
    rejects: str | None = None
    batch_rows: int | None = None
    dry_run: bool = False


@dataclass(frozen=True, kw_only=True)
class Counts:
    """Count rows: `read` is always the sum of the others."""

    read: int = 0
    inserted: int = 0
    updated: int = 0
    skipped: int = 0
    rejected: int = 0

    def __add__(self, other: Counts) -> Counts:
        return Counts(**{name: getattr(self, name) + getattr(other, name) for name in _COUNTED})

    @property
    def add_up(self) -> bool:
        """Tell whether nothing is lost or counted twice."""
        return self.read == self.inserted + self.updated + self.skipped + self.rejected and self.skipped >= 0


_COUNTED = ("read", "inserted", "updated", "skipped", "rejected")


@dataclass(frozen=True, kw_only=True)
class Outcome:
    """Say what an import did to one table; `resumed_at` is where an interrupted one went on."""

    table: str
    counts: Counts
    rejects: str | None = None
    resumed_at: int = 0
    dry_run: bool = False

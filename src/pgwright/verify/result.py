"""What a comparison found."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum

from pgwright.model.change import Change


class Verdict(StrEnum):
    """Say how a table on one side compares with the other's."""

    EQUAL = "equal"
    DIFFERENT = "different"
    ONLY_A = "only in A"
    ONLY_B = "only in B"
    LEFT_OUT = "left out"


@dataclass(frozen=True, kw_only=True)
class Checksum:
    """Hold the number of rows and the sum of their hashes (as decimal text, exact)."""

    rows: int
    sum: str


@dataclass(frozen=True, kw_only=True)
class RowDifference:
    """Name one row that differs.

    `key` identifies it: the key's columns, or all columns of a table without a key. `columns` maps each
    column that differs to its text in A and in B; it is empty where the row is on one side only, `where`
    then says on which, and `copies` how many more of it that side has.
    """

    key: Mapping[str, str | None]
    columns: Mapping[str, tuple[str | None, str | None]] = field(default_factory=dict)
    where: Verdict = Verdict.DIFFERENT
    copies: int = 1


@dataclass(frozen=True, kw_only=True)
class TableResult:
    """Say how one table (or the sequences, or the large objects) compares.

    `ways` maps each compared column to how it was hashed; `rows` are the differing rows, as many as were
    asked for, and `all_named` tells whether there are no more. `notes` say what was not compared.
    """

    name: str
    verdict: Verdict
    a: Checksum | None = None
    b: Checksum | None = None
    key: tuple[str, ...] = ()
    ways: Mapping[str, str] = field(default_factory=dict)
    rows: tuple[RowDifference, ...] = ()
    all_named: bool = True
    notes: tuple[str, ...] = ()

    @property
    def agrees(self) -> bool:
        """Tell whether nothing was found that differs."""
        return self.verdict in (Verdict.EQUAL, Verdict.LEFT_OUT)


@dataclass(frozen=True, kw_only=True)
class Verification:
    """Hold a whole comparison: schema changes (None: not compared), tables, and the two moments compared.

    `notes` say what the comparison did not cover.
    """

    tables: tuple[TableResult, ...]
    captured: tuple[datetime, datetime]
    changes: tuple[Change, ...] | None = None
    notes: tuple[str, ...] = ()

    @property
    def agrees(self) -> bool:
        """Tell whether schema and contents are the same as far as they were compared."""
        return not self.changes and all(table.agrees for table in self.tables)

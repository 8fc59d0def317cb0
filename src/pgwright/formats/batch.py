"""Rows on their way from a file to PostgreSQL."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Protocol

from pgwright.formats.shape import Shape

ROWS = 20_000  # of one batch


@dataclass(frozen=True, kw_only=True)
class Fault:
    """Say why a record is no row at all: where it begins, its text, the reason."""

    number: int
    text: bytes
    reason: str


@dataclass(frozen=True, kw_only=True)
class Batch:
    """Hold rows as records of PostgreSQL's CSV, without their line ends.

    `numbers` says where each begins: the physical line of a text file, the position of an element or
    row elsewhere, from 1.
    """

    numbers: Sequence[int]
    rows: Sequence[bytes]
    faults: Sequence[Fault] = ()


@dataclass(frozen=True, kw_only=True)
class Reading:
    """Hold an opened file: its columns, and its rows.

    `batches` yields the rows, given the shapes of the columns (by the file's names) where the table has
    arrays or composites. `blocks` yields the same as CSV that PostgreSQL can take whole, where the format
    allows that; it is much faster, and does not know where a record begins. Of both, one may be used, once.
    `unit` is what the numbers count. `table` is the table's name where the file tells it, as Django's does.
    """

    columns: tuple[str, ...]
    batches: Callable[[Mapping[str, Shape]], Iterator[Batch]] = field(repr=False)
    blocks: Callable[[], Iterator[bytes]] | None = field(default=None, repr=False)
    delimiter: str = ","
    null: str = ""
    table: str | None = None
    unit: str = "line"


class ColumnType(Protocol):
    """Be what is known of a column: `base` is the type below domains, `precision` a numeric's modifier."""

    @property
    def name(self) -> str: ...  # noqa: D102
    @property
    def type(self) -> str: ...  # noqa: D102
    @property
    def base(self) -> str: ...  # noqa: D102
    @property
    def precision(self) -> int | None: ...  # noqa: D102


def quoted(value: str | None) -> str:
    """Return a value as a field of CSV: nothing for a null, and quotes where they are needed."""
    if value is None:
        return ""
    # Spelled out: this is called for each field of a file, and a loop or a pattern takes four times as long.
    special = '"' in value or "," in value or "\n" in value or "\r" in value
    # A lone \. ends the data for servers before 18.
    if special or not value or value == "\\." or value != value.strip():
        return '"' + value.replace('"', '""') + '"'
    return value

"""What an export is asked to do, and what it wrote."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field


@dataclass(frozen=True, kw_only=True)
class ExportRequest:
    """Describe an export.

    `tables` or one `query` is written to `output`: a file, a directory or prefix (it ends in ``/``, is there
    already, or there are several tables), or ``-``. `where` chooses rows of the only table; `columns`
    restricts its columns. `references` adds all rows that the chosen ones refer to, however far. `masks` maps
    ``table.column`` to the name of a mask, as a project has them for several databases; of `asked_masks`,
    which win, each must be for a column of this one. `unmasked` writes everything as it is. `as_text` names
    columns to be written as PostgreSQL's text, where the format has no type for them. `model` is Django's
    name of the table.
    """

    tables: tuple[str, ...] = ()
    query: str | None = None
    output: str = "-"
    format: str = "csv"
    compression: str = "none"
    where: str | None = None
    columns: tuple[str, ...] = ()
    references: bool = False
    masks: Mapping[str, str] = field(default_factory=dict)
    asked_masks: Mapping[str, str] = field(default_factory=dict)
    unmasked: bool = False
    mask_key: str = field(default="", repr=False)
    as_text: tuple[str, ...] = ()
    model: str | None = None
    jobs: int = 2


@dataclass(frozen=True, kw_only=True)
class Exported:
    """Say what one file holds; `masked` names the columns that were masked.

    Where the table is filled by a rollup, the rows that it added up are gone before `history_before`.
    """

    table: str | None
    file: str
    rows: int
    size: int
    sha256: str | None
    masked: tuple[str, ...] = ()
    history_before: str | None = None

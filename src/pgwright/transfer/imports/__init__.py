"""Import files into tables: staged, checked by PostgreSQL, merged by one statement, counted."""

from __future__ import annotations

from pgwright.transfer.history import told_of
from pgwright.transfer.imports.folder import is_folder, prepare_folder, run_folder
from pgwright.transfer.imports.prepare import Prepared, prepare
from pgwright.transfer.imports.request import Conflict, ImportRequest, Outcome
from pgwright.transfer.imports.run import run_import

__all__ = [
    "Conflict",
    "ImportRequest",
    "Outcome",
    "Prepared",
    "is_folder",
    "prepare",
    "prepare_folder",
    "run_folder",
    "run_import",
    "told_of",
]

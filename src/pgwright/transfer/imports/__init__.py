"""Import files into tables: staged, checked by PostgreSQL, merged by one statement, counted."""

from __future__ import annotations

from pgwright.transfer.imports.prepare import Prepared, prepare
from pgwright.transfer.imports.request import Conflict, ImportRequest, Outcome
from pgwright.transfer.imports.run import run_import

__all__ = ["Conflict", "ImportRequest", "Outcome", "Prepared", "prepare", "run_import"]

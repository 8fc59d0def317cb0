"""Export to a file in a test."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from pgwright.transfer.exports import ExportRequest, run_export


def export(url: str, path: Path, *tables: str, **wishes: Any) -> tuple[Any, ...]:
    wishes.setdefault("format", path.suffix.removeprefix("."))
    return run_export(url, ExportRequest(tables=tables, output=str(path), **wishes))

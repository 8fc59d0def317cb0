"""Export rows to files: from one snapshot, masked where that is declared, in any format."""

from __future__ import annotations

from pgwright.transfer.exports.masks import Masks
from pgwright.transfer.exports.request import Exported, ExportRequest
from pgwright.transfer.exports.run import plan_export, run_export

__all__ = ["ExportRequest", "Exported", "Masks", "plan_export", "run_export"]

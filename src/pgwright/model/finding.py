"""Findings: what checks report, each with the way to mend it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any

from pgwright.model.plan import Plan


class Severity(StrEnum):
    """Grade a finding; `SKIPPED` says that the check could not look, never that all is well."""

    CRITICAL = "critical"
    WARNING = "warning"
    INFO = "info"
    SKIPPED = "skipped"

    @property
    def rank(self) -> int:
        """Return 0 for the gravest, so that sorting puts it first."""
        return list(Severity).index(self)


@dataclass(frozen=True, kw_only=True)
class Finding:
    """Report one thing that deserves attention.

    `subject` is a stable name (``public.users``), so that `key` can stand in an ignore list.
    `evidence` holds the measured values; `hint` the next command to type; `remedy` a plan that mends it.
    """

    check: str
    severity: Severity
    subject: str
    message: str
    evidence: Mapping[str, Any] = field(default_factory=dict)
    hint: str | None = None
    remedy: Plan | None = None

    @property
    def key(self) -> str:
        """Return the stable name of the finding, ``check:subject``."""
        return f"{self.check}:{self.subject}"

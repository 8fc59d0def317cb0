"""Jobs and their runs: what recurs, and what was done."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import Any


class RunStatus(StrEnum):
    """Name the state of a run; `ABANDONED` is one whose process died without a word."""

    RUNNING = "running"
    SUCCEEDED = "succeeded"
    FAILED = "failed"
    ABANDONED = "abandoned"


@dataclass(frozen=True, kw_only=True)
class Run:
    """Record one execution of a job or of a verb.

    `watermark` is where a resumed run goes on; `progress` is free-form (steps done, rows copied).
    """

    id: str
    job: str
    status: RunStatus
    attempt: int
    started_at: datetime
    heartbeat_at: datetime
    finished_at: datetime | None = None
    watermark: str | None = None
    progress: Mapping[str, Any] = field(default_factory=dict)
    result: Mapping[str, Any] = field(default_factory=dict)
    error: str | None = None

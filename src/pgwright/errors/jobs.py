"""Scheduled jobs (PW90x)."""

from __future__ import annotations

from pgwright.errors.base import PgwrightError


class ScheduleError(PgwrightError):
    """Report a schedule that the system's own scheduler did not take."""

    code = "PW900"

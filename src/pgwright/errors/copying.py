"""Copying and comparing databases (PW75x)."""

from __future__ import annotations

from pgwright.errors.base import PgwrightError


class CopyFailed(PgwrightError):
    """Report a copy that ended before it was complete; what is finished stays and can be resumed."""

    code = "PW750"


class CopyDiffers(PgwrightError):
    """Report a copy whose target does not hold what the source holds."""

    code = "PW751"


class FollowRefused(PgwrightError):
    """Refuse to follow, or to switch over from, a source that does not allow it as it is."""

    code = "PW753"
    exit_code = 3


class NothingToResume(PgwrightError):
    """Refuse to resume a copy that was never begun, or is complete."""

    code = "PW752"
    exit_code = 2

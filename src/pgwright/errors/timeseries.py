"""Time series and their policies (PW60x)."""

from __future__ import annotations

from pgwright.errors.base import PgwrightError


class PolicyError(PgwrightError):
    """Report a declaration about a table over time that the table or the server cannot bear."""

    code = "PW600"

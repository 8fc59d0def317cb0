"""Time series and their policies (PW60x)."""

from __future__ import annotations

from pgwright.errors.base import PgwrightError


class PolicyError(PgwrightError):
    """Report a declaration about a table over time that the table or the server cannot bear."""

    code = "PW600"


class ConversionDiffers(PgwrightError):
    """Report a conversion whose copy does not hold the rows of its table; the table is as it was."""

    code = "PW601"


class ArchiveDiffers(PgwrightError):
    """Report an archived piece that does not read back as the rows that it was made of."""

    code = "PW602"


class DeclarationError(PolicyError, ValueError):
    """Report an argument of a declaration that says nothing: a span that is none, an unknown zone."""

    code = "PW603"

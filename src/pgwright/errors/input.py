"""What the user wrote: command line, configuration, sources, places to write to (PW1xx)."""

from __future__ import annotations

from pgwright.errors.base import PgwrightError


class UsageError(PgwrightError):
    """Reject an argument or a combination of arguments."""

    code = "PW100"
    exit_code = 2


class ConfigError(PgwrightError):
    """Reject an unreadable, malformed or contradictory configuration."""

    code = "PW101"
    exit_code = 2


class SourceError(PgwrightError):
    """Report a source (models, Django project, SQL file) that cannot be loaded."""

    code = "PW102"


class OutputError(PgwrightError):
    """Report a file that cannot be written."""

    code = "PW103"

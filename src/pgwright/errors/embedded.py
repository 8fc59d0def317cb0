"""The embedded server (PW4xx)."""

from __future__ import annotations

from pgwright.errors.base import PgwrightError


class ServerError(PgwrightError):
    """Report an embedded server that cannot be installed, started or stopped."""

    code = "PW400"


class ServerNotRunning(ServerError):
    """Report an embedded server that is not running although it is needed."""

    code = "PW401"


class PortInUse(ServerError):
    """Report a port that was asked for by number and that another process listens on."""

    code = "PW402"


class BinariesMissing(ServerError):
    """Report PostgreSQL programs that this platform lacks or cannot execute."""

    code = "PW403"

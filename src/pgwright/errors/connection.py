"""Talking with a server (PW2xx)."""

from __future__ import annotations

from pgwright.errors.base import PgwrightError


class ConnectError(PgwrightError):
    """Report a server that cannot be reached, or that refuses the connection."""

    code = "PW200"


class AuthenticationError(ConnectError):
    """Report a role or password that the server does not accept."""

    code = "PW201"


class UnknownDatabaseError(ConnectError):
    """Report a database that does not exist on the server."""

    code = "PW202"


class UnsupportedServerError(PgwrightError):
    """Report a server version, or a feature of it, that pgwright cannot work with."""

    code = "PW203"


class LockTimeoutError(PgwrightError):
    """Report a lock that was not obtained in time, and who holds it."""

    code = "PW204"


class PrivilegeError(PgwrightError):
    """Report a missing privilege, with the GRANT that gives it."""

    code = "PW205"


class ExtensionMissingError(PgwrightError):
    """Report an extension that the server cannot offer, with the package that carries it."""

    code = "PW206"


class StatementError(PgwrightError):
    """Report a statement that the server refused, with its SQLSTATE and hint."""

    code = "PW207"

"""The server does not answer, or refuses the connection."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from pgwright.checks.check import Check, Row, Scope, Situation
from pgwright.errors import PgwrightError
from pgwright.model.finding import Finding, Severity


def unreachable(error: PgwrightError) -> Finding:
    """Return the finding for a connection that failed."""
    return CHECK.finding(
        "server", error.message, hint=error.hint, error=error.code, detail=error.detail or ""
    )


def _evaluate(_: Sequence[Row], __: Situation) -> Iterable[Finding]:
    return ()  # whoever can run a query has reached the server


CHECK = Check(
    id="server_unreachable",
    title="the server cannot be reached",
    scope=Scope.SERVER,
    severity=Severity.CRITICAL,
    evaluate=_evaluate,
)

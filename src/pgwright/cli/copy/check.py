"""`pgwright copy --check`."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

from pgwright.cli.context import Invocation
from pgwright.cli.findings import finding_facts, severities, show_findings

if TYPE_CHECKING:
    from pgwright.config import Database
    from pgwright.transfer.copy.choice import Choice


def check(invocation: Invocation, sides: tuple[Database, Database], choice: Choice, *, jobs: int) -> None:
    """Show the findings of the checklist; exit code 1 when one is a warning or worse."""
    from pgwright.model.finding import Severity
    from pgwright.transfer.copy.checklist import checklist

    found = checklist(sides[0].url, sides[1].url, choice, jobs=jobs)
    grave = [finding for finding in found if finding.severity in (Severity.CRITICAL, Severity.WARNING)]
    out = invocation.output

    def render() -> None:
        show_findings(out, found)
        out.line(f"in the way: {severities(grave)}" if grave else "nothing stands in the way of the copy")

    out.result({"findings": finding_facts(found)}, render)
    if grave:
        sys.exit(1)

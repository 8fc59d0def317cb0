"""`pgwright doctor`."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from pgwright.cli.context import Invocation
from pgwright.cli.group import command as top_command
from pgwright.model.wording import counted

if TYPE_CHECKING:
    from collections.abc import Sequence

    from pgwright.checks import Report
    from pgwright.model.finding import Finding

_SEVERITIES = ("critical", "warning", "info")


@top_command("doctor")
@click.option("--only", multiple=True, metavar="CHECK", help="Run this check; may be repeated.")
@click.option("--skip", multiple=True, metavar="CHECK", help="Leave this check out; may be repeated.")
@click.option(
    "--severity",
    type=click.Choice(_SEVERITIES),
    help="Show, and let decide the exit code, this severity and graver ones.",
)
@click.option("--quick", is_flag=True, help="Leave out checks that take seconds (drift, services).")
@click.option(
    "--format",
    "form",
    type=click.Choice(["text", "json", "nagios", "sarif"]),
    default="text",
    show_default=True,
    help="How to print; nagios has exit codes of its own.",
)
@click.option("--list", "only_list", is_flag=True, help="List the checks and run none.")
@click.pass_context
def command(
    ctx: click.Context,
    /,
    *,
    only: tuple[str, ...],
    skip: tuple[str, ...],
    severity: str | None,
    quick: bool,
    form: str,
    only_list: bool,
) -> None:
    """Find what is wrong with the database, and what mends it; exit code 1 on warnings and worse.

    A finding that you know and accept goes into pgwright.toml, [checks] ignore = ["check:subject"].

    Example: pgwright doctor --only foreign_key_without_index
    """
    invocation = ctx.ensure_object(Invocation)
    if form == "json":
        invocation.json = invocation.output.json = True
    if only_list:
        _list(invocation)
        return
    from pgwright.checks import run_checks  # noqa: PLC0415

    report = run_checks(
        invocation.database.url, invocation.project, only=only, skip=skip, slow=not quick or bool(only)
    )
    shown = _at_least(report.findings, severity)
    ctx.exit(_print(invocation, report, shown, form))


def _print(invocation: Invocation, report: Report, shown: Sequence[Finding], form: str) -> int:
    from pgwright.cli import findings  # noqa: PLC0415
    from pgwright.model.finding import Severity  # noqa: PLC0415

    out = invocation.output
    if form == "nagios":
        code, lines = findings.nagios(shown)
        for line in lines:
            out.line(line)
        return code
    if form == "sarif":
        from pgwright.cli.encode import to_json  # noqa: PLC0415
        from pgwright.version import __version__  # noqa: PLC0415

        config = invocation.project.config
        out.line(to_json(findings.sarif(shown, version=__version__, config=config.name if config else None)))
    else:

        def render() -> None:
            findings.show_findings(out, shown)
            if shown:
                out.line()
            out.line(
                f"{counted(len(report.checked), 'check')}, findings: {findings.severities(shown)}"
                + (f"; {len(report.ignored)} ignored" if report.ignored else "")
            )

        out.result(
            {
                "findings": findings.finding_facts(shown),
                "checked": report.checked,
                "ignored": [finding.key for finding in report.ignored],
            },
            render,
        )
    grave = (Severity.CRITICAL, Severity.WARNING)
    return int(any(finding.severity in grave for finding in shown))


def _at_least(findings: Sequence[Finding], severity: str | None) -> tuple[Finding, ...]:
    if severity is None:
        return tuple(findings)
    from pgwright.model.finding import Severity  # noqa: PLC0415

    least = Severity(severity).rank
    return tuple(finding for finding in findings if finding.severity.rank <= least)


def _list(invocation: Invocation) -> None:
    from pgwright.checks.registry import CHECKS, check  # noqa: PLC0415

    checks, out = [check(id) for id in CHECKS], invocation.output
    columns = ("id", "severity", "scope", "finds that")
    rows = [(c.id, str(c.severity), str(c.scope), c.title) for c in checks]
    out.result(
        [{"id": c.id, "severity": c.severity, "scope": c.scope, "title": c.title} for c in checks],
        lambda: out.table(columns, rows),
    )

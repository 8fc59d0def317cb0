"""`pgwright migrate lint`: what migrations would do to a live database."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from pgwright.cli.context import Invocation
from pgwright.cli.group import command
from pgwright.errors import ConfigError, ConnectError
from pgwright.model.wording import counted

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from pgwright.migrate.lint.run import LintReport, Live
    from pgwright.migrate.revisions.graph import Revision
    from pgwright.model.finding import Finding

_DIFF = {"+": "green", "-": "red", "@": "cyan"}
_LEVELS = {"critical": "error", "warning": "warning", "info": "notice", "skipped": "notice"}


@command("lint")
@click.argument("revisions", nargs=-1, metavar="[REV]...")
@click.option("--since", metavar="GITREF", help="Those whose files changed since this branch or commit.")
@click.option(
    "--format",
    "form",
    type=click.Choice(["text", "json", "sarif", "github", "diff"]),
    default="text",
    show_default=True,
    help="How to print; github annotates the files of a pull request, diff is the safe form for patch -p1.",
)
@click.pass_context
def lint(ctx: click.Context, /, revisions: tuple[str, ...], since: str | None, form: str) -> None:
    """Find what in REV (default: pending migrations) could stop a live database; exit code 1 if anything.

    Each migration runs on scratch, where its locks and rewrites are seen; the live database, if it can be
    reached, tells how large and busy the tables are.

    Example: pgwright migrate lint --since origin/main --format github

    Example: pgwright migrate lint --format diff | patch -p1
    """
    from pgwright.cli.progress import bars
    from pgwright.migrate.lint.run import lint as run_lint

    invocation = ctx.ensure_object(Invocation)
    if form == "json":
        invocation.json = invocation.output.json = True
    live = _live(invocation)
    with bars(invocation.output) as progress:
        done = 0

        def ready(revision: Revision) -> None:
            nonlocal done
            done += 1
            progress.update("migrations", done, None)

        report = run_lint(invocation.project, revisions, since=since, live=live, ready=ready)
    _print(invocation, report, form)
    grave = [f for f in report.findings if f.severity.value in ("critical", "warning")]
    ctx.exit(int(bool(grave)))


def _live(invocation: Invocation) -> Live | None:
    from pgwright.migrate.lint.run import look

    try:
        return look(invocation.project, invocation.database.url)
    except (ConnectError, ConfigError):
        return None


def _print(invocation: Invocation, report: LintReport, form: str) -> None:
    from pgwright.cli.findings import finding_facts, sarif, severities
    from pgwright.migrate.lint.run import title_of

    out = invocation.output
    if form == "sarif":
        from pgwright.cli.encode import to_json
        from pgwright.version import __version__

        findings = _in_repository(invocation, report.findings)
        out.line(to_json(sarif(findings, version=__version__, config=None, title=title_of)))
        return
    if form == "diff":
        for changed in report.diffs:
            out.line(changed.rstrip("\n"))
        return
    if form == "github":
        for line in _annotations(_in_repository(invocation, report.findings)):
            out.line(line)
        return

    def render() -> None:
        if not report.revisions:
            out.line("nothing to lint: no migration is pending; name one, or use --since")
            return
        for finding in report.findings:
            out.line(f"{finding.severity}: {finding.message}", style="bold")
            place = f"{finding.evidence['file']}:{finding.evidence['line']}  " if finding.evidence else ""
            out.line(f"    {place}{finding.check}")
            if finding.hint:
                out.line(f"    {finding.hint}")
            for line in finding.evidence.get("diff", "").splitlines()[2:]:
                out.line(f"      {line}", style=_DIFF.get(line[:1]))
        more = f"; {report.ignored} accepted by comments" if report.ignored else ""
        out.line(
            f"{counted(len(report.revisions), 'migration')}, findings: {severities(report.findings)}{more}"
        )
        if report.left_out:
            out.line(
                f"not linted: {counted(len(report.left_out), 'migration')} behind the one that fails",
                style="yellow",
            )

    out.result(
        {
            "findings": finding_facts(report.findings),
            "migrations": list(report.revisions),
            "left_out": list(report.left_out),
            "ignored": report.ignored,
        },
        render,
    )


def _in_repository(invocation: Invocation, findings: Sequence[Finding]) -> list[Finding]:
    """Return the findings with their files as they are called from the top of the repository."""
    from dataclasses import replace
    from pathlib import Path

    from pgwright.migrate.lint.repository import prefix_of

    top = Path(prefix_of(invocation.project.root))
    return [
        replace(f, evidence={**f.evidence, "file": str(top / f.evidence["file"])}) if f.evidence else f
        for f in findings
    ]


def _annotations(findings: Sequence[Finding]) -> Iterator[str]:
    """Yield workflow commands of GitHub Actions."""
    for finding in findings:
        properties = {key: str(finding.evidence[key]) for key in ("file", "line") if key in finding.evidence}
        properties["title"] = finding.check
        told = ",".join(
            f"{key}={_escaped(value).replace(':', '%3A').replace(',', '%2C')}"
            for key, value in properties.items()
        )
        words = "\n".join(filter(None, [finding.message, finding.hint]))
        yield f"::{_LEVELS[finding.severity]} {told}::{_escaped(words)}"


def _escaped(text: str) -> str:
    return text.replace("%", "%25").replace("\r", "%0D").replace("\n", "%0A")

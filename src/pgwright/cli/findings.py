"""Findings on the terminal, and in the forms that other programs read."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from typing import TYPE_CHECKING, Any
from urllib.parse import quote

from pgwright.model.finding import Finding, Severity
from pgwright.model.wording import counted

if TYPE_CHECKING:
    from pgwright.cli.output import Output

_STYLES = {
    Severity.CRITICAL: "bold red",
    Severity.WARNING: "yellow",
    Severity.INFO: "cyan",
    Severity.SKIPPED: "bright_black",
}
_SARIF_LEVELS = {
    Severity.CRITICAL: "error",
    Severity.WARNING: "warning",
    Severity.INFO: "note",
    Severity.SKIPPED: "none",
}
_SARIF_SCHEMA = "https://docs.oasis-open.org/sarif/sarif/v2.1.0/os/schemas/sarif-schema-2.1.0.json"
NAGIOS_OK, NAGIOS_WARNING, NAGIOS_CRITICAL, NAGIOS_UNKNOWN = range(4)


def show_findings(out: Output, findings: Iterable[Finding]) -> None:
    """Print each finding with its name and the next command."""
    for finding in findings:
        out.line(f"{finding.severity}: {finding.message}", style=_STYLES[finding.severity])
        out.line(f"    {finding.key}")
        if finding.hint:
            out.line(f"    {finding.hint}")


def show_briefly(out: Output, findings: Sequence[Finding], *, most: int) -> None:
    """Print the gravest findings, two lines each, under the lines of a status screen."""
    for finding in findings[:most]:
        out.line(f"  {finding.severity}: {finding.message}", style=_STYLES[finding.severity])
        if finding.hint:
            out.line(f"      {finding.hint}")


def severities(findings: Iterable[Finding]) -> str:
    """Return how many there are of each severity: ``1 critical, 2 warnings``; ``none`` for no findings."""
    numbers = Counter(finding.severity for finding in findings)
    return ", ".join(_numbered(s, numbers[s]) for s in Severity if numbers[s]) or "none"


def _numbered(severity: Severity, number: int) -> str:
    return counted(number, severity) if severity is Severity.WARNING else f"{number} {severity}"


def finding_facts(findings: Iterable[Finding]) -> list[dict[str, Any]]:
    """Return findings as plain data, each with its key."""
    return [
        {
            "key": finding.key,
            "check": finding.check,
            "severity": str(finding.severity),
            "subject": finding.subject,
            "message": finding.message,
            "evidence": dict(finding.evidence),
            "hint": finding.hint,
        }
        for finding in findings
    ]


def nagios(findings: Sequence[Finding]) -> tuple[int, list[str]]:
    """Return the exit code and the lines that Nagios and its kin expect of a plugin."""
    numbers = Counter(finding.severity for finding in findings)
    if numbers[Severity.CRITICAL]:
        code, word = NAGIOS_CRITICAL, "CRITICAL"
    elif numbers[Severity.WARNING]:
        code, word = NAGIOS_WARNING, "WARNING"
    elif numbers[Severity.SKIPPED]:
        # What could not be looked at is not known to be fine.
        code, word = NAGIOS_UNKNOWN, "UNKNOWN"
    else:
        code, word = NAGIOS_OK, "OK"
    first = findings[0].message if code else f"{numbers[Severity.INFO]} remarks" if numbers else "no findings"
    data = " ".join(f"{severity}={numbers[severity]}" for severity in Severity)
    # A bar would begin the performance data.
    lines = [f"PGWRIGHT {word} - {first.replace('|', '/')} | {data}"]
    lines += [f"{f.severity}: {f.message} [{f.key}]".replace("|", "/") for f in findings]
    return code, lines


def sarif(
    findings: Sequence[Finding],
    *,
    version: str,
    config: str | None,
    title: Callable[[str], str] | None = None,
) -> dict[str, Any]:
    """Return the findings in SARIF 2.1.0.

    Each is pinned to the file and line of its evidence, else to `config`. `title` returns what a rule
    demands; by default it is that of a check.
    """
    from pgwright.checks.registry import check  # noqa: PLC0415

    ids = sorted({finding.check for finding in findings})
    title = title or (lambda id: check(id).title)
    return {
        "$schema": _SARIF_SCHEMA,
        "version": "2.1.0",
        "runs": [
            {
                "tool": {
                    "driver": {
                        "name": "pgwright",
                        "version": version,
                        "rules": [{"id": id, "shortDescription": {"text": title(id)}} for id in ids],
                    }
                },
                "results": [
                    {
                        "ruleId": finding.check,
                        "ruleIndex": ids.index(finding.check),
                        "kind": "notApplicable" if finding.severity is Severity.SKIPPED else "fail",
                        "level": _SARIF_LEVELS[finding.severity],
                        "message": {"text": finding.message + (f"\n{finding.hint}" if finding.hint else "")},
                        "locations": [
                            {
                                **_place(finding, config),
                                "logicalLocations": [{"fullyQualifiedName": finding.subject}],
                            }
                        ],
                        "partialFingerprints": {"pgwright/v1": finding.key},
                    }
                    for finding in findings
                ],
            }
        ],
    }


def _place(finding: Finding, config: str | None) -> dict[str, Any]:
    file = finding.evidence.get("file", config)
    if file is None:
        return {}
    place: dict[str, Any] = {"artifactLocation": {"uri": quote(file)}}
    if "file" in finding.evidence:
        place["region"] = {"startLine": finding.evidence["line"]}
    return {"physicalLocation": place}

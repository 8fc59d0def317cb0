"""The ignore list, the registry and what the findings look like to other programs."""

from __future__ import annotations

import pytest

from pgwright.checks.extension_missing import needed
from pgwright.checks.registry import CHECKS, check
from pgwright.checks.run import choose, is_ignored
from pgwright.cli.encode import to_json
from pgwright.cli.findings import nagios, sarif
from pgwright.errors import UsageError
from pgwright.model.finding import Finding, Severity
from tests.sarif import valid


def finding(severity: Severity = Severity.WARNING, check: str = "no_primary_key") -> Finding:
    return Finding(check=check, severity=severity, subject="public.x", message="no key | none", hint="ADD")


@pytest.mark.parametrize(
    ("pattern", "expected"),
    [
        ("no_primary_key:public.x", True),
        ("no_primary_key:public.*", True),
        ("*:public.x", True),
        ("no_primary_key", True),
        ("no_*", True),
        ("no_primary_key:public.y", False),
        ("invalid_index", False),
        ("public.x", False),
    ],
)
def test_ignore_list(pattern: str, expected: bool) -> None:
    assert is_ignored(finding(), (pattern,)) is expected


def test_choice_of_checks() -> None:
    assert [c.id for c in choose()] == list(CHECKS)
    assert "schema_drift" not in {c.id for c in choose(slow=False)}
    assert [c.id for c in choose(only=["schema_drift"], slow=False)] == ["schema_drift"]
    assert "wraparound" not in {c.id for c in choose(skip=["wraparound"])}
    with pytest.raises(UsageError, match="did you mean wraparound"):
        choose(only=["wraparond"])


@pytest.mark.parametrize("id", CHECKS)
def test_check_is_what_the_registry_says(id: str) -> None:
    found = check(id)
    assert found.id == id
    assert found.title and not found.title.endswith(".")
    assert found.severity is not Severity.SKIPPED


@pytest.mark.parametrize(
    ("severities", "code", "word"),
    [
        ((), 0, "OK"),
        ((Severity.INFO,), 0, "OK"),
        ((Severity.SKIPPED,), 3, "UNKNOWN"),
        ((Severity.WARNING, Severity.SKIPPED), 1, "WARNING"),
        ((Severity.CRITICAL, Severity.WARNING), 2, "CRITICAL"),
    ],
)
def test_nagios(severities: tuple[Severity, ...], code: int, word: str) -> None:
    found, lines = nagios([finding(severity) for severity in severities])
    assert found == code
    assert lines[0].startswith(f"PGWRIGHT {word} - ")
    assert all(line.count("|") == (number == 0) for number, line in enumerate(lines))


def test_sarif() -> None:
    found = [finding(), finding(Severity.CRITICAL, "wraparound")]
    found.append(finding(Severity.SKIPPED, "no_primary_key"))
    run = valid(to_json(sarif(found, version="1.2", config="my pgwright.toml")))
    places = [place.physical_location for result in run.results for place in result.locations]
    assert {place.artifact_location.uri for place in places if place} == {"my%20pgwright.toml"}
    assert [result.kind for result in run.results] == ["fail", "fail", "notApplicable"]
    assert [result.level for result in run.results] == ["warning", "error", "none"]
    rules = ["no_primary_key", "wraparound", "no_primary_key"]
    assert [result.rule_id for result in run.results] == rules
    assert run.results[0].partial_fingerprints == {"pgwright/v1": "no_primary_key:public.x"}


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ('op.execute("CREATE EXTENSION IF NOT EXISTS pgcrypto")', {"pgcrypto"}),
        ('create extension "uuid-ossp";', {"uuid-ossp"}),
        ("op.execute('CREATE EXTENSION \\\"uuid-ossp\\\"')", {"uuid-ossp"}),
        ('operations = [CreateExtension("postgis"), TrigramExtension()]', {"postgis", "pg_trgm"}),
        ("DROP EXTENSION pgcrypto", set()),
    ],
)
def test_extensions_that_migrations_create(text: str, expected: set[str]) -> None:
    assert needed(text) == expected

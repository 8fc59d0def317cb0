"""The parts of SARIF 2.1.0 that pgwright writes, as its schema has them: no other key is allowed."""

from __future__ import annotations

import re
from typing import Annotated, Literal

from msgspec import Meta, Struct, field, json

Text = Annotated[str, Meta(min_length=1)]
# A reference to a file: RFC 3986 has no blanks and nothing beyond ASCII, and % begins two digits.
Uri = Annotated[str, Meta(pattern=r"^(?:[A-Za-z0-9._~!$&'()*+,;=:@/-]|%[0-9A-F]{2})+$")]


class _Part(Struct, forbid_unknown_fields=True, rename="camel", omit_defaults=True):
    """Forbid what the schema does not have."""


class Message(_Part):
    """Be what a person reads."""

    text: Text


class Rule(_Part):
    """Describe what was looked for."""

    id: Text
    short_description: Message


class Driver(_Part):
    """Name the tool."""

    name: Text
    version: Text
    rules: list[Rule]


class Tool(_Part):
    """Hold the driver."""

    driver: Driver


class Region(_Part):
    """Be a place in a file."""

    start_line: Annotated[int, Meta(ge=1)]


class Artifact(_Part):
    """Name a file."""

    uri: Uri


class PhysicalLocation(_Part):
    """Be a file and a place in it."""

    artifact_location: Artifact
    region: Region | None = None


class LogicalLocation(_Part):
    """Name an object of the database."""

    fully_qualified_name: str


class Location(_Part):
    """Say where something was found."""

    logical_locations: list[LogicalLocation]
    physical_location: PhysicalLocation | None = None


class Result(_Part):
    """Be a finding."""

    rule_id: Text
    rule_index: Annotated[int, Meta(ge=0)]
    kind: Literal["notApplicable", "pass", "fail", "review", "open", "informational"]
    level: Literal["none", "note", "warning", "error"]
    message: Message
    locations: list[Location]
    partial_fingerprints: dict[str, str]


class Run(_Part):
    """Be what one tool found."""

    tool: Tool
    results: list[Result]


class Log(_Part):
    """Be a whole file."""

    version: Literal["2.1.0"]
    runs: Annotated[list[Run], Meta(min_length=1)]
    schema: str = field(name="$schema")


def valid(text: str) -> Run:
    """Return the only run of a log.

    Raises msgspec's errors where the schema does not allow it, and fails where its prose does not.
    """
    (run,) = json.decode(text, type=Log).runs
    ids = [rule.id for rule in run.tool.driver.rules]
    assert len(ids) == len(set(ids)), "rules are unique"
    for result in run.results:
        assert ids[result.rule_index] == result.rule_id
        assert (result.kind == "fail") != (result.level == "none"), "only a failure has a level"
        for place in result.partial_fingerprints:
            assert re.fullmatch(r"[\w.]+/v\d+", place), "a fingerprint names its version"
    return run

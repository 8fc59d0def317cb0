"""Every file under tests/cases is a pair of schemas, and the way between them is proven both ways.

A case proves: the plan leads from `before` to `after` exactly, a second comparison is empty, no step takes
a stronger lock or rewrites more than it declares, and a plan that claims to be lossless leads back.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from pgwright.diff.compare import compare
from pgwright.diff.rehearse import rehearse
from pgwright.diff.rename import Rename, understand
from pgwright.diff.script import script
from pgwright.diff.stages import plan_in_stages
from pgwright.kinds.codec import catalog_from_json, catalog_to_json
from pgwright.model.catalog import Catalog
from pgwright.model.plan import Plan
from tests.integration.slate import Slate

CASES = Path(__file__).parent.parent / "cases"
_SECTION = re.compile(r"^-- (?P<name>before|after)\s*$", re.MULTILINE)
_SETTING = re.compile(r"^-- (?P<name>since|roles|expect|defect|rename): ?(?P<value>.*)$", re.MULTILINE)
EMBEDDED_MAJOR = 18


@dataclass(frozen=True, kw_only=True)
class Case:
    """Hold one pair of schemas and what is expected of the plan between them."""

    path: Path
    before: str
    after: str
    since: int = 12
    roles: tuple[str, ...] = ()
    expect: tuple[str, ...] = field(default=())
    defect: str | None = None
    renames: tuple[str, ...] = ()

    @property
    def name(self) -> str:
        return f"{self.path.parent.name}/{self.path.stem}"

    def expected(self, name: str) -> list[str]:
        return [e.partition("=")[2].strip() for e in self.expect if e.partition("=")[0].strip() == name]


def parse(path: Path) -> Case:
    text = path.read_text(encoding="utf-8")
    parts = _SECTION.split(text)
    sections = dict(zip(parts[1::2], parts[2::2], strict=True))
    settings: dict[str, list[str]] = {}
    for match in _SETTING.finditer(text):
        settings.setdefault(match["name"], []).append(match["value"])
    assert set(sections) == {"before", "after"}, f"{path} needs the sections before and after"
    return Case(
        path=path,
        before=sections["before"],
        after=sections["after"],
        since=int(settings.get("since", ["12"])[0]),
        roles=tuple(" ".join(settings.get("roles", [])).split()),
        expect=tuple(e for line in settings.get("expect", []) for e in line.split(";")),
        defect=" ".join(settings.get("defect", [])) or None,
        renames=tuple(settings.get("rename", ())),
    )


def find_cases() -> Iterator[Case]:
    for path in sorted(CASES.glob("*/*.sql")):
        yield parse(path)


def shown(changes: object) -> str:
    return "\n".join(str(c) for c in changes)  # type: ignore[attr-defined]


def parameters() -> Iterator[object]:
    """Yield the cases; one that names a known defect must fail until the defect is mended."""
    for case in find_cases():
        marks = [pytest.mark.xfail(reason=case.defect, strict=True)] if case.defect else []
        yield pytest.param(case, id=case.name, marks=marks)


@pytest.mark.parametrize("case", list(parameters()))
def test_case(case: Case, slate: Slate) -> None:
    if case.since > EMBEDDED_MAJOR:
        pytest.skip(f"needs PostgreSQL {case.since}")
    before = slate.read(case.before, roles=case.roles, source=case.path.name)
    after = slate.read(case.after, roles=case.roles, source=case.path.name)
    for catalog in (before, after):
        # A run that is resumed knows both ends from its record only.
        assert compare(catalog, catalog_from_json(catalog_to_json(catalog))) == ()
    told = understand(case.renames, before, after)
    forward = check_way(before, after, told)
    short, _ = plan_in_stages(before, after, renames=told, online=False)
    if [s.sql for s in short.steps] != [s.sql for s in forward.steps]:
        check_way(before, after, told, online=False)
    for hazard in case.expected("hazards"):
        assert set(hazard.split(",")) <= {h.code.value for h in forward.hazards}, forward.hazards
    for hazard in case.expected("no-hazards"):
        assert not set(hazard.split(",")) & {h.code.value for h in forward.hazards}, forward.hazards
    for steps in case.expected("steps"):
        assert len(forward.steps) == int(steps), forward.steps
    for lock in case.expected("locks"):
        mode, _, where = lock.partition(" on ")
        took = {(s.lock.value, str(i)) for s in forward.steps if s.lock for i in s.locks_on}
        assert (mode, where) in took, took
    if "no" not in case.expected("reversible"):
        check_way(after, before, [r.reversed() for r in reversed(told)])


@pytest.fixture(scope="module")
def empty(slate: Slate) -> Catalog:
    return slate.read("")


@pytest.mark.parametrize("case", [c for c in find_cases() if c.since <= EMBEDDED_MAJOR], ids=lambda c: c.name)
def test_the_script_of_a_case_may_run_twice(case: Case, slate: Slate, empty: Catalog) -> None:
    if "no" in case.expected("repeatable"):
        pytest.skip("an event trigger of its own refuses the second run")
    after = slate.read(case.after, roles=case.roles, source=case.path.name)
    once = script(after, empty)
    loaded = slate.read(once + once, source=case.path.name)
    assert not compare(loaded, after), shown(compare(loaded, after)) + "\n" + once
    assert script(loaded, empty) == once


def check_way(before: Catalog, after: Catalog, renames: Sequence[Rename], *, online: bool = True) -> Plan:
    plan, _ = plan_in_stages(before, after, renames=renames, online=online)
    script = "\n".join(f"{s.id}. {s.sql}" for s in plan.steps)
    rehearsal = rehearse(plan, before, after)
    assert not rehearsal.unfaithful, f"copy differs:\n{shown(rehearsal.unfaithful)}"
    assert not rehearsal.differences, f"end differs:\n{shown(rehearsal.differences)}\n{script}"
    assert not rehearsal.undeclared, "\n".join(rehearsal.undeclared) + "\n" + script
    if not compare(before, after):
        assert not plan.steps, script
    return plan

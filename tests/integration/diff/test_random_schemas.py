"""The way between any two schemas: it works, leads there, locks what it declares, keeps rows, and so back."""

from __future__ import annotations

import os

from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from pgwright.diff.compare import compare
from pgwright.diff.planner import make_plan
from pgwright.diff.rehearse import rehearse
from pgwright.model.catalog import Catalog
from pgwright.model.plan import Plan
from tests.integration.diff.pieced import pieced_schemas
from tests.integration.diff.pieces import ROLES
from tests.integration.diff.schemas import schemas
from tests.integration.diff.survival import check_survival
from tests.integration.slate import Slate

# More of them, and other ones each time: PGWRIGHT_TEST_EXAMPLES=500.
_EXAMPLES = int(os.environ.get("PGWRIGHT_TEST_EXAMPLES", "0"))


def _examples(number: int) -> settings:
    return settings(
        max_examples=_EXAMPLES or number,
        deadline=None,
        derandomize=not _EXAMPLES,
        database=None,
        suppress_health_check=list(HealthCheck),
        # Each example takes two databases: a smaller one is looked for only when asked to take the time.
        phases=list(Phase) if _EXAMPLES else [Phase.generate],
    )


@_examples(25)
@given(one=schemas(), other=schemas(), online=st.booleans())
def test_there_and_back(slate: Slate, one: str, other: str, online: bool) -> None:
    before, after = slate.read(one), slate.read(other)
    check_survival(one, check(before, after, online=online), before, after)
    check_survival(other, check(after, before, online=not online), after, before)


@_examples(12)
@given(one=pieced_schemas(), other=pieced_schemas(), online=st.booleans())
def test_there_and_back_with_every_kind(slate: Slate, one: str, other: str, online: bool) -> None:
    before, after = slate.read(one, roles=ROLES), slate.read(other, roles=ROLES)
    check_survival(one, check(before, after, online=online), before, after)
    check_survival(other, check(after, before, online=not online), after, before)


def check(before: Catalog, after: Catalog, *, online: bool) -> Plan:
    plan = make_plan(before, after, online=online)
    script = "\n".join(f"{s.id}. {s.sql}" for s in plan.steps)
    assert bool(plan) == bool(compare(before, after)), script
    found = rehearse(plan, before, after)
    assert not found.unfaithful, "\n".join(map(str, found.unfaithful))
    assert not found.differences, "\n".join([*map(str, found.differences), script])
    assert not found.undeclared, "\n".join([*found.undeclared, script])
    return plan

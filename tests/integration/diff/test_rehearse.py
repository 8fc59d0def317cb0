"""What a rehearsal sees: locks of steps inside and outside of transactions, and what was not declared."""

from __future__ import annotations

from dataclasses import replace

import pytest

from pgwright.diff.planner import make_plan
from pgwright.diff.rehearse import Rehearsal, rehearse
from pgwright.errors import StatementError
from pgwright.model.locks import LockMode
from pgwright.model.plan import Step
from tests.integration.diff.ways import declared
from tests.integration.slate import Slate

BEFORE = """
CREATE TABLE t (id int, x int);
CREATE TABLE other (id int);
CREATE INDEX old ON t (x);
CREATE MATERIALIZED VIEW m AS SELECT id FROM t;
CREATE TYPE mood AS ENUM ('good');
"""


def observed(after: str, *, instead: dict[str, object] | None = None) -> Rehearsal:
    before, target = declared(BEFORE), declared(after)
    plan = make_plan(before, target)
    if instead:
        plan = replace(plan, steps=tuple(replace(s, **instead) for s in plan.steps))  # type: ignore[arg-type]
    return rehearse(plan, before, target)


@pytest.mark.parametrize(
    ("after", "path"),
    [
        (BEFORE + "CREATE INDEX i ON t (id)", "public.t"),
        (BEFORE.replace("CREATE INDEX old ON t (x);", ""), "public.t"),
        (BEFORE + "CREATE UNIQUE INDEX i ON m (id)", "public.m"),
    ],
    ids=["build", "drop", "on a materialized view"],
)
def test_locks_of_concurrent_steps(after: str, path: str) -> None:
    found = observed(after)
    assert found.ok, found
    (observation,) = found.observations
    assert observation.locks == {path: LockMode.SHARE_UPDATE_EXCLUSIVE}
    assert observation.seconds < 1


@pytest.mark.parametrize(
    "instead",
    [{"lock": LockMode.ACCESS_SHARE}, {"locks_on": ()}, {"lock": None}],
    ids=lambda i: next(iter(i)),
)
def test_a_concurrent_step_that_locks_more_than_it_says(instead: dict[str, object]) -> None:
    found = observed(BEFORE + "CREATE INDEX i ON t (id)", instead=instead)
    (said,) = found.undeclared
    assert said == "step 1 (build index i on public.t) took SHARE UPDATE EXCLUSIVE on public.t"


def test_a_step_without_a_transaction_and_without_locks() -> None:
    found = observed(BEFORE.replace("('good')", "('good', 'bad')"))
    assert found.ok
    assert found.observations[0].locks == {}


def test_a_step_that_fails_leaves_nobody_waiting() -> None:
    before, target = declared(BEFORE), declared(BEFORE + "CREATE INDEX i ON t (id)")
    (step,) = make_plan(before, target).steps

    def rehearsed(changed: Step) -> None:
        rehearse(replace(make_plan(before, target), steps=(changed,)), before, target)

    with pytest.raises(StatementError, match="does not exist"):
        rehearsed(replace(step, sql="CREATE INDEX CONCURRENTLY i ON public.t (nosuch)"))


def test_a_table_may_be_named_as_before_and_after_its_rename() -> None:
    before = declared("CREATE TABLE a (id int)")
    after = declared("CREATE TABLE b (id int, x int)")
    renamed = declared("CREATE TABLE b (id int)")
    add = make_plan(renamed, after).steps[0]
    table = next(iter(before.of("table")))
    rename = replace(
        add,
        sql="ALTER TABLE a RENAME TO b",
        id="0",
        batch=0,
        lock=LockMode.ACCESS_EXCLUSIVE,
        locks_on=(table.id,),
    )
    rename = replace(rename, sql="ALTER TABLE public.a RENAME TO b")
    plan = replace(make_plan(before, after), steps=(rename, add))
    assert rehearse(plan, before, after).ok


@pytest.mark.parametrize("what", ["GRANT SELECT ON t", "CREATE POLICY p ON t"])
def test_a_role_that_one_end_alone_knows(what: str, slate: Slate) -> None:
    less, more = "CREATE TABLE t (id int);", f"CREATE TABLE t (id int); {what} TO newly_hired;"
    without, having = slate.read(less), slate.read(more, roles=("newly_hired",))
    for start, target in ((without, having), (having, without)):
        slate.conn.execute("DROP ROLE newly_hired")
        assert rehearse(make_plan(start, target), start, target).ok


def test_steps_of_a_long_transaction_are_looked_at_together() -> None:
    tables = [f"CREATE TABLE t{n} (id int" for n in range(10, 100)]
    before, after = declared(");".join((*tables, ""))), declared(", x int);".join((*tables, "")))
    plan = make_plan(before, after)
    together = tuple(replace(s, batch=0) for s in plan.steps)
    found = rehearse(replace(plan, steps=together), before, after)
    assert found.ok, found.undeclared
    assert [dict(o.locks) for o in found.observations] == [
        {s.subject.root.path: LockMode.ACCESS_EXCLUSIVE} for s in together
    ]
    silent = tuple(replace(s, locks_on=()) if s.id == "88" else s for s in together)
    (said,) = rehearse(replace(plan, steps=silent), before, after).undeclared
    assert said == "one of the steps 88 to 89 took ACCESS EXCLUSIVE on public.t97"

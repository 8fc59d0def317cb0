"""What must not be seen apart shares a transaction, and no scan of a table parts it."""

from __future__ import annotations

import pytest

from pgwright.diff.planner import make_plan
from pgwright.model.plan import Phase
from tests.integration.slate import Slate
from tests.integration.test_cases import CASES, parse


@pytest.mark.parametrize(
    ("case", "first", "last"),
    [
        ("column/nulls_refused_as_numbering_changes", "DROP DEFAULT", "ADD GENERATED"),
        ("constraint/primary_key_of_other_columns", "DROP CONSTRAINT t_pkey", "ADD CONSTRAINT t_pkey"),
        ("view/foreign_key_checked_beside_it", "DROP VIEW", "CREATE VIEW"),
    ],
)
def test_what_looks_at_rows_comes_before_or_after(case: str, first: str, last: str, slate: Slate) -> None:
    pair = parse(CASES / f"{case}.sql")
    plan = make_plan(slate.read(pair.before), slate.read(pair.after))
    (start,) = [s for s in plan.steps if first in s.sql]
    (end,) = [s for s in plan.steps if last in s.sql]
    assert start.batch == end.batch, [(s.batch, s.sql) for s in plan.steps]
    scans = [s for s in plan.steps if s.phase is Phase.BACKFILL or not s.transactional]
    assert scans
    for scan in scans:
        assert [s.id for s in plan.steps if s.batch == scan.batch] == [scan.id]

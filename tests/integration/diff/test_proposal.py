"""Proposals where scratch lacks what no kind reads, and what is no excuse for a plan that fails."""

from __future__ import annotations

from dataclasses import replace

import pytest

from pgwright.diff.comparison import Comparison
from pgwright.diff.proposal import Proposal, propose
from pgwright.errors import StatementError, UnsupportedChange
from pgwright.kinds.default import Default
from pgwright.model.catalog import Catalog
from pgwright.model.selection import Selection
from tests.integration.diff.ways import declared

LANGUAGE = "CREATE TRUSTED LANGUAGE other HANDLER plpgsql_call_handler;"
FUNCTION = "CREATE FUNCTION f() RETURNS int LANGUAGE other AS 'BEGIN RETURN 1; END';"
PLAIN = "CREATE TABLE t (id int);"
WITH_DEFAULT = "CREATE TABLE t (id int DEFAULT 7);"


def proposed(before: str, after: Catalog) -> Proposal:
    return propose(Comparison(before=declared(before), after=after, selection=Selection()))


@pytest.mark.parametrize(
    ("before", "after"),
    [
        (LANGUAGE + FUNCTION + PLAIN, LANGUAGE + FUNCTION + WITH_DEFAULT),
        (LANGUAGE + PLAIN, LANGUAGE + PLAIN + FUNCTION),
    ],
    ids=["the copy cannot be built", "a step asks for it"],
)
def test_what_scratch_lacks_leaves_the_plan_untried(before: str, after: str) -> None:
    proposal = proposed(before, declared(after))
    assert proposal.plan
    assert proposal.rehearsal is None
    (note,) = proposal.plan.notes
    assert "NOT tried on scratch" in note
    assert 'language "other" does not exist; no kind reads: language other.' in note


@pytest.mark.parametrize("aside", ["", LANGUAGE], ids=["nothing unread", "something unread"])
def test_a_failing_step_is_blamed_on_nothing_else(aside: str) -> None:
    after = declared(aside + WITH_DEFAULT)
    (default,) = after.of("default")
    assert isinstance(default, Default)
    broken = replace(default, expression="public.nosuch()")
    with pytest.raises(StatementError, match=r"function public\.nosuch\(\) does not exist"):
        proposed(aside + PLAIN, replace(after, objects={**after.objects, broken.id: broken}))


def test_a_column_of_two_parents_cannot_change_its_type() -> None:
    parents = "CREATE TABLE a (x {0}); CREATE TABLE b (x {0}); "
    heir = "CREATE TABLE c (z int) INHERITS (a, b);"
    with pytest.raises(UnsupportedChange, match=r"column public\.a\.x cannot be changed") as caught:
        proposed(parents.format("int") + heir, declared(parents.format("bigint") + heir))
    assert "column public.b.x as well" in str(caught.value.detail)
    apart = "CREATE TABLE c (z int, x bigint);"
    assert proposed(parents.format("int") + heir, declared(parents.format("bigint") + apart)).plan


def test_a_column_that_comes_twice_from_one_source_changes_its_type() -> None:
    diamond = "CREATE TABLE a (x {}); CREATE TABLE b () INHERITS (a); CREATE TABLE c () INHERITS (a);"
    diamond += "CREATE TABLE d () INHERITS (b, c);"
    assert proposed(diamond.format("int"), declared(diamond.format("bigint"))).rehearsal is not None

"""How numbers are said."""

from __future__ import annotations

import pytest

from pgwright.model.wording import counted, did_you_mean


@pytest.mark.parametrize(
    ("number", "text"), [(0, "0 indexes"), (1, "1 index"), (2, "2 indexes"), (1000, "1,000 indexes")]
)
def test_noun_follows_the_number(number: int, text: str) -> None:
    assert counted(number, "index", "indexes") == text


def test_most_nouns_take_an_s() -> None:
    assert [counted(n, "step") for n in (1, 2)] == ["1 step", "2 steps"]


def test_a_mistyped_name_gets_the_nearest_or_nothing() -> None:
    assert did_you_mean("usres", ["orders", "users"]) == "; did you mean users?"
    assert did_you_mean("zzz", ["orders", "users"]) == ""
    assert did_you_mean("users", iter(())) == ""

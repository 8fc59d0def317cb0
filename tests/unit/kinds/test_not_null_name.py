"""Which names of NOT NULLs somebody chose."""

from __future__ import annotations

import pytest

from pgwright.kinds.steps import default_name
from pgwright.kinds.tables.not_null_name import chosen_name


@pytest.mark.parametrize(
    "name", [None, "t_c_not_null", "of_another_table_not_null2", default_name("t" * 60, "c" * 60, "not_null")]
)
def test_what_postgresql_calls_so_is_nobodys_choice(name: str | None) -> None:
    assert chosen_name(name) is None


@pytest.mark.parametrize("name", ["must", "c_not_null", "not_null", "t_c_not_null_", "t_c_required"])
def test_what_somebody_called_so_is(name: str) -> None:
    assert chosen_name(name) == name

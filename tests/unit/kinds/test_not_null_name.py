"""Which names of NOT NULLs somebody chose."""

from __future__ import annotations

import pytest

from pgwright.kinds.tables.not_null_name import chosen_name

LONG = "l" * 60


@pytest.mark.parametrize(
    "name",
    [
        None,
        "t_c_not_null",
        "t_c_not_null2",
        "of_its_old_table_c_not_null",
        "t_of_its_old_name_not_null",
        f"t_{LONG[:52]}_not_null",
    ],
)
def test_what_postgresql_called_so_is_nobodys_choice(name: str | None) -> None:
    column = LONG if name and LONG[:52] in name else "c"
    assert chosen_name(name, "t", column) is None


@pytest.mark.parametrize(
    "name", ["must", "c_not_null", "not_null", "t_c_not_null_", "T_C_NOT_NULL", "t_c_required"]
)
def test_what_somebody_called_so_is(name: str) -> None:
    assert chosen_name(name, "t", "c") == name

"""What users typed on its way into a statement."""

from __future__ import annotations

import os

import pytest

from pgwright.errors import UsageError
from pgwright.pg.quoting import render, typed


def test_an_expression_of_the_user_stands_in_parentheses() -> None:
    assert render(typed("name = 'é' OR id < 3")) == "(name = 'é' OR id < 3)"


def test_bytes_that_are_no_utf8_are_shown_and_refused() -> None:
    with pytest.raises(UsageError, match=r"name = '\\xe9'"):
        typed(os.fsdecode(b"name = '\xe9'"))

"""Which names a pattern means."""

from __future__ import annotations

import pytest

from pgwright.model.names import ObjectId, QualifiedName
from pgwright.model.selection import Selection

_TABLE = ObjectId("table", QualifiedName("shop", "users"))
_COLUMN = ObjectId("column", QualifiedName(None, "email"), _TABLE)


@pytest.mark.parametrize("pattern", ["users", "use*", "shop.users", "shop.*", "*.users"])
def test_a_table_is_named_with_its_schema_or_without(pattern: str) -> None:
    assert Selection(include=(pattern,)).chooses(_TABLE)
    assert Selection(include=(pattern,)).chooses(_COLUMN)
    assert not Selection(exclude=(pattern,)).chooses(_TABLE)


@pytest.mark.parametrize("pattern", ["user", "email", "public.users", "public.*"])
def test_what_a_pattern_does_not_mean(pattern: str) -> None:
    assert not Selection(include=(pattern,)).chooses(_TABLE)
    assert Selection(exclude=(pattern,)).chooses(_TABLE)

"""Which names a pattern means."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from pgwright.kinds.sequence import Sequence, default_options
from pgwright.kinds.sequence_owner import SequenceOwner
from pgwright.model.catalog import Catalog, ServerFacts
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


def test_a_table_that_is_left_out_takes_its_sequences_along() -> None:
    sequence = ObjectId("sequence", QualifiedName("shop", "users_id_seq"))
    id = ObjectId("column", QualifiedName(None, "id"), _TABLE)
    link = SequenceOwner(id=ObjectId("sequence_owner", QualifiedName(None, "owned by"), sequence), column=id)
    options = default_options("integer", 1)
    lone = ObjectId("sequence", QualifiedName("shop", "lone"))
    objects = (link, *(Sequence(id=id, type="integer", options=options) for id in (sequence, lone)))
    catalog = Catalog(
        server=ServerFacts(version_num=180000),
        objects={o.id: o for o in objects},
        source="test",
        captured_at=datetime.now(UTC),
    )
    assert [o.id for o in Selection(exclude=("users",)).apply(catalog)] == [lone]

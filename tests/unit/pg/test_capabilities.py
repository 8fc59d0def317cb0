"""Features are asked for by name and refused with what the server has and what it would need."""

from __future__ import annotations

import pytest

from pgwright.errors import UnsupportedServerError
from pgwright.pg import FEATURES, has, require


def test_refusal_names_feature_have_and_need() -> None:
    with pytest.raises(UnsupportedServerError) as caught:
        require(140011, "security_invoker_views")
    assert "security invoker views" in caught.value.message
    assert caught.value.detail is not None
    assert "have 14, need 15" in caught.value.detail


def test_version_in_between() -> None:
    assert not has(149999, "merge")
    assert has(150000, "merge")
    require(180001, "merge")


def test_unknown_feature_is_a_mistake_of_the_caller() -> None:
    with pytest.raises(KeyError):
        has(180000, "telepathy")


@pytest.mark.parametrize("name", FEATURES)
def test_table_is_well_formed(name: str) -> None:
    feature = FEATURES[name]
    assert feature.name == name
    assert 12 <= feature.since <= 18
    assert len(feature.reason) > 3

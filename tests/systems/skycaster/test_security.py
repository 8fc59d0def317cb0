"""API keys: their form, their hash, and that nothing else tells the secret."""

from __future__ import annotations

from collections.abc import Callable
from types import ModuleType

import pytest

Import = Callable[[str], ModuleType]


def test_new_key_matches_only_itself(module: Import) -> None:
    security = module("app.security")
    one, other = security.generate_key(), security.generate_key()
    assert security.matches(one.key, one.key_hash)
    assert not security.matches(other.key, one.key_hash)
    assert not security.matches(one.key[:-1], one.key_hash)
    assert security.key_prefix(one.key) == one.prefix
    assert len(one.key_hash) == 32


def test_secret_is_not_in_what_is_stored_or_shown(module: Import) -> None:
    made = module("app.security").generate_key()
    secret = made.key.split("_", 2)[2]
    assert len(secret) >= 43
    assert secret not in repr(made)
    assert secret not in made.prefix
    assert secret.encode() not in made.key_hash


@pytest.mark.parametrize(
    "text", ["", "sky", "sky_0123456789ab", "sky_0123456789ab_", "sky_short_x", "key_0123456789ab_x"]
)
def test_text_that_is_no_key_has_no_prefix(module: Import, text: str) -> None:
    assert module("app.security").key_prefix(text) is None

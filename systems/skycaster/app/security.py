"""API keys: made once, shown once, kept only as a hash.

A key is ``sky_<prefix>_<secret>``. The prefix finds the row and may be shown to
its owner; the secret has 256 random bits, so one SHA-256 is enough: slow password
hashes protect guessable secrets, and would cost every API call what they cost an attacker.
"""

from __future__ import annotations

import hashlib
import secrets
from dataclasses import dataclass, field

_SCHEME = "sky"
_PREFIX_BYTES = 6
_SECRET_BYTES = 32


@dataclass(frozen=True, kw_only=True)
class NewKey:
    """A key that was just made; `key` is for its owner, the rest is for the database."""

    key: str = field(repr=False)
    prefix: str
    key_hash: bytes = field(repr=False)


def generate_key() -> NewKey:
    """Make a new API key."""
    prefix = secrets.token_hex(_PREFIX_BYTES)
    key = f"{_SCHEME}_{prefix}_{secrets.token_urlsafe(_SECRET_BYTES)}"
    return NewKey(key=key, prefix=prefix, key_hash=hash_key(key))


def hash_key(key: str) -> bytes:
    """Return the 32 bytes to store for `key`."""
    return hashlib.sha256(key.encode()).digest()


def key_prefix(key: str) -> str | None:
    """Return the prefix to look `key` up by, or None when it does not have a key's form."""
    parts = key.split("_", 2)
    if len(parts) != 3 or parts[0] != _SCHEME or len(parts[1]) != 2 * _PREFIX_BYTES or not parts[2]:
        return None
    return parts[1]


def matches(key: str, key_hash: bytes) -> bool:
    """Say whether `key` is the one that `key_hash` was made from, in constant time."""
    return secrets.compare_digest(hash_key(key), key_hash)

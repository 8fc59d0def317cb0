"""What goes wrong within a stream is what its consumer hears of."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterator

import pytest

from pgwright.backup.repository.encryption import Encryption
from pgwright.errors import BackupFailed

pyrage = pytest.importorskip("pyrage", reason="encryption for age keys is an extra")


def test_an_error_of_the_source_passes_through_encryption() -> None:
    def broken() -> Iterator[bytes]:
        yield b"rows"
        raise BackupFailed("pg_basebackup failed")

    encryption = Encryption(recipients=(str(pyrage.x25519.Identity.generate().to_public()),))
    with pytest.raises(BackupFailed, match="pg_basebackup failed"):
        deque(encryption.seal(broken()), maxlen=0)

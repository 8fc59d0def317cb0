"""Names that every store can hold, and bytes that are counted and hashed while they pass."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Iterator

from pgwright.errors import ChecksumMismatch, StorageError, UsageError


def check_name(name: str) -> str:
    """Return `name`, or raise `UsageError` for one that some store cannot hold or that leads out of it."""
    parts = name.split("/")
    if not name or any(part in ("", ".", "..") for part in parts) or "\\" in name or "\0" in name:
        raise UsageError(
            f"{name!r} cannot be the name of a stored file",
            hint="use names like 2026/users.csv: no empty part, no . or .., no backslash",
        )
    return name


class Meter:
    """Pass pieces on and keep their number of bytes and their SHA-256.

    `failure` is what the source of the pieces raised, to tell it from a failure of the store.
    """

    def __init__(self) -> None:
        self.size = 0
        self.failure: BaseException | None = None
        self._hash = hashlib.sha256()

    @property
    def sha256(self) -> str:
        """Return the hash of what has passed so far, in hexadecimal."""
        return self._hash.hexdigest()

    def passing(self, pieces: Iterable[bytes]) -> Iterator[bytes]:
        """Yield the pieces, without the empty ones."""
        source = iter(pieces)
        while True:
            try:
                piece = next(source)
            except StopIteration:
                return
            except BaseException as exc:
                self.failure = exc
                raise
            if piece:
                self.size += len(piece)
                self._hash.update(piece)
                yield piece


def checked(pieces: Iterator[bytes], place: str, *, size: int, sha256: str | None) -> Iterator[bytes]:
    """Yield `pieces` of the file at `place`, and raise where they are not the `size` bytes promised."""
    meter = Meter()
    # Hashing costs; without a hash to compare with only the bytes are counted.
    if sha256 is None:
        for piece in pieces:
            meter.size += len(piece)
            yield piece
    else:
        yield from meter.passing(pieces)
    if meter.size != size:
        raise StorageError(
            f"{place} ended after {meter.size:,} of {size:,} bytes",
            detail="it was cut short or replaced while it was read",
            hint="run the command again",
        )
    if sha256 is not None and meter.sha256 != sha256.lower():
        raise ChecksumMismatch(
            f"{place} is not the file that was written",
            detail=f"its SHA-256 is {meter.sha256}, expected {sha256.lower()}",
            hint="fetch or export the file again; do not use this one",
        )

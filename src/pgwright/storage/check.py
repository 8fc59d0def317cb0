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


class Counter:
    """Pass pieces on and keep their number of bytes."""

    def __init__(self) -> None:
        self.size = 0

    def passing(self, pieces: Iterable[bytes]) -> Iterator[bytes]:
        """Yield the pieces, without the empty ones."""
        for piece in pieces:
            if piece:
                self._take(piece)
                yield piece

    def _take(self, piece: bytes) -> None:
        self.size += len(piece)


class Meter(Counter):
    """Pass pieces on and keep their number of bytes and their SHA-256."""

    def __init__(self) -> None:
        super().__init__()
        self._hash = hashlib.sha256()

    @property
    def sha256(self) -> str:
        """Return the hash of what has passed so far, in hexadecimal."""
        return self._hash.hexdigest()

    def _take(self, piece: bytes) -> None:
        super()._take(piece)
        self._hash.update(piece)


class Intake(Meter):
    """Be the meter of what is written, which knows a failure of its source from one of the store.

    `failure` is what the source raised. Only a writer keeps it: an exception that is held by what its
    traceback leads to keeps files open until the garbage collector comes by.
    """

    def __init__(self) -> None:
        super().__init__()
        self.failure: BaseException | None = None

    def passing(self, pieces: Iterable[bytes]) -> Iterator[bytes]:
        """Yield the pieces, without the empty ones."""
        return super().passing(self._watched(pieces))

    def _watched(self, pieces: Iterable[bytes]) -> Iterator[bytes]:
        try:
            yield from pieces
        except GeneratorExit:
            raise
        except BaseException as exc:
            self.failure = exc
            raise


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

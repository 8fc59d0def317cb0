"""What every place for files can do."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import BinaryIO, Protocol

CHUNK = 1 << 20  # bytes of one piece of a stream, where the library does not choose


@dataclass(frozen=True, kw_only=True)
class Stat:
    """Describe a stored file: its name in the store, bytes, and the moment of the last write.

    `etag` changes with each write and compares for equality only. `sha256` (hexadecimal) is known where
    pgwright has just written the file, and None elsewhere: no store computes it for a listing.
    """

    name: str
    size: int
    modified: datetime
    etag: str | None = None
    sha256: str | None = None


class Store(Protocol):
    """Hold files under names like ``2026/users.csv``, in a directory or a bucket.

    Nothing here keeps a file in memory: streams pass in pieces. A file appears under its name when it is
    complete, or not at all, also when the writer is killed. Requests that fail in passing (5xx, cut
    connections) are repeated for a minute. Credentials come from the environment alone.

    Every method raises `StorageError` or a subclass: `StoredFileMissing` for a name that is not there,
    `StorageDenied` for credentials that are missing or do not suffice, `ChecksumMismatch`.
    """

    @property
    def url(self) -> str:
        """Return the place as the user writes it, without credentials."""

    def put(self, name: str, data: bytes | Iterable[bytes], *, expected: int = 0) -> Stat:
        """Store `data` under `name`, over what was there, and return what the store now holds.

        The size is compared with what was sent, and `sha256` is computed while it passes. `expected`
        (bytes) lets a stream become longer than 150 GB: object stores limit the number of its parts.
        An exception that the iterable raises passes through, and nothing is stored.
        """

    def create(self, name: str, data: bytes) -> bool:
        """Store a small file unless one of that name exists, atomically; tell whether it was stored."""

    def stream(
        self, name: str, *, offset: int = 0, length: int | None = None, sha256: str | None = None
    ) -> Iterator[bytes]:
        """Yield a file, or a range of its bytes, in pieces.

        With `sha256` (of the whole file) the last piece is followed by `ChecksumMismatch` where the bytes
        differ. A file that is shorter than it was at the beginning raises `StorageError`.
        """

    def read(self, name: str) -> bytes:
        """Return a small file as a whole."""

    def open(self, name: str) -> BinaryIO:
        """Open a file for reading in any order, as columnar formats need it."""

    def stat(self, name: str) -> Stat | None:
        """Return what is known of a file, None when there is none."""

    def list(self, prefix: str = "") -> Iterator[Stat]:
        """Yield the files whose names begin with `prefix`, sorted by name; complete ones only."""

    def delete(self, name: str) -> None:
        """Remove a file; one that is not there is no error."""

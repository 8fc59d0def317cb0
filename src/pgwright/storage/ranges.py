"""Read a stored file in any order, by ranges."""

from __future__ import annotations

import io
from collections.abc import Callable
from typing import TYPE_CHECKING, BinaryIO, cast

if TYPE_CHECKING:
    from _typeshed import WriteableBuffer

_AHEAD = 4 << 20  # bytes fetched at once: a request costs as much as some megabytes


class _Ranges(io.RawIOBase):
    """Be a file of `size` bytes whose parts `fetch(start, end)` returns."""

    def __init__(self, fetch: Callable[[int, int], bytes], size: int) -> None:
        self._fetch, self._size, self._at = fetch, size, 0

    def readable(self) -> bool:
        return True

    def seekable(self) -> bool:
        return True

    def tell(self) -> int:
        return self._at

    def seek(self, offset: int, whence: int = io.SEEK_SET) -> int:
        start = {io.SEEK_SET: 0, io.SEEK_CUR: self._at, io.SEEK_END: self._size}[whence]
        self._at = max(start + offset, 0)
        return self._at

    def readall(self) -> bytes:
        # The standard library's own asks for 8 kB at a time.
        pieces = []
        while piece := self.read(_AHEAD):
            pieces.append(piece)
        return b"".join(pieces)

    def readinto(self, buffer: WriteableBuffer, /) -> int:
        view = memoryview(buffer).cast("B")
        end = min(self._at + len(view), self._size)
        if end <= self._at:
            return 0
        piece = self._fetch(self._at, end)
        view[: len(piece)] = piece
        self._at += len(piece)
        return len(piece)


def open_ranges(fetch: Callable[[int, int], bytes], size: int) -> BinaryIO:
    """Return a buffered file for reading over `fetch`, which returns the bytes from start to before end."""
    return cast("BinaryIO", io.BufferedReader(_Ranges(fetch, size), _AHEAD))

"""Pick small files out of a tar stream that flows by, without unpacking it."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

_BLOCK = 512


class TarWatch:
    """Pass a tar stream on and keep the content of the members that `wanted` names, in `found`."""

    def __init__(self, wanted: Iterable[str]) -> None:
        self.found: dict[str, bytes] = {}
        self._wanted = frozenset(wanted)
        self._header = bytearray()
        self._left = 0  # bytes of the present member that are still to come
        self._padding = 0
        self._kept: bytearray | None = None
        self._name = ""

    def passing(self, chunks: Iterable[bytes]) -> Iterator[bytes]:
        """Yield the chunks unchanged."""
        for chunk in chunks:
            self._look(memoryview(chunk))
            yield chunk

    def _look(self, view: memoryview) -> None:
        at = 0
        while at < len(view):
            if self._left:
                piece = view[at : at + self._left]
                if self._kept is not None:
                    self._kept += piece
                self._left -= len(piece)
                at += len(piece)
                if not self._left:
                    self._complete()
            elif self._padding:
                step = min(self._padding, len(view) - at)
                self._padding -= step
                at += step
            else:
                piece = view[at : at + _BLOCK - len(self._header)]
                self._header += piece
                at += len(piece)
                if len(self._header) == _BLOCK:
                    self._begin(bytes(self._header))
                    self._header.clear()

    def _begin(self, header: bytes) -> None:
        self._name = header[:100].rstrip(b"\0").decode(errors="replace").removeprefix("./")
        size = header[124:136]
        # Above 8 GB the size is in base 256, marked by the highest bit.
        number = int.from_bytes(size[1:], "big") if size[0] & 0x80 else int(size.strip(b"\0 ") or b"0", 8)
        is_file = header[156:157] in (b"0", b"\0") and bool(self._name)
        self._left = number if is_file else 0
        self._padding = -number % _BLOCK if is_file else 0
        self._kept = bytearray() if self._name in self._wanted and is_file else None
        if is_file and not number:
            self._complete()

    def _complete(self) -> None:
        if self._kept is not None:
            self.found[self._name] = bytes(self._kept)
            self._kept = None

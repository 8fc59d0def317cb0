"""Compress and decompress streams; what a stream is compressed with, its first bytes tell."""

from __future__ import annotations

import zlib
from collections.abc import Iterable, Iterator
from typing import Any

from pgwright.errors import FileFormatError, UsageError

COMPRESSIONS = ("none", "gzip", "zstd")
SUFFIXES = {"gzip": ".gz", "zstd": ".zst"}
_GZIP, _ZSTD = b"\x1f\x8b", b"\x28\xb5\x2f\xfd"
_LARGEST = 1 << 20  # bytes that one step of a gzip stream may become
_STEP = 1 << 10  # bytes of a zstd stream at a time: a run of one byte grows 30,000-fold


def compression_of(name: str) -> str:
    """Return the compression that a file's name asks for."""
    return next((kind for kind, suffix in SUFFIXES.items() if name.endswith(suffix)), "none")


def compressed(blocks: Iterable[bytes], kind: str) -> Iterator[bytes]:
    """Yield `blocks` compressed with one of `COMPRESSIONS`.

    gzip at level 6 for whoever must read it; zstd at level 3, faster and smaller.
    """
    if kind == "none":
        yield from blocks
        return
    if kind not in COMPRESSIONS:
        raise UsageError(f"unknown compression {kind}", hint=f"one of: {', '.join(COMPRESSIONS)}")
    if kind == "gzip":
        engine: Any = zlib.compressobj(6, zlib.DEFLATED, 31)
    else:
        import zstandard  # noqa: PLC0415

        engine = zstandard.ZstdCompressor(level=3, write_checksum=True).compressobj()
    for block in blocks:
        if piece := engine.compress(block):
            yield piece
    yield engine.flush()


def decompressed(blocks: Iterator[bytes], place: str) -> Iterator[bytes]:
    """Yield the bytes of a stream that may be compressed; `place` names the file in errors.

    Raises `FileFormatError` for a compressed stream that is damaged or cut short.
    """
    head = b""
    for block in blocks:
        head += block
        if len(head) >= len(_ZSTD):
            break
    whole = _with(head, blocks)
    if head.startswith(_GZIP):
        return _gzip(whole, place)
    return _zstd(whole, place) if head.startswith(_ZSTD) else whole


def _with(head: bytes, blocks: Iterator[bytes]) -> Iterator[bytes]:
    if head:
        yield head
    yield from blocks


def _gzip(blocks: Iterator[bytes], place: str) -> Iterator[bytes]:
    frame = zlib.decompressobj(31)
    started = False
    try:
        for block in blocks:
            data = block
            while data:
                started = True
                if piece := frame.decompress(data, _LARGEST):
                    yield piece
                data = frame.unconsumed_tail
                if frame.eof:
                    # Files may be several streams in a row; zeros after the last are padding.
                    data = frame.unused_data.lstrip(b"\0")
                    frame, started = zlib.decompressobj(31), False
    except zlib.error as exc:
        raise _damaged(place, "gzip") from exc
    if started:
        raise _short(place, "gzip")


def _zstd(blocks: Iterator[bytes], place: str) -> Iterator[bytes]:
    import zstandard  # noqa: PLC0415

    press = zstandard.ZstdDecompressor()
    frame = press.decompressobj()
    started = False
    try:
        for block in blocks:
            for at in range(0, len(block), _STEP):
                data = block[at : at + _STEP]
                while data:
                    started = True
                    if piece := frame.decompress(data):
                        yield piece
                    data = b""
                    if frame.eof:
                        data, frame, started = frame.unused_data, press.decompressobj(), False
    except zstandard.ZstdError as exc:
        raise _damaged(place, "zstd") from exc
    if started:
        raise _short(place, "zstd")


def _damaged(place: str, kind: str) -> FileFormatError:
    return FileFormatError(
        f"{place} is a damaged {kind} file", hint=f"test it with: {kind} -t FILE; then fetch it again"
    )


def _short(place: str, kind: str) -> FileFormatError:
    return FileFormatError(
        f"{place} is a {kind} file that was cut short",
        detail="nothing was imported",
        hint="copy or export it again; the end of it is missing",
    )

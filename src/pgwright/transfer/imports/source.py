"""The file that is imported: opened, decompressed, decoded, and read in its format."""

from __future__ import annotations

import codecs
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import PurePosixPath
from typing import BinaryIO

from pgwright.errors import FileFormatError, UsageError
from pgwright.formats.batch import Reading
from pgwright.formats.compression import SUFFIXES, decompressed
from pgwright.formats.registry import COLUMNAR, format_of, reader
from pgwright.storage import Store, open_file
from pgwright.storage.nearby import missing_file
from pgwright.storage.store import CHUNK, Stat
from pgwright.transfer.imports.request import ImportRequest

_PIECE = 128 * 1024  # bytes of the file whose rows are counted together: much more, where it is compressed


@dataclass
class _Meter:
    """Count the bytes of the file that were read, and tell when there are no more."""

    taken: int = 0
    ended: bool = False


@dataclass(frozen=True, kw_only=True)
class Source:
    """Be a file that can be read again from its beginning, or standard input, which cannot.

    `stat` is what the store knows of it, `sha256` what it has to be.
    """

    request: ImportRequest
    format: str
    store: Store | None
    name: str
    stdin: BinaryIO | None
    stat: Stat | None
    sha256: str | None = None
    _meter: _Meter = field(default_factory=_Meter, repr=False)

    @property
    def part(self) -> float | None:
        """Return how much of the file has been read, 0 to 1; None where nobody knows its size or place."""
        if self._meter.ended:
            return 1
        # What the last piece becomes when it is decompressed is not known before.
        if self.stat is None or self._meter.taken >= self.stat.size:
            return None
        return self._meter.taken / self.stat.size

    @property
    def place(self) -> str:
        """Return the file's name for messages."""
        return "standard input" if self.store is None else self.request.source

    @property
    def again(self) -> bool:
        """Tell whether the file can be read a second time."""
        return self.store is not None

    def open(self) -> Reading:
        """Open the file from its beginning. Raises `FileFormatError`, `StorageError`."""
        asked = self.request
        if self.format in COLUMNAR:
            if self.store is None:
                raise UsageError(
                    f"{self.format} cannot be read from standard input: its directory stands at its end",
                    hint="name a file",
                )
            found: Reading = reader(self.format)(self.store.open(self.name), self.place)
            return found
        blocks = _decoded(decompressed(self._blocks(), self.place), asked.encoding, self.place)
        if self.format == "csv":
            opened: Reading = reader("csv")(
                blocks, self.place, header=asked.header, delimiter=asked.delimiter, null=asked.null
            )
            return opened
        if self.format == "django":
            rows: Reading = reader("django")(blocks, self.place, model=asked.model)
            return rows
        other: Reading = reader(self.format)(blocks, self.place)
        return other

    def _blocks(self) -> Iterator[bytes]:
        self._meter.taken, self._meter.ended = 0, False
        for block in self._pieces():
            for at in range(0, len(block), _PIECE):
                self._meter.taken += len(block[at : at + _PIECE])
                yield block[at : at + _PIECE]
        self._meter.ended = True

    def _pieces(self) -> Iterator[bytes]:
        if self.store is not None:
            yield from self.store.stream(self.name, sha256=self.sha256)
            return
        assert self.stdin is not None
        while block := self.stdin.read(CHUNK):
            yield block


def open_source(request: ImportRequest, stdin: BinaryIO | None = None) -> Source:
    """Find the file and its format; nothing is read yet.

    Raises `UsageError` for a file that is not there, and a format or encoding that is unknown.
    """
    try:
        codecs.lookup(request.encoding)
    except LookupError:
        raise UsageError(
            f"unknown encoding {request.encoding}", hint="for example utf-8, latin1, cp1252, utf-16"
        ) from None
    if request.source == "-":
        return Source(
            request=request, format=request.format or "csv", store=None, name="-", stdin=stdin, stat=None
        )
    store, name = open_file(request.source)
    stat = store.stat(name)
    if stat is None:
        raise missing_file(request.source)
    plain = name.removesuffix(PurePosixPath(name).suffix) if name.endswith(tuple(SUFFIXES.values())) else name
    return Source(
        request=request,
        format=request.format or format_of(plain),
        store=store,
        name=name,
        stdin=None,
        stat=stat,
    )


def _decoded(blocks: Iterator[bytes], encoding: str, place: str) -> Iterator[bytes]:
    """Yield `blocks` in UTF-8; those that are said to be are PostgreSQL's to check."""
    if codecs.lookup(encoding).name == "utf-8":
        yield from blocks
        return
    decoder = codecs.getincrementaldecoder(encoding)()
    try:
        for block in blocks:
            yield decoder.decode(block).encode()
        yield decoder.decode(b"", final=True).encode()
    except UnicodeError as exc:
        raise FileFormatError(
            f"{place} is not encoded in {encoding}", detail=str(exc), hint="name another --encoding"
        ) from exc

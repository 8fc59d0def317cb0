"""CSV as PostgreSQL reads it.

A quote opens and closes anywhere in a field, so a record ends at the first line end with an even number of
quotes before it. That is all that is looked at here: fields are PostgreSQL's to read.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass

from pgwright.errors import FileFormatError
from pgwright.formats.batch import ROWS, Batch, ColumnType, Reading
from pgwright.formats.shape import Shape

_BOM = b"\xef\xbb\xbf"
_LONGEST_RECORD = 64 << 20  # bytes; a quote that nobody closes would otherwise swallow the rest of the file
_QUOTE = b'"'
_NO_MARKS = bytes(set(range(256)) - set(b'"\n'))


def read_csv(
    blocks: Iterator[bytes], place: str, *, header: bool = True, delimiter: str = ",", null: str = ""
) -> Reading:
    """Open a CSV stream; without `header` the columns are named ``1``, ``2`` and so on.

    Raises `FileFormatError` for an empty stream, one that is no text, and a header that names a column twice.
    """
    head, rest = _first_record(blocks, place)
    line_end = b"\r\n" if head.endswith(b"\r") else b"\n"
    try:
        names = tuple(_fields(head.removesuffix(b"\r").decode("utf-8-sig"), delimiter))
    except UnicodeDecodeError as exc:
        raise FileFormatError(
            f"{place} is not encoded in UTF-8",
            detail=f"line 1: {exc.reason}",
            hint="name its encoding, for example: --encoding latin1",
        ) from exc
    if not header:
        rest = _chained(head.removeprefix(_BOM) + b"\n", rest)
        names = tuple(str(number) for number in range(1, len(names) + 1))
    if repeated := next((name for name in names if names.count(name) > 1), None):
        raise FileFormatError(f"{place} has two columns called {repeated!r}", hint="give each its own name")
    first = 2 + head.count(b"\n") if header else 1

    def batches(shapes: Mapping[str, Shape]) -> Iterator[Batch]:
        return split(rest, place, first=first, strip=line_end == b"\r\n")

    return Reading(columns=names, batches=batches, blocks=lambda: rest, delimiter=delimiter, null=null)


def split(blocks: Iterable[bytes], place: str, *, first: int = 1, strip: bool = False) -> Iterator[Batch]:
    """Yield the records of CSV without a header; `first` is the number of its first line.

    `strip` takes the carriage return of CRLF off each record.
    """
    number, carry = first, b""
    pending: list[bytes] = []  # the lines so far of a record whose quote is open
    pending_size = 0
    numbers: list[int] = []
    rows: list[bytes] = []

    def take(lines: list[bytes]) -> None:
        nonlocal number, pending, pending_size
        for line in lines:
            odd = line.count(_QUOTE) & 1
            if pending:
                pending.append(line)
                pending_size += len(line)
                if odd:
                    rows.append(b"\n".join(pending))
                    pending, pending_size = [], 0
                elif pending_size > _LONGEST_RECORD:
                    raise FileFormatError(
                        f"{place}: a quote that opens in line {numbers[-1]} is not closed",
                        detail=f"looked at {pending_size >> 20} MB after it; nothing was imported",
                        hint="close the quote, or double it if it is part of a value",
                    )
            else:
                numbers.append(number)
                if odd:
                    pending, pending_size = [line], len(line)
                else:
                    rows.append(line)
            number += 1

    def ready(end: bool = False) -> Iterator[Batch]:
        nonlocal numbers, rows
        count = len(rows)
        if not count or (count < ROWS and not end):
            return
        found = [row.removesuffix(b"\r") for row in rows] if strip else rows
        yield Batch(numbers=numbers[:count], rows=found)
        numbers, rows = numbers[count:], []

    for block in blocks:
        data = carry + block if carry else block
        lines = data.split(b"\n")
        carry = lines.pop()
        if not pending and _QUOTE not in data:
            numbers.extend(range(number, number + len(lines)))
            rows.extend(lines)
            number += len(lines)
        else:
            take(lines)
        yield from ready()
    if carry:
        take([carry])
    if pending:
        rows.append(b"\n".join(pending))  # PostgreSQL says what is wrong with it
    yield from ready(end=True)


@dataclass
class RowCounter:
    """Count the rows of CSV that comes in blocks, wherever these begin and end."""

    rows: int = 0
    _inside: bool = False  # of quotes

    def add(self, block: bytes) -> int:
        """Return how many rows have ended with this block.

        Line ends within quotes belong to a value. Two quotes without a line end between them change nothing,
        and nearly all go as such pairs; what is left is short.
        """
        pieces = block.translate(None, _NO_MARKS).replace(b'""', b"").split(_QUOTE)
        self.rows += sum(piece.count(b"\n") for piece in pieces[self._inside :: 2])
        self._inside ^= len(pieces) % 2 == 0
        return self.rows


def write_csv(blocks: Iterable[bytes], columns: Sequence[ColumnType], name: str) -> Iterator[bytes]:
    """Yield CSV as COPY makes it, with its header."""
    yield from blocks


def _first_record(blocks: Iterator[bytes], place: str) -> tuple[bytes, Iterator[bytes]]:
    data = b""
    for block in blocks:
        data += block
        at = -1
        while (at := data.find(b"\n", at + 1)) >= 0:
            if data.count(_QUOTE, 0, at) % 2 == 0:
                return data[:at], _chained(data[at + 1 :], blocks)
        if len(data) > _LONGEST_RECORD:
            raise FileFormatError(f"{place} does not begin with a line of text", hint="check its --format")
    if not data.strip(_BOM + b"\r\n "):
        raise FileFormatError(
            f"{place} is empty",
            detail="nothing was imported",
            hint="a CSV file begins with the names of its columns",
        )
    return data, iter(())


def _chained(head: bytes, blocks: Iterator[bytes]) -> Iterator[bytes]:
    if head:
        yield head
    yield from blocks


def _fields(record: str, delimiter: str) -> list[str]:
    """Return the fields of a record; a quote opens and closes anywhere, two in a row are one."""
    fields, field, inside, at = [], "", False, 0
    while at < len(record):
        sign = record[at]
        if sign == '"':
            if inside and record[at + 1 : at + 2] == '"':
                field, at = field + sign, at + 1
            else:
                inside = not inside
        elif sign == delimiter and not inside:
            fields.append(field)
            field = ""
        else:
            field += sign
        at += 1
    return [*fields, field]

"""JSON: one object a line, an array of objects, or Django's serialization of either form."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from itertools import chain, islice
from typing import Any

import msgspec

from pgwright.errors import FileFormatError
from pgwright.formats.batch import ROWS, Batch, ColumnType, Fault, Reading, quoted
from pgwright.formats.literal import from_json
from pgwright.formats.shape import Shape

_LONGEST_LINE = 256 << 20  # bytes
_object = msgspec.json.Decoder(dict[str, msgspec.Raw])
_encoder = msgspec.json.Encoder(decimal_format="number")


class _Serialized(msgspec.Struct):
    """Be one row as Django serializes it."""

    model: str
    fields: dict[str, msgspec.Raw]
    pk: msgspec.Raw | msgspec.UnsetType = msgspec.UNSET


_serialized = msgspec.json.Decoder(_Serialized)
_Documents = Iterator[tuple[int, bytes]]
_Values = Mapping[str, msgspec.Raw]


def read_jsonl(blocks: Iterator[bytes], place: str) -> Reading:
    """Open a stream with one object a line; numbers of records are lines. Empty lines are passed over."""
    return _reading(_lines(blocks, place), place, unit="line")


def read_json(blocks: Iterator[bytes], place: str) -> Reading:
    """Open a stream that is one array of objects; numbers of records are positions in it.

    Raises `FileFormatError` for one that is no JSON; where the stream ends early, when that is reached.
    """
    return _reading(_elements(blocks, place), place, unit="element")


def read_django(blocks: Iterator[bytes], place: str, *, model: str | None = None) -> Reading:
    """Open Django's serialization (``dumpdata``), an array or one object a line.

    The columns are ``pk`` and the fields of `model`, by default the only one in the first rows. Raises
    `FileFormatError` where there are several.
    """
    head, stream = _peeked(blocks)
    is_array = head.lstrip()[:1] == b"["
    documents = _elements(stream, place) if is_array else _lines(stream, place)
    first = list(islice(documents, ROWS))
    names = dict.fromkeys(name for _, document in first if (name := _model_of(document)))
    if not names:
        raise FileFormatError(
            f"{place} does not hold Django's serialization", hint="objects need model and fields"
        )
    if model is None and len(names) > 1:
        raise FileFormatError(
            f"{place} holds rows of several models: {', '.join(names)}",
            hint=f"import them one after another: --model {next(iter(names))}",
        )
    wanted = (model or next(iter(names))).lower()

    def flat(document: bytes) -> _Values | None:
        row = _serialized.decode(document)
        if row.model.lower() != wanted:
            if model is None:
                raise ValueError(f"is a row of {row.model}, not of {wanted}; choose with --model")
            return None
        return row.fields if row.pk is msgspec.UNSET else {"pk": row.pk, **row.fields}

    rest = chain(first, documents)
    unit = "element" if is_array else "line"
    return _reading(rest, place, unit=unit, values=flat, table=wanted.replace(".", "_"))


def write_jsonl(blocks: Iterable[bytes], columns: Sequence[ColumnType], name: str) -> Iterator[bytes]:
    """Yield objects one a line, as COPY makes them."""
    yield from blocks


def write_json(blocks: Iterable[bytes], columns: Sequence[ColumnType], name: str) -> Iterator[bytes]:
    """Yield an array of the objects that come one a line, each followed by a comma."""
    yield b"[\n"
    last = b""
    for block in blocks:
        if block:
            yield last
            last = block
    yield last.removesuffix(b",\n") + b"\n]\n" if last else b"]\n"


# The objects differ, the file's form does not.
write_django = write_json


def _reading(
    documents: _Documents,
    place: str,
    *,
    unit: str,
    values: Callable[[bytes], _Values | None] = _object.decode,
    table: str | None = None,
) -> Reading:
    first = list(islice(documents, ROWS))
    columns: dict[str, None] = {}
    for _, document in first:
        try:
            columns.update(dict.fromkeys(values(document) or ()))
        except (msgspec.DecodeError, ValueError, KeyError):
            continue  # a bad row like any other, counted when it is read
    if not columns:
        raise FileFormatError(
            f"{place} does not hold a JSON object in its first rows",
            detail=None if not first else f"{unit} {first[0][0]} begins with {_shown(first[0][1])}",
            hint="rows are objects, one a line (jsonl) or in one array (json)",
        )
    names = tuple(columns)

    def batches(shapes: Mapping[str, Shape]) -> Iterator[Batch]:
        rest = chain(first, documents)
        while found := list(islice(rest, ROWS)):
            yield _batch(found, names, shapes, values)

    return Reading(columns=names, batches=batches, unit=unit, table=table)


def _batch(
    documents: list[tuple[int, bytes]],
    names: tuple[str, ...],
    shapes: Mapping[str, Shape],
    values: Callable[[bytes], _Values | None],
) -> Batch:
    numbers: list[int] = []
    rows: list[bytes] = []
    faults: list[Fault] = []
    wanted = [(name, shapes.get(name)) for name in names]
    known = set(names)
    for number, document in documents:
        try:
            found = values(document)
            if found is None:
                continue
            if not known >= found.keys():
                raise ValueError(f"{min(found.keys() - known)} is no column of the first {ROWS:,} rows")
            fields = [
                "" if shape is None or name not in found else quoted(from_json(bytes(found[name]), shape))
                for name, shape in wanted
            ]
            row = ",".join(fields).encode()
        except (msgspec.DecodeError, ValueError, KeyError) as exc:
            # ValueError covers text that has no UTF-8: half of a surrogate pair.
            reason = f"lacks {exc}" if isinstance(exc, KeyError) else str(exc)
            faults.append(Fault(number=number, text=document, reason=reason))
        else:
            numbers.append(number)
            rows.append(row)
    return Batch(numbers=numbers, rows=rows, faults=faults)


def _lines(blocks: Iterable[bytes], place: str) -> _Documents:
    number, carry = 0, b""
    for block in blocks:
        *lines, carry = (carry + block).split(b"\n")
        for number, line in enumerate(lines, number + 1):  # noqa: B020 - counting goes on
            if line.strip():
                yield number, line
        if len(carry) > _LONGEST_LINE:
            raise FileFormatError(
                f"{place} has no line end in {_LONGEST_LINE >> 20} MB after line {number}",
                hint="an array of objects is read with --format json",
            )
    if carry.strip():
        yield number + 1, carry


def _elements(blocks: Iterator[bytes], place: str) -> _Documents:
    import ijson  # noqa: PLC0415

    try:
        for number, element in enumerate(ijson.items(_File(blocks), "item"), 1):
            yield number, _encoder.encode(element)
    except (ijson.JSONError, UnicodeDecodeError) as exc:
        raise FileFormatError(
            f"{place} is not one complete JSON array of objects",
            detail=f"{' '.join(str(exc).split())[:200]}; nothing was imported",
            hint="export it again; a file with one object a line is read with --format jsonl",
        ) from exc


def _model_of(document: bytes) -> str | None:
    try:
        return _serialized.decode(document).model
    except msgspec.DecodeError:
        return None


def _peeked(blocks: Iterator[bytes]) -> tuple[bytes, Iterator[bytes]]:
    head = next((block for block in blocks if block.strip()), b"")
    return head, chain([head], blocks)


def _shown(document: bytes) -> str:
    return document[:40].decode("utf-8", "replace")


class _File:
    """Be the file that ijson reads."""

    def __init__(self, blocks: Iterator[bytes]) -> None:
        self._blocks, self._rest = blocks, b""

    def read(self, size: int = -1) -> bytes:
        while len(self._rest) == 0:
            block: Any = next(self._blocks, None)
            if block is None:
                return b""
            self._rest = block
        piece, self._rest = (self._rest, b"") if size < 0 else (self._rest[:size], self._rest[size:])
        return piece

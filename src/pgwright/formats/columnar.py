"""Parquet and Arrow's file format, to and from the CSV of COPY.

Numbers, dates, times, texts and bytes have types of their own there; everything else (arrays, ranges,
intervals, numeric without a precision, json, uuid) is kept as PostgreSQL's text, and the field's metadata
``pgwright.type`` says what it is.
"""

from __future__ import annotations

import io
import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Any, BinaryIO

import msgspec

from pgwright.errors import FileFormatError, FormatCannotHold, UsageError
from pgwright.formats.batch import Batch, ColumnType, Reading
from pgwright.formats.csv import split
from pgwright.formats.literal import from_json
from pgwright.formats.shape import SCALAR, Shape

if TYPE_CHECKING:
    import pyarrow as pa

_PIECE = 1 << 20  # bytes of CSV, at least, that become one batch
_READ = 256 << 10  # bytes of a column chunk at a time, which may have hundreds of megabytes
_GROUP = 64 << 10  # rows of a row group; twice as many take 100 MB more memory
_GROUP_BYTES = 64 << 20  # which few rows may have as well
_REPEATED = 4  # times that a value comes, on average, for a dictionary of the values to be worth it
_WIDEST_DECIMAL = 38


def write_parquet(blocks: Iterable[bytes], columns: Sequence[ColumnType], name: str) -> Iterator[bytes]:
    """Yield a Parquet file (zstd, row groups of some 64 thousand rows) of the rows of COPY's CSV.

    Raises `FormatCannotHold` for values without a place, such as infinite dates.
    """
    _pyarrow()
    from pyarrow import parquet  # noqa: PLC0415

    def open_writer(sink: Any, first: pa.Table) -> Any:
        return parquet.ParquetWriter(
            sink, first.schema, compression="zstd", compression_level=1, use_dictionary=_repetitive(first)
        )

    return _write(blocks, columns, name, open_writer)


def write_arrow(blocks: Iterable[bytes], columns: Sequence[ColumnType], name: str) -> Iterator[bytes]:
    """Yield Arrow's file format (IPC) of the rows of COPY's CSV; see `write_parquet`."""
    _pyarrow()
    from pyarrow import ipc  # noqa: PLC0415

    return _write(blocks, columns, name, lambda sink, first: ipc.new_file(sink, first.schema))


def read_parquet(file: BinaryIO, place: str) -> Reading:
    """Open a Parquet file. Raises `FileFormatError` for a file that is none."""
    pa = _pyarrow()
    from pyarrow import parquet  # noqa: PLC0415

    try:
        found = parquet.ParquetFile(file, buffer_size=_READ)
    except (pa.ArrowInvalid, OSError) as exc:
        file.close()
        raise _no_such(place, "Parquet", exc) from exc

    def batches() -> Iterator[Any]:
        # Asked for all groups, the reader keeps each one's buffers to the end of the file.
        for group in range(found.num_row_groups):
            # More threads decode ahead, which takes some 30 MB; the server that takes the rows is slower.
            yield from found.iter_batches(batch_size=_GROUP // 4, row_groups=[group], use_threads=False)

    return _reading(file, found.schema_arrow, batches, place)


def read_arrow(file: BinaryIO, place: str) -> Reading:
    """Open an Arrow file. Raises `FileFormatError` for a file that is none."""
    pa = _pyarrow()

    try:
        found = pa.ipc.open_file(file)
    except (pa.ArrowInvalid, OSError) as exc:
        file.close()
        raise _no_such(place, "Arrow", exc) from exc
    return _reading(file, found.schema, lambda: map(found.get_batch, range(found.num_record_batches)), place)


def _pyarrow() -> Any:
    try:
        import pyarrow  # noqa: PLC0415
    except ImportError as exc:
        raise UsageError(
            "Parquet and Arrow need the package pyarrow", hint="run: pip install 'pgwright[parquet]'"
        ) from exc
    return pyarrow


def _no_such(place: str, kind: str, exc: Exception) -> FileFormatError:
    return FileFormatError(
        f"{place} is not a complete {kind} file",
        detail=f"{' '.join(str(exc).split())[:200]}; nothing was imported",
        hint="check its --format, or export it again",
    )


def _write(
    blocks: Iterable[bytes],
    columns: Sequence[ColumnType],
    name: str,
    open_writer: Callable[[Any, Any], Any],
) -> Iterator[bytes]:
    pa = _pyarrow()
    from pyarrow import csv  # noqa: PLC0415

    types = {column.name: _type_of(pa, column) for column in columns}
    schema = pa.schema(
        pa.field(column.name, types[column.name], metadata={"pgwright.type": column.type})
        for column in columns
    )
    # Bytes come as hexadecimal text and are turned into themselves afterwards.
    read_as = {name: pa.string() if pa.types.is_binary(type_) else type_ for name, type_ in types.items()}
    parse = csv.ParseOptions(newlines_in_values=True)
    convert = csv.ConvertOptions(
        column_types=read_as,
        null_values=[""],
        strings_can_be_null=True,
        quoted_strings_can_be_null=False,
        true_values=["t"],
        false_values=["f"],
    )
    sink = _Sink()
    writer = None
    waiting: list[Any] = []

    def written() -> bytes:
        nonlocal writer
        group = pa.Table.from_batches(waiting, schema)
        waiting.clear()
        writer = writer or open_writer(sink, group)
        writer.write_table(group)
        return sink.taken()

    for rows in _gathered(blocks):
        read = csv.ReadOptions(column_names=list(types), block_size=len(rows) + 1, use_threads=False)
        try:
            table = csv.read_csv(
                pa.BufferReader(rows), read_options=read, parse_options=parse, convert_options=convert
            )
        except pa.ArrowInvalid as exc:
            raise _cannot(str(exc), columns, name) from exc
        waiting += (_with_bytes(pa, batch, schema) for batch in table.to_batches())
        if sum(b.num_rows for b in waiting) >= _GROUP or sum(b.nbytes for b in waiting) >= _GROUP_BYTES:
            yield written()
    if waiting:
        yield written()
    writer = writer or open_writer(sink, schema.empty_table())
    writer.close()
    yield sink.taken()


def _gathered(blocks: Iterable[bytes]) -> Iterator[bytes]:
    """Yield pieces of a useful size that are whole rows, as each block is: COPY sends one message per row.

    Arrow's own reader of streams cuts at a fixed size and refuses a row that is longer.
    """
    held: list[bytes] = []
    size = 0
    for block in blocks:
        held.append(block)
        size += len(block)
        if size >= _PIECE:
            yield b"".join(held)
            held, size = [], 0
    if size:
        yield b"".join(held)


def _repetitive(rows: Any) -> list[str]:
    """Return the columns whose values come again and again, as far as the first rows tell.

    A dictionary of the values makes these smaller. Of any other column it makes more, in twice the time.
    """
    from pyarrow import compute  # noqa: PLC0415

    return [
        name
        for name, column in zip(rows.column_names, rows.columns, strict=True)
        if compute.count_distinct(column).as_py() * _REPEATED <= rows.num_rows
    ]


def _cannot(said: str, columns: Sequence[ColumnType], name: str) -> FormatCannotHold:
    match = re.search(r"column #(\d+)", said)
    column = columns[int(match[1])] if match else None
    value = re.search(r"value '([^']*)'", said)
    what = f"{name}.{column.name} ({column.type})" if column else name
    return FormatCannotHold(
        f"{what} holds {value[1] if value else 'a value'}, which the format has no place for",
        detail=f"{' '.join(said.split())[:200]}; no file was written",
        hint=f"export that column as text: --as-text {column.name}" if column else "use --format csv",
    )


def _type_of(pa: Any, column: ColumnType) -> Any:
    simple = {
        "bool": pa.bool_(),
        "int2": pa.int16(),
        "int4": pa.int32(),
        "int8": pa.int64(),
        "oid": pa.int64(),
        "float4": pa.float32(),
        "float8": pa.float64(),
        "date": pa.date32(),
        "time": pa.time64("us"),
        "timestamp": pa.timestamp("us"),
        "timestamptz": pa.timestamp("us", "UTC"),
        "bytea": pa.binary(),
    }
    if column.base == "numeric" and column.precision is not None:
        digits, scale = (column.precision - 4) >> 16 & 0xFFFF, (column.precision - 4) & 0x7FF
        if digits <= _WIDEST_DECIMAL and scale <= digits:  # a negative scale looks large
            return pa.decimal128(digits, scale)
    return simple.get(column.base, pa.string())


def _with_bytes(pa: Any, batch: Any, schema: Any) -> Any:
    columns = [
        pa.array([None if v is None else bytes.fromhex(v[2:]) for v in column.to_pylist()], field.type)
        if pa.types.is_binary(field.type)
        else column
        for column, field in zip(batch.columns, schema, strict=True)
    ]
    return pa.RecordBatch.from_arrays(columns, schema=schema)


def _reading(file: BinaryIO, schema: Any, batches: Callable[[], Iterator[Any]], place: str) -> Reading:
    pa = _pyarrow()
    nested = any(pa.types.is_nested(field.type) for field in schema)

    def texts(shapes: Mapping[str, Shape]) -> Iterator[bytes]:
        try:
            for batch in batches():
                yield _csv(pa, batch, shapes)
        except (pa.ArrowInvalid, OSError) as exc:
            raise _no_such(place, "Parquet or Arrow", exc) from exc
        finally:
            file.close()

    def numbered(shapes: Mapping[str, Shape]) -> Iterator[Batch]:
        row = 1
        for batch in split(texts(shapes), place):
            yield replace(batch, numbers=range(row, row + len(batch.rows)))
            row += len(batch.rows)

    return Reading(
        columns=tuple(schema.names),
        batches=numbered,
        # Nested values become PostgreSQL's only when the table's types are known.
        blocks=None if nested else lambda: texts({}),
        unit="row",
    )


def _csv(pa: Any, batch: Any, shapes: Mapping[str, Shape]) -> bytes:
    from pyarrow import csv  # noqa: PLC0415

    columns = [
        _plain(pa, column, shapes.get(name, SCALAR))
        for name, column in zip(batch.schema.names, batch.columns, strict=True)
    ]
    sink = io.BytesIO()
    csv.write_csv(
        pa.RecordBatch.from_arrays(columns, names=[str(n) for n in range(len(columns))]),
        sink,
        csv.WriteOptions(include_header=False),
    )
    return sink.getvalue()


def _plain(pa: Any, column: Any, shape: Shape) -> Any:
    """Return a column in a type that Arrow writes as the text which PostgreSQL reads."""
    types, kind = pa.types, column.type
    if types.is_dictionary(kind):
        return _plain(pa, column.dictionary_decode(), shape)
    if types.is_nested(kind):
        return pa.array([_nested(value, shape) for value in column.to_pylist()], pa.string())
    if types.is_binary(kind) or types.is_large_binary(kind) or types.is_fixed_size_binary(kind):
        return pa.array(
            [None if value is None else "\\x" + value.hex() for value in column.to_pylist()], pa.string()
        )
    if types.is_float16(kind):
        return column.cast(pa.float32())
    return column


def _nested(value: Any, shape: Shape) -> str | None:
    return None if value is None else from_json(msgspec.json.encode(value), shape)


class _Sink(io.RawIOBase):
    """Collect what a writer writes until it is taken."""

    def __init__(self) -> None:
        self._pieces: list[bytes] = []

    def writable(self) -> bool:
        return True

    def write(self, data: Any) -> int:
        piece = bytes(data)
        self._pieces.append(piece)
        return len(piece)

    def taken(self) -> bytes:
        pieces, self._pieces = self._pieces, []
        return b"".join(pieces)

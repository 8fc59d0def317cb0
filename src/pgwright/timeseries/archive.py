"""Pieces of time series kept as Parquet files on any storage: written, read back, and brought back.

An archive is a folder of a `Store`: for each piece ``TABLE/PIECE.parquet`` and, written last,
``TABLE/PIECE.json``, which says what the file holds: rows, and the sum of their hashes by which PostgreSQL
itself tells whether what it reads back is what it had.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

import msgspec
from psycopg import Connection, sql

from pgwright.errors import ArchiveDiffers, FileFormatError
from pgwright.formats.batch import Reading
from pgwright.formats.columnar import read_parquet, write_parquet
from pgwright.kinds.steps import name_of
from pgwright.model.names import ObjectId
from pgwright.pg.quoting import Name, deparsed, names
from pgwright.pg.session import settings
from pgwright.pg.texts import PORTABLE
from pgwright.storage import open_store
from pgwright.storage.store import Store
from pgwright.verify.hashing import TEXT, UTF8_TEXT, common_ways, row_hash
from pgwright.verify.tables import Column, Table, read_tables

_BACK = Name("pg_temp", "pgwright_read_back")


class Archived(msgspec.Struct, frozen=True, kw_only=True):
    """Describe an archived piece of `table`: what its file holds, and when it was made.

    `sum` adds up the hashes of its rows, each column hashed in its way of `ways`; `columns` pairs names with
    types. `size` is in bytes; `first` and `last` are the times of its rows.
    """

    table: str
    piece: str
    rows: int
    sum: str
    first: str | None
    last: str | None
    size: int
    sha256: str
    columns: tuple[tuple[str, str], ...]
    ways: dict[str, str]
    made_at: datetime

    @property
    def file(self) -> str:
        """Return the name of the file in the store."""
        return f"{self.table}/{self.piece}.parquet"


@dataclass(frozen=True, kw_only=True)
class _FileColumn:
    """Be what the format has to know of a column."""

    name: str
    type: str
    base: str
    precision: int | None = None


def archives(url: str, table: str | None = None, *, piece: str | None = None) -> tuple[Archived, ...]:
    """Return what the archive at `url` holds, of one table or of all, in the order of time.

    With `piece` only what is said of that one is read, whatever befell others. Raises `ArchiveDiffers`.
    """
    store, end = open_store(url), f"/{piece}.json" if piece else ".json"
    found = [
        _manifest(store, stat.name)
        for stat in store.list(f"{table}/" if table else "")
        if stat.name.endswith(end)
    ]
    return tuple(sorted(found, key=lambda a: (a.table, a.first or "", a.piece)))


def _manifest(store: Store, name: str) -> Archived:
    try:
        return msgspec.json.decode(store.read(name), type=Archived)
    except (msgspec.DecodeError, msgspec.ValidationError) as exc:
        raise ArchiveDiffers(
            f"{store.url}/{name} is not what an archive says of a piece",
            detail=str(exc)[:200],
            hint="somebody wrote over it; the Parquet file beside it may still be whole",
        ) from exc


def archive_piece(conn: Connection[Any], url: str, table: ObjectId, piece: ObjectId, column: str) -> Archived:
    """Write a partition or chunk of `table` into the archive at `url`, and prove it; return what is there.

    `conn` is in a transaction in which nobody changes the piece. One that is archived already, with the same
    rows, stays as it is. Raises `ArchiveDiffers`, `StorageError`, `FormatCannotHold`.
    """
    # A chunk is no table of its own to a reader, but has the columns of its table.
    store, shape = open_store(url), _shape(conn, table)
    name = f"{table.path}/{piece.name.name}"
    ways = _ways(conn, shape)
    rows, checksum = _sum(conn, name_of(piece), ways)
    if store.stat(f"{name}.json") is not None:
        known = _manifest(store, f"{name}.json")
        if (known.rows, known.sum, known.ways) == (rows, checksum, ways) and _whole(store, known):
            return known
    columns = [c for c in shape.columns if not c.generated]
    with settings(conn, **PORTABLE):
        blocks = _copy_out(conn, piece, columns, column)
        stored = store.put(f"{name}.parquet", write_parquet(blocks, _file_columns(columns), piece.path))
    first, last = _range(conn, piece, column)
    made = Archived(
        table=table.path,
        piece=piece.name.name,
        rows=rows,
        sum=checksum,
        first=first,
        last=last,
        size=stored.size,
        sha256=stored.sha256 or "",
        columns=tuple((c.name, c.type) for c in columns),
        ways=ways,
        made_at=datetime.now(UTC),
    )
    _require_readable(conn, store, made, piece)
    store.put(f"{name}.json", msgspec.json.format(msgspec.json.encode(made)))
    return made


def restore_piece(conn: Connection[Any], url: str, archived: Archived, into: Name) -> int:
    """Bring a piece back as a table called `into`, proved to hold what was archived; return its rows.

    In one transaction: the table is complete, or not there. Raises `ArchiveDiffers`, `StorageError`.
    """
    columns = sql.SQL(", ").join(
        sql.SQL("{} {}").format(Name(name), deparsed(type)) for name, type in archived.columns
    )
    with conn.transaction():
        conn.execute(sql.SQL("CREATE TABLE {} ({})").format(into, columns))
        _read_in(conn, open_store(url), archived, into)
        _require_same(conn, archived, into, open_store(url).url)
    return archived.rows


def _whole(store: Store, known: Archived) -> bool:
    stat = store.stat(known.file)
    return stat is not None and stat.size == known.size


def require_place(url: str) -> None:
    """Raise `StorageError` or `UsageError` where nothing could be stored at `url`."""
    next(open_store(url).list(), None)


def _shape(conn: Connection[Any], id: ObjectId) -> Table:
    return next(table for table in read_tables(conn) if table.id == id)


def _ways(conn: Connection[Any], shape: Table) -> dict[str, str]:
    row = conn.execute("SELECT current_setting('server_encoding')").fetchone()
    text = TEXT if row == ("UTF8",) else UTF8_TEXT
    ways = common_ways(shape, shape, fast=False, text=text)
    return {name: way for name, way in ways.items() if not shape.by_name[name].generated}


def _sum(conn: Connection[Any], table: sql.Composable, ways: dict[str, str]) -> tuple[int, str]:
    with settings(conn, **PORTABLE):
        row = conn.execute(
            sql.SQL("SELECT count(*), coalesce(sum({}), 0)::text FROM {} AS t").format(row_hash(ways), table)
        ).fetchone()
    assert row is not None
    return row[0], row[1]


def _range(conn: Connection[Any], piece: ObjectId, column: str) -> tuple[str | None, str | None]:
    with settings(conn, **PORTABLE):
        row = conn.execute(
            sql.SQL("SELECT min({c})::text, max({c})::text FROM {}").format(name_of(piece), c=Name(column))
        ).fetchone()
    return (row[0], row[1]) if row else (None, None)


def _copy_out(
    conn: Connection[Any], piece: ObjectId, columns: Sequence[Column], column: str
) -> Iterator[bytes]:
    query = sql.SQL("COPY (SELECT {} FROM {} ORDER BY {}) TO STDOUT (FORMAT csv)").format(
        names(c.name for c in columns), name_of(piece), Name(column)
    )
    with conn.cursor() as cursor, cursor.copy(query) as copy:
        for block in copy:
            yield bytes(block)


def _file_columns(columns: Sequence[Column]) -> tuple[_FileColumn, ...]:
    return tuple(_FileColumn(name=c.name, type=c.type, base=c.base or "") for c in columns)


def _require_readable(conn: Connection[Any], store: Store, made: Archived, piece: ObjectId) -> None:
    """Read the file back into PostgreSQL; raise `ArchiveDiffers` unless its rows are those of the piece."""
    listed = names(name for name, _ in made.columns)
    conn.execute(
        sql.SQL("CREATE TEMP TABLE pgwright_read_back AS SELECT {} FROM {} LIMIT 0").format(
            listed, name_of(piece)
        )
    )
    _read_in(conn, store, made, _BACK)
    _require_same(conn, made, _BACK, store.url)
    conn.execute(sql.SQL("DROP TABLE {}").format(_BACK))


def _read_in(conn: Connection[Any], store: Store, archived: Archived, into: Name) -> None:
    place = f"{store.url}/{archived.file}"
    try:
        _copy_in(conn, read_parquet(store.open(archived.file), place), into)
    except FileFormatError as exc:
        raise ArchiveDiffers(
            f"{place} is damaged",
            detail=f"{exc.detail or exc.message}; nothing was changed",
            hint=f"put a whole file in its place; its SHA-256 was {archived.sha256}",
        ) from exc


def _copy_in(conn: Connection[Any], reading: Reading, into: Name) -> None:
    blocks = reading.blocks
    assert blocks is not None  # archives hold no nested values
    listed = names(reading.columns)
    statement = sql.SQL("COPY {} ({}) FROM STDIN (FORMAT csv)").format(into, listed)
    with settings(conn, **PORTABLE), conn.cursor() as cursor, cursor.copy(statement) as copy:
        for block in blocks():
            copy.write(block)


def _require_same(conn: Connection[Any], archived: Archived, table: sql.Composable, place: str) -> None:
    found = _sum(conn, table, archived.ways)
    if found != (archived.rows, archived.sum):
        raise ArchiveDiffers(
            f"{place}/{archived.file} does not hold the rows of {archived.piece}",
            detail=f"{found[0]:,} rows were read back, {archived.rows:,} were archived, their hashes differ; "
            "nothing was changed",
            hint=f"look at the storage, then run the same again; the file's SHA-256 was {archived.sha256}",
        )

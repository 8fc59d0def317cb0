"""Fit a file to a table before anything is written: columns, the key, what happens on conflict."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, BinaryIO

import psycopg
from psycopg import Connection

from pgwright.errors import ColumnMismatch, UnknownTableError, UsageError
from pgwright.formats.batch import Reading
from pgwright.formats.shape import Shape
from pgwright.model.wording import counted, did_you_mean
from pgwright.pg.statements import statement_error
from pgwright.transfer.imports.request import Conflict, ImportRequest
from pgwright.transfer.imports.source import Source, open_source
from pgwright.transfer.imports.update import require_readable
from pgwright.transfer.tables import Column, Key, Table, look_up


@dataclass(frozen=True, kw_only=True)
class Prepared:
    """Hold an import that fits: `pairs` are a file's columns and the table's, None for those left out.

    `key` is what conflicts are found by; None means any unique key, for rows that are skipped. Rows of a
    rollup are history before the moment `history_before`, none where it is empty; None says that nothing is
    known of it.
    """

    request: ImportRequest
    source: Source
    reading: Reading
    table: Table
    pairs: tuple[tuple[str, Column | None], ...]
    key: Key | None
    history_before: str | None = None

    @property
    def columns(self) -> tuple[Column, ...]:
        """Return the table's columns that the file fills, in the file's order."""
        return tuple(column for _, column in self.pairs if column is not None)

    @property
    def direct(self) -> bool:
        """Tell whether rows can go straight into the table: COPY itself holds them against every constraint.

        It can neither leave columns out nor be used under row security.
        """
        left_out = any(column is None for _, column in self.pairs)
        return self.request.conflict is Conflict.FAIL and not left_out and not self.table.row_security

    @property
    def shapes(self) -> Mapping[str, Shape]:
        """Return what a JSON value of each of the file's columns has to become."""
        return {name: column.shape for name, column in self.pairs if column is not None}


def prepare(conn: Connection[Any], request: ImportRequest, stdin: BinaryIO | None = None) -> Prepared:
    """Open the file and fit it to its table; nothing is changed.

    Raises `ColumnMismatch`, `UnknownTableError`, `UsageError`, `FileFormatError` and `StorageError`.
    """
    if request.conflict is not Conflict.UPDATE and (request.set or request.where):
        raise UsageError("--set and --where say how rows are updated", hint="add --on-conflict update")
    source = open_source(request, stdin)
    reading = source.open()
    name = request.table or reading.table or source.name.partition(".")[0]
    try:
        (table,) = look_up(conn, [name])
    except UnknownTableError as error:
        if not request.table:
            error.hint = "name the table with --into TABLE; see what there is: pgwright inspect tables"
        raise
    prepared = fitted(request, source, reading, table)
    try:
        require_readable(conn, request, table, prepared.key, prepared.columns)
    except psycopg.Error as exc:
        raise statement_error(exc, conn=conn, left="nothing was imported") from exc
    return prepared


def fitted(request: ImportRequest, source: Source, reading: Reading, table: Table) -> Prepared:
    """Return the import of an opened file into `table`; see `prepare`."""
    pairs = _pairs(request, source, reading.columns, table)
    filled = [column for _, column in pairs if column is not None]
    if not filled:
        raise ColumnMismatch(
            f"{source.place} has no column of {table.name}",
            detail=f"the file has: {', '.join(reading.columns)}",
            hint="name the pairs: --map FILE=TABLE",
        )
    names = {column.name for column in filled}
    for column in table.writable:
        if column.not_null and not column.default and column.name not in names:
            raise ColumnMismatch(
                f"{source.place} lacks {column.name}, which {table.name} demands and has no default for",
                detail=f"the file has: {', '.join(reading.columns)}; nothing was changed",
                hint=f"add the column, or name the one that holds it: --map FILE={column.name}",
            )
    return Prepared(
        request=request,
        source=source,
        reading=reading,
        table=table,
        pairs=pairs,
        key=_key(request, table, names),
    )


def _pairs(
    request: ImportRequest, source: Source, columns: Sequence[str], table: Table
) -> tuple[tuple[str, Column | None], ...]:
    mapping = dict(request.mapping)
    if unknown := [name for name in mapping if name not in columns]:
        raise ColumnMismatch(
            f"{source.place} has no column {unknown[0]}" + did_you_mean(unknown[0], columns),
            detail=f"the file has: {', '.join(columns)}; nothing was changed",
            hint=f"correct --map {unknown[0]}=...",
        )
    by_position = not request.header and source.format == "csv" and not mapping
    if by_position and len(columns) != len(table.writable):
        raise ColumnMismatch(
            f"{source.place} has {counted(len(columns), 'column')}, {table.name} {len(table.writable)}",
            detail="without a header they are paired in order; nothing was changed",
            hint="name the pairs: --map 1=COLUMN --map 2=COLUMN",
        )
    pairs: list[tuple[str, Column | None]] = []
    for position, name in enumerate(columns):
        target = table.writable[position].name if by_position else mapping.get(name, name)
        if source.format == "django" and name not in mapping:
            target = _django_column(name, table)
        if not target or (mapping and not request.header and name not in mapping):
            pairs.append((name, None))
            continue
        column = table.by_name.get(target)
        if column is None:
            raise ColumnMismatch(
                f"{table.name} has no column {target}" + did_you_mean(target, table.by_name),
                detail=f"the table has: {', '.join(table.by_name)}; nothing was changed",
                hint=f"name the right one: --map '{name}=COLUMN', or leave it out: --map '{name}='",
            )
        if column.generated:
            raise ColumnMismatch(
                f"{table.name}.{target} is generated by the database and takes no values",
                hint=f"leave it out: --map '{name}='",
            )
        pairs.append((name, column))
    targets = [column.name for _, column in pairs if column is not None]
    if twice := next((name for name in targets if targets.count(name) > 1), None):
        raise ColumnMismatch(f"two columns of the file go to {table.name}.{twice}", hint="correct --map")
    return tuple(pairs)


def _django_column(field: str, table: Table) -> str:
    """Return the column of one of Django's fields: ``pk`` is the primary key, ``species`` species_id."""
    if field == "pk":
        return next((key.columns[0] for key in table.keys if key.primary), field)
    return f"{field}_id" if field not in table.by_name and f"{field}_id" in table.by_name else field


def _key(request: ImportRequest, table: Table, filled: set[str]) -> Key | None:
    if request.key:
        for key in table.keys:
            if set(key.columns) == set(request.key) or request.key == (key.name,):
                if not set(key.columns) <= filled:
                    break
                return key
        known = "; ".join(", ".join(key.columns) for key in table.keys) or "none"
        raise UnknownTableError(
            f"{table.name} has no unique key of {', '.join(request.key)} that the file fills",
            detail=f"unique keys: {known}",
            hint="name one of these with --key, or create it: "
            f"CREATE UNIQUE INDEX CONCURRENTLY ON {table.name} ({', '.join(request.key)})",
        )
    if request.conflict is not Conflict.UPDATE:
        return None
    usable = [key for key in table.keys if set(key.columns) <= filled]
    if len(usable) == 1 or (usable and usable[0].primary):
        return usable[0]
    if not usable:
        raise UnknownTableError(
            f"the file has no unique key of {table.name} to find conflicts by",
            detail=f"unique keys: {'; '.join(', '.join(key.columns) for key in table.keys) or 'none'}",
            hint="add the key's columns to the file, or create a unique index",
        )
    raise UsageError(
        f"conflicts can be found by {' or '.join('(' + ', '.join(k.columns) + ')' for k in usable)}",
        hint=f"choose one: --key {','.join(usable[0].columns)}",
    )

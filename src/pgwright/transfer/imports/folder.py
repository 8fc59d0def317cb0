"""Import a folder that an export wrote: every table, referenced ones first, in one transaction.

Foreign keys stay in force. Those that close a circle of tables, which no order can satisfy, are made
deferrable for the length of the transaction, checked at its end, and made what they were.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

import psycopg
from psycopg import Connection, sql

from pgwright.errors import CountsDiffer, FileFormatError, StoredFileMissing, UsageError
from pgwright.pg.quoting import Name, deparsed
from pgwright.pg.statements import statement_error
from pgwright.storage import open_store
from pgwright.transfer.history import bring_history
from pgwright.transfer.imports.prepare import Prepared, fitted
from pgwright.transfer.imports.request import ImportRequest, Outcome
from pgwright.transfer.imports.run import run_import
from pgwright.transfer.imports.source import open_source
from pgwright.transfer.tables import ForeignKey, Table, find_table, in_order, read_tables

MANIFEST = "manifest.json"


def is_folder(source: str) -> bool:
    """Tell whether a source names a folder and not a file."""
    return source.endswith("/") or ("://" not in source and source != "-" and Path(source).is_dir())


def prepare_folder(conn: Connection[Any], request: ImportRequest) -> tuple[tuple[Prepared, int], ...]:
    """Fit each file of the folder's manifest to its table; return them in order, with the rows expected.

    Raises what `prepare` raises, and `FileFormatError` for a folder without a manifest of an export.
    """
    if request.table or request.key or request.mapping or request.where or request.batch_rows:
        raise UsageError(
            "--into, --key, --map, --where and --batch-rows belong to one file",
            hint="import the files of the folder one by one",
        )
    place = request.source.rstrip("/")
    store = open_store(place)
    try:
        manifest = json.loads(store.read(MANIFEST))
        files = {file["table"]: file for file in manifest["files"]}
        kind = manifest["format"]
    except StoredFileMissing as exc:
        raise StoredFileMissing(
            f"{place} has no {MANIFEST}: it is no complete export",
            hint=f"export again, or import one file: pgwright data import {place}/FILE",
        ) from exc
    except (ValueError, KeyError, TypeError) as exc:
        raise FileFormatError(f"{place}/{MANIFEST} is damaged", hint="export again") from exc
    known = read_tables(conn)
    tables = {find_table(known, name).oid: name for name in files if name}
    order, _ = in_order(table for table in known if table.oid in tables)
    found = []
    for table in order:
        file = files[tables[table.oid]]
        asked = replace(request, source=f"{place}/{file['file']}", table=str(table.name), format=kind)
        source = replace(open_source(asked), sha256=file["sha256"])
        prepared = fitted(asked, source, source.open(), table)
        if "history_before" in file:
            prepared = replace(prepared, history_before=file["history_before"] or "")
        found.append((prepared, int(file["rows"])))
    return tuple(found)


def run_folder(
    conn: Connection[Any],
    files: Sequence[tuple[Prepared, int]],
    progress: Callable[[str, int, int], None] = lambda name, done, total: None,
) -> tuple[Outcome, ...]:
    """Import all files in one transaction, or none.

    Raises what `run_import` raises, and `CountsDiffer` for a file that has not as many rows as were exported.
    """
    outcomes: list[Outcome] = []
    tables = [prepared.table for prepared, _ in files]
    dry_run = any(prepared.request.dry_run for prepared, _ in files)
    try:
        with conn.transaction(force_rollback=dry_run), _circles_open(conn, tables):
            for prepared, expected in files:
                name = str(prepared.table.name)

                def tell(rows: int, name: str = name, expected: int = expected) -> None:
                    progress(name, rows, expected)

                kept = replace(prepared, request=replace(prepared.request, dry_run=False))
                outcome = run_import(conn, kept, tell)
                if outcome.counts.read != expected:
                    raise CountsDiffer(
                        f"{prepared.source.place} has {outcome.counts.read:,} of {expected:,} rows",
                        detail="nothing was imported",
                        hint="export again; this folder was changed",
                    )
                outcomes.append(replace(outcome, dry_run=dry_run))
            bring_history(conn, [prepared for prepared, _ in files])
    except psycopg.Error as exc:
        raise statement_error(exc, conn=conn, left="nothing was imported") from exc
    return tuple(outcomes)


@contextmanager
def _circles_open(conn: Connection[Any], tables: Sequence[Table]) -> Iterator[None]:
    _, closing = in_order(tables)
    rigid = [
        (table, key)
        for table in tables
        for key in table.foreign_keys
        if key in closing and not key.deferrable
    ]
    for table, key in rigid:
        conn.execute(_altered(table, key, "DEFERRABLE"))
    if closing:
        conn.execute("SET CONSTRAINTS ALL DEFERRED")
    yield
    if closing:
        # Nothing can be altered while checks are due.
        conn.execute("SET CONSTRAINTS ALL IMMEDIATE")
    for table, key in rigid:
        conn.execute(_altered(table, key, "NOT DEFERRABLE"))


def _altered(table: Table, key: ForeignKey, how: str) -> sql.Composed:
    statement = sql.SQL("ALTER TABLE {} ALTER CONSTRAINT {} {}")
    return statement.format(table.sql, Name(key.name), deparsed(how))

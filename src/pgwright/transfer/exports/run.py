"""Run an export: one snapshot for all files, several at a time, complete files only."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import asdict, dataclass, field, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, BinaryIO

import psycopg
from psycopg import Connection, sql

from pgwright.errors import FormatCannotHold, UsageError
from pgwright.formats.compression import SUFFIXES, compressed
from pgwright.formats.csv import RowCounter
from pgwright.formats.registry import AS_JSON, COLUMNAR, told_format, writer
from pgwright.model.names import QualifiedName
from pgwright.pg.connect import connect
from pgwright.pg.statements import statement_error
from pgwright.storage import open_file, open_store
from pgwright.transfer.exports.blocks import block_ranges
from pgwright.transfer.exports.condition import condition
from pgwright.transfer.exports.flow import SESSION, Flow, RowTooLarge, SessionFlow
from pgwright.transfer.exports.masks import Masks, require_columns, require_columns_of
from pgwright.transfer.exports.objects import as_django, as_objects, nulls_within
from pgwright.transfer.exports.oversize import too_large
from pgwright.transfer.exports.query import select_query
from pgwright.transfer.exports.request import Exported, ExportRequest
from pgwright.transfer.exports.select import Selected, select_table
from pgwright.transfer.exports.subset import closure
from pgwright.transfer.history import rollups_in
from pgwright.transfer.tables import Column, Table, in_order, look_up, read_tables, unknown_column

Progress = Callable[[str, int, int | None], None]
MANIFEST = "manifest.json"


def plan_export(conn: Connection[Any], request: ExportRequest) -> tuple[Selected, ...]:
    """Return what will be written, referenced tables first; `conn` is in the export's transaction.

    Raises `UnknownTableError`, `UsageError`, `ConfigError` and `MaskUnfollowed` for masks, and
    `StatementError` for SQL of the user's that the server refuses.
    """
    rules = {} if request.unmasked else request.masks
    masks = Masks(rules=rules, asked=request.asked_masks, key=request.mask_key, off=request.unmasked)
    if request.query is not None:
        if request.tables or request.where or request.columns or request.references:
            raise UsageError(
                "--query stands alone", hint="leave out tables, --where, --columns and --references"
            )
        return (select_query(conn, request.query, masks),)
    if not request.tables:
        raise UsageError("nothing to export", hint="name a table, --group or --query")
    chosen = look_up(conn, request.tables)
    if len(chosen) > 1 and (request.where or request.columns):
        raise UsageError("--where and --columns belong to one table", hint="export the tables one by one")
    if request.asked_masks:
        require_columns(request.asked_masks, read_tables(conn))
    where = condition(conn, chosen[0], request.where) if request.where else None
    if request.references:
        found = closure(conn, read_tables(conn), chosen, where)
        require_columns_of(rules, (table for table, _ in found))
        return tuple(select_table(table, table.writable, masks, source=source) for table, source in found)
    require_columns_of(rules, chosen)
    order, _ = in_order(chosen)
    # Several tables are several streams anyhow.
    cut = len(order) == 1 and request.jobs > 1 and request.format not in COLUMNAR
    blocks = tuple(block_ranges(conn, order[0])) if cut else ()
    return tuple(
        select_table(table, _columns(table, request), masks, where=where, blocks=blocks) for table in order
    )


def run_export(
    url: str,
    request: ExportRequest,
    *,
    stdout: BinaryIO | None = None,
    confirm: Callable[[Sequence[Selected]], None] = lambda plan: None,
    progress: Progress = lambda name, rows, total: None,
) -> tuple[Exported, ...]:
    """Export and return what each file holds.

    `confirm` sees the plan before anything is written, and may raise. A file appears when it is complete, a
    directory's ``manifest.json`` when all its files are. Raises the errors of `plan_export`,
    `FormatCannotHold`, `StorageError`, `ConnectError`.
    """
    with _session(url, request) as opened:
        session = replace(opened, stdout=stdout, progress=progress)
        try:
            plan = plan_export(session.conn, request)
            _require_room(session.conn, request, plan)
            history = {name: found.floor for name, found in rollups_in(session.conn).items()}
            session = replace(session, history=history)
        except psycopg.Error as exc:
            raise statement_error(exc, conn=session.conn, left="no file was written") from exc
        several = _goes_to_folder(request, plan)
        confirm(plan)
        # What only this session sees, only this session can send.
        with ThreadPoolExecutor(max_workers=request.jobs if session.snapshot else 1) as pool:
            written = tuple(
                pool.map(lambda selected: _write(session, selected, request, several=several), plan)
            )
    if several:
        _write_manifest(request, written)
    return written


@dataclass(frozen=True, kw_only=True)
class _Session:
    """Hold the export's transaction; `snapshot` is its exported name, None for one that works alone."""

    conn: Connection[Any]
    url: str
    snapshot: str | None
    stdout: BinaryIO | None = None
    progress: Progress = field(default=lambda name, rows, total: None)
    history: Mapping[QualifiedName, str | None] = field(default_factory=dict)

    def flow(self, queries: Sequence[str], *, form: str, header: bool, jobs: int) -> Flow | SessionFlow:
        if self.snapshot is None:
            (query,) = queries
            return SessionFlow(self.conn, query, form=form, header=header)
        return Flow(
            url=self.url, queries=queries, snapshot=self.snapshot, form=form, header=header, jobs=jobs
        )


@contextmanager
def _session(url: str, request: ExportRequest) -> Iterator[_Session]:
    """Open the transaction of the export; unless it collects rows, others can share its snapshot."""
    shared = not request.references
    with connect(url, application_name="pgwright export", autocommit=True) as conn:
        conn.execute(
            "SELECT set_config(name, value, false) FROM unnest(%s::text[], %s::text[]) AS s (name, value)",
            [list(SESSION), list(SESSION.values())],
        )
        conn.autocommit = False
        conn.isolation_level = psycopg.IsolationLevel.REPEATABLE_READ
        if not shared:
            conn.read_only = False  # a subset keeps its rows in temporary tables
        elif request.query is None:  # a query is looked at by means of a temporary view, where it may be made
            conn.read_only = True
        row = conn.execute("SELECT pg_export_snapshot()").fetchone() if shared else None
        yield _Session(conn=conn, url=url, snapshot=row[0] if row else None)
        conn.rollback()


def _goes_to_folder(request: ExportRequest, plan: Sequence[Selected]) -> bool:
    """Tell whether the output is a folder. Raises `UsageError` for several tables and no folder."""
    output = request.output
    if len(plan) > 1 and output == "-":
        raise UsageError("several tables do not fit on standard output", hint="add --output FOLDER/")
    if output == "-" or output.endswith("/") or Path(output).is_dir():
        return output != "-"
    if len(plan) > 1 and told_format(output.removesuffix(SUFFIXES.get(request.compression, "\0"))):
        raise UsageError(
            f"several tables do not fit into one file, {output}",
            detail=f"they are: {', '.join(selected.name for selected in plan)}; no file was written",
            hint=f"name a folder: --output FOLDER/ --format {request.format}",
        )
    return len(plan) > 1


def _columns(table: Table, request: ExportRequest) -> tuple[Column, ...]:
    """Return the columns to write: those asked for, or all that an import can write again."""
    if not request.columns:
        return table.writable
    unknown = [name for name in request.columns if name not in table.by_name]
    if unknown:
        raise unknown_column(table, unknown[0], asked="--columns")
    return tuple(table.by_name[name] for name in request.columns)


def _require_room(conn: Connection[Any], request: ExportRequest, plan: Sequence[Selected]) -> None:
    """Raise `FormatCannotHold` for JSON's null, which would come back as none at all."""
    if request.format not in AS_JSON:
        return
    for selected in plan:
        query = nulls_within(selected)
        row = conn.execute(query).fetchone() if query is not None else None
        names = [column.name for column in selected.columns if column.shape.kind == "json"]
        for name, count in zip(names, row or (), strict=False):
            if count and name not in request.as_text:
                raise FormatCannotHold(
                    f"{selected.name}.{name} holds JSON's null in {count:,} rows, which a JSON file cannot "
                    "tell from no value",
                    detail="no file was written",
                    hint=f"use --format csv, or --as-text {name}",
                )


def _query(selected: Selected, request: ExportRequest) -> sql.Composed:
    if request.format == "django":
        if selected.table is None:
            raise UsageError("Django's serialization needs a table", hint="use --format json for a query")
        return as_django(selected, *_django(selected, request))
    if request.format in AS_JSON:
        return as_objects(selected, request.as_text, comma=request.format == "json")
    return selected.rows  # CSV is text anyhow, and columnar formats take what they have a type for


def _django(selected: Selected, request: ExportRequest) -> tuple[str, str, list[tuple[str, str]]]:
    """Return Django's names: of the model ``app.model``, the key's column, the fields with their columns."""
    table = selected.table
    assert table is not None
    primary = next((key.columns for key in table.keys if key.primary), ())
    if len(primary) != 1:
        raise FormatCannotHold(f"{table.name} has no primary key of one column, which Django's models have")
    model = request.model or table.name.name.replace("_", ".", 1)
    references = {key.columns[0] for key in table.foreign_keys if len(key.columns) == 1}
    fields = [
        (column.name.removesuffix("_id") if column.name in references else column.name, column.name)
        for column in selected.columns
        if column.name != primary[0]
    ]
    return model, primary[0], fields


def _write(session: _Session, selected: Selected, request: ExportRequest, *, several: bool) -> Exported:
    form = "json" if request.format in AS_JSON else "csv"
    queries = [_query(piece, request).as_string(session.conn) for piece in selected.each_piece()]
    flow = session.flow(queries, form=form, header=request.format == "csv", jobs=request.jobs)
    columns = tuple(replace(c, base="text") if c.name in request.as_text else c for c in selected.columns)
    blocks = writer(request.format)(_told(session, flow, selected), columns, selected.name)
    pieces = compressed(blocks, request.compression)
    done = Exported(
        table=selected.name if selected.table else None,
        file=request.output,
        rows=0,
        size=0,
        sha256=None,
        masked=selected.masks,
        history_before=session.history.get(selected.table.name) if selected.table else None,
    )
    if request.output == "-":
        assert session.stdout is not None
        size = sum(session.stdout.write(piece) for piece in pieces)
        session.stdout.flush()
        return replace(done, rows=flow.rows, size=size)
    if several:
        store, name = open_store(request.output), _file_name(selected, request)
        done = replace(done, file=name)
    else:
        store, name = open_file(request.output)
    stat = store.put(name, pieces)
    return replace(done, rows=flow.rows, size=stat.size, sha256=stat.sha256)


def _told(session: _Session, flow: Flow | SessionFlow, selected: Selected) -> Iterator[bytes]:
    counter = RowCounter(rows=-1 if flow.header else 0)
    rows = counter.rows
    try:
        for block in flow:
            rows = counter.add(block) if flow.form == "csv" else rows + block.count(b"\n")
            session.progress(selected.name, rows, None)
            yield block
    except RowTooLarge as exc:
        raise too_large(session.conn, selected, str(exc)) from exc
    session.progress(selected.name, flow.rows, flow.rows)


def _file_name(selected: Selected, request: ExportRequest) -> str:
    ending = {"django": "json"}.get(request.format, request.format)
    return f"{selected.name}.{ending}{SUFFIXES.get(request.compression, '')}"


def _write_manifest(request: ExportRequest, written: Sequence[Exported]) -> None:
    manifest = {
        "pgwright": 1,
        "format": request.format,
        "created": datetime.now(UTC).isoformat(timespec="seconds"),
        "files": [asdict(file) for file in written],
    }
    open_store(request.output).put(MANIFEST, json.dumps(manifest, indent=2).encode() + b"\n")

"""`pgwright data import`: a file into a table."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING, Any

import click

from pgwright.cli.context import Invocation
from pgwright.cli.group import Command, pass_invocation
from pgwright.cli.hazards import guard_options
from pgwright.errors import UsageError
from pgwright.model.wording import counted

if TYPE_CHECKING:
    from pgwright.cli.progress import Bars
    from pgwright.transfer.imports import Outcome, Prepared


@click.command("import", cls=Command)
@click.argument("source", metavar="FILE")
@click.option("--into", "table", metavar="TABLE", help="The table; default: the file's name.")
@click.option(
    "--format", metavar="FORMAT", help="csv, json, jsonl, django, parquet, arrow; default: by name."
)
@click.option("--model", metavar="APP.MODEL", help="The rows of this model of Django's serialization.")
@click.option("--map", "pairs", multiple=True, metavar="FILE=TABLE", help="mail=email; mail= leaves it out.")
@click.option(
    "--on-conflict",
    type=click.Choice(["fail", "skip", "update"]),
    default="fail",
    show_default=True,
    help="What becomes of rows whose key is there already.",
)
@click.option("--key", metavar="COLUMNS", help="Unique key to find conflicts by: email or tenant,email.")
@click.option("--set", "changes", multiple=True, metavar="COLUMN[=SQL]", help="Update only these columns.")
@click.option("--where", metavar="SQL", help="Update only where: excluded.changed > users.changed")
@click.option(
    "--max-rejects", type=click.IntRange(0), default=0, show_default=True, help="Bad rows to put aside."
)
@click.option("--rejects", metavar="FILE", help="Where to; default: FILE.rejects.csv.")
@click.option("--batch-rows", type=click.IntRange(1), help="Commit so many rows at a time, and resume there.")
@click.option(
    "--lock-timeout",
    type=click.FloatRange(min=0),
    default=60.0,
    show_default=True,
    metavar="SECONDS",
    help="Wait for locks of other sessions at most so long; 0 waits without end.",
)
@click.option("--encoding", default="utf-8", show_default=True, help="Of a text file.")
@click.option("--delimiter", default=",", show_default=True, help="Of a CSV file; \\t for tabs.")
@click.option(
    "--null", default="", metavar="TEXT", help="What stands for null in a CSV file; default: nothing."
)
@click.option("--no-header", is_flag=True, help="The CSV file begins with a row; columns by position.")
@click.option("--dry-run", is_flag=True, help="Do all of it, say what would happen, and take it back.")
@guard_options
@pass_invocation
def import_file(
    invocation: Invocation, /, source: str, yes: bool, production: str | None, **chosen: Any
) -> None:
    """Import FILE (a path, s3://, gs://, az:// or - for standard input) into a table.

    A folder that an export wrote is imported as a whole, referenced tables first.

    All or nothing: PostgreSQL checks every value, and when one is bad nothing is imported, unless bad rows
    may be put aside (--max-rejects). The counts of rows inserted, updated, skipped and rejected are checked
    against the rows read.

    Example: pgwright data import users.csv --on-conflict update --key email --max-rejects 100
    """
    from pgwright.cli.progress import bars
    from pgwright.transfer.imports import is_folder, prepare, run_import, told_of

    if is_folder(source):
        _import_folder(invocation, source, yes=yes, production=production, chosen=chosen)
        return
    request = _request(source, chosen)
    out = invocation.output
    with invocation.connect(autocommit=True, lock_timeout=chosen["lock_timeout"]) as conn:
        prepared = prepare(conn, request, sys.stdin.buffer if source == "-" else None)
        if not out.json:
            for line in _plan(prepared):
                out.line(line)
        for told in told_of(conn, [prepared]):
            out.remark(told, level="warning")
        if not request.dry_run:
            invocation.refuse_production("importing", named=production)
            invocation.confirm(f"Import into {prepared.table.name}?", yes=yes)
        invocation.state_left = (
            "finished batches stay; the same command goes on after them"
            if request.batch_rows
            else "nothing was imported"
        )
        with bars(out) as progress:
            outcome = run_import(conn, prepared, lambda rows: _tell(progress, prepared, rows))
            _tell(progress, prepared, outcome.counts.read, merged=True)
    out.result(outcome, lambda: _say(invocation, outcome))


def _tell(progress: Bars, prepared: Prepared, rows: int, *, merged: bool = False) -> None:
    """Show the rows read, of about as many as the file has by what is read of it, then the merge."""
    request, part = prepared.request, prepared.source.part
    progress.update("rows read", rows, round(rows / part) if part else None)
    staged = request.batch_rows is None and (request.max_rejects or not prepared.direct)
    if part == 1 and staged:
        progress.update("rows merged", rows if merged else 0, rows)


def _import_folder(
    invocation: Invocation, source: str, *, yes: bool, production: str | None, chosen: dict[str, Any]
) -> None:
    from pgwright.cli.progress import bars
    from pgwright.transfer.imports import prepare_folder, run_folder, told_of

    request = _request(source, chosen)
    out = invocation.output
    with invocation.connect(autocommit=True, lock_timeout=chosen["lock_timeout"]) as conn:
        files = prepare_folder(conn, request)
        if not out.json:
            for prepared, rows in files:
                out.line(f"import {prepared.source.name}, {counted(rows, 'row')}, into {prepared.table.name}")
            out.line(f"  rows that are there already: {request.conflict.value}")
        for told in told_of(conn, [prepared for prepared, _ in files]):
            out.remark(told, level="warning")
        if not request.dry_run:
            invocation.refuse_production("importing", named=production)
            invocation.confirm(f"Import {counted(len(files), 'table')}?", yes=yes)
        invocation.state_left = "nothing was imported"
        with bars(out) as progress:
            outcomes = run_folder(conn, files, progress.update)

    def render() -> None:
        for outcome in outcomes:
            _say(invocation, outcome)

    out.result(outcomes, render)


def _request(source: str, chosen: dict[str, Any]) -> Any:
    from pgwright.transfer.imports import Conflict, ImportRequest

    delimiter = chosen["delimiter"].replace("\\t", "\t")
    if len(delimiter.encode()) != 1:
        raise UsageError("--delimiter must be one character of ASCII", hint="for tabs: --delimiter '\\t'")
    pairs = [pair.partition("=") for pair in chosen["pairs"]]
    if bad := next((name for name, sign, _ in pairs if not sign), None):
        raise UsageError(f"--map {bad} names only one column", hint=f"write --map {bad}=COLUMN")
    if source == "-" and not chosen["table"]:
        raise UsageError("standard input has no name to find the table by", hint="add --into TABLE")
    return ImportRequest(
        source=source,
        table=chosen["table"],
        model=chosen["model"],
        format=chosen["format"],
        encoding=chosen["encoding"],
        delimiter=delimiter,
        null=chosen["null"],
        header=not chosen["no_header"],
        mapping=tuple((name, target) for name, _, target in pairs),
        conflict=Conflict(chosen["on_conflict"]),
        key=tuple(part.strip() for part in (chosen["key"] or "").split(",") if part.strip()),
        set=chosen["changes"],
        where=chosen["where"],
        max_rejects=chosen["max_rejects"],
        rejects=chosen["rejects"],
        batch_rows=chosen["batch_rows"],
        dry_run=chosen["dry_run"],
    )


def _plan(prepared: Prepared) -> list[str]:
    from pgwright.cli.output import size

    request, source = prepared.request, prepared.source
    amount = f" ({size(source.stat.size)})" if source.stat else ""
    lines = [f"import {source.place}{amount}, {source.format}, into {prepared.table.name}"]
    pairs = [
        target.name if name == target.name else f"{name} as {target.name}"
        for name, target in prepared.pairs
        if target is not None
    ]
    lines.append(f"  columns: {', '.join(pairs)}")
    if left_out := [name for name, target in prepared.pairs if target is None]:
        lines.append(f"  left out: {', '.join(left_out)}")
    by = f" by ({', '.join(prepared.key.columns)})" if prepared.key else ""
    lines.append(f"  rows that are there already{by}: {request.conflict.value}")
    lines.append(
        f"  bad rows: {'none' if not request.max_rejects else f'up to {request.max_rejects:,}'} allowed"
    )
    if request.batch_rows:
        lines.append(f"  committed every {counted(request.batch_rows, 'row')}")
    return lines


def _say(invocation: Invocation, outcome: Outcome) -> None:
    out, counts = invocation.output, outcome.counts
    if outcome.resumed_at:
        out.line(f"went on after row {outcome.resumed_at:,}")
    out.line(
        f"{outcome.table}: {counted(counts.read, 'row')} read = {counts.inserted:,} inserted"
        f" + {counts.updated:,} updated + {counts.skipped:,} skipped + {counts.rejected:,} rejected"
    )
    if outcome.rejects:
        out.line(f"bad rows and reasons are in {outcome.rejects}")
    if outcome.dry_run:
        out.line("a dry run: all of it was taken back")

"""`pgwright data export`: rows to files."""

from __future__ import annotations

import os
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from pgwright.cli.context import Invocation
from pgwright.cli.group import Command, pass_invocation
from pgwright.errors import UnknownTableError, UsageError
from pgwright.model.wording import counted, did_you_mean

if TYPE_CHECKING:
    from pgwright.transfer.exports import Exported, ExportRequest
    from pgwright.transfer.exports.select import Selected


@click.command("export", cls=Command)
@click.argument("tables", nargs=-1)
@click.option(
    "--group", "groups", multiple=True, metavar="NAME", help="The tables of a group of pgwright.toml."
)
@click.option("--query", metavar="SQL", help="The rows of a query instead of tables.")
@click.option("--where", metavar="SQL", help="Only these rows of the table: \"created_at > '2025-01-01'\"")
@click.option("--columns", metavar="COLUMNS", help="Only these columns: id,email")
@click.option("--references", is_flag=True, help="Also all rows that the chosen ones refer to.")
@click.option("-o", "--output", default="-", metavar="FILE", help="A file; a folder for several tables.")
@click.option(
    "--format", metavar="FORMAT", help="csv, json, jsonl, django, parquet, arrow; default: by name."
)
@click.option("--compress", type=click.Choice(["none", "gzip", "zstd"]), help="Default: by name.")
@click.option("--unmasked", is_flag=True, help="Write columns as they are that are declared to be masked.")
@click.option(
    "--mask",
    "masks",
    multiple=True,
    metavar="COLUMN=MASK",
    help="users.email=hash|fake|null|keep; of a query also COLUMN alone.",
)
@click.option("--as-text", metavar="COLUMNS", help="Columns to write as PostgreSQL's text.")
@click.option("--model", metavar="APP.MODEL", help="Django's name of the table.")
@click.option(
    "--jobs",
    type=click.IntRange(1, 16),
    default=2,
    show_default=True,
    help="Files, or pieces of one large table, at a time.",
)
@pass_invocation
def export_rows(invocation: Invocation, /, tables: tuple[str, ...], **chosen: Any) -> None:
    """Export TABLES, a group, chosen rows or a query, all from one snapshot.

    The file may be in object storage (s3://, gs://, az://); it appears when it is complete. Columns declared
    as personal data are masked. Several tables go to a folder, with a manifest that import reads.

    Example: pgwright data export users --where "active" --output s3://drop/users.parquet
    """
    from pgwright.cli.progress import bars
    from pgwright.transfer.exports import run_export

    request = _request(invocation, tables, chosen)
    out = invocation.output
    invocation.state_left = "files that are complete stay; no other one appears"
    with bars(out) as progress:
        found = run_export(
            invocation.database.url,
            request,
            stdout=sys.stdout.buffer if request.output == "-" else None,
            confirm=lambda plan: _plan(invocation, request, plan),
            progress=progress.update,
        )
    for file in found:
        if file.history_before and file.file == request.output:
            out.remark(
                f"rows of {file.table} from before {file.history_before} are history, whose own rows are "
                "gone, which a file by itself does not say: an import could lose them; export into a folder "
                "(--output FOLDER/)",
                level="warning",
            )
    if request.output != "-":
        out.result({"files": found, "output": request.output}, lambda: _say(invocation, found))


def _request(invocation: Invocation, tables: tuple[str, ...], chosen: dict[str, Any]) -> ExportRequest:
    from pgwright.formats.compression import SUFFIXES, compression_of
    from pgwright.formats.registry import format_of, told_format
    from pgwright.transfer.exports import ExportRequest

    output, compression = chosen["output"], chosen["compress"]
    project = invocation.project
    pairs = [rule.partition("=") for rule in chosen["masks"]]
    if bad := next((name for name, sign, _ in pairs if not sign), None):
        raise UsageError(f"--mask {bad} names no mask", hint=f"write --mask {bad}=hash")
    compression = compression or compression_of(output)
    if output == "-" and invocation.json:
        raise UsageError("--json and rows on standard output exclude each other", hint="add --output FILE")
    wanted = list(tables)
    for group in chosen["groups"]:
        if group not in project.groups:
            raise UnknownTableError(
                f"no group is called {group}" + did_you_mean(group, project.groups),
                detail=f"groups of the project: {', '.join(project.groups) or 'none'}",
                hint=f'write it into pgwright.toml, below [groups]: {group} = ["TABLE", "TABLE"]',
            )
        wanted += project.groups[group]
    kind = chosen["format"] or told_format(output.removesuffix(SUFFIXES.get(compression, "\0")))
    if kind is None:
        folder = len(wanted) > 1 or chosen["references"] or output.endswith("/") or Path(output).is_dir()
        kind = "csv" if output == "-" or folder else format_of(output)
    return ExportRequest(
        tables=tuple(wanted),
        query=chosen["query"],
        output=output,
        format=kind,
        compression=compression,
        where=chosen["where"],
        columns=_words(chosen["columns"]),
        references=chosen["references"],
        masks=project.masks,
        asked_masks={name: mask for name, _, mask in pairs},
        unmasked=chosen["unmasked"],
        mask_key=os.environ.get("PGWRIGHT_MASK_KEY", ""),
        as_text=_words(chosen["as_text"]),
        model=chosen["model"],
        jobs=chosen["jobs"],
    )


def _words(text: str | None) -> tuple[str, ...]:
    return tuple(word.strip() for word in (text or "").split(",") if word.strip())


def _plan(invocation: Invocation, request: ExportRequest, plan: Sequence[Selected]) -> None:
    """Say on stderr what is masked, and warn of hashes that anybody can make."""
    out = invocation.output
    masked = [f"{selected.name}.{name}" for selected in plan for name in selected.masks]
    if masked:
        out.remark(f"masked: {', '.join(masked)}")
        if not request.mask_key:
            out.remark(
                "without PGWRIGHT_MASK_KEY anybody can compute the masks of values and compare; "
                "set it to a secret, always the same one",
                level="warning",
            )


def _say(invocation: Invocation, found: Sequence[Exported]) -> None:
    from pgwright.cli.output import size

    for file in found:
        invocation.output.line(f"{file.file}: {counted(file.rows, 'row')}, {size(file.size)}")

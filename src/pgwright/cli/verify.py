"""`pgwright verify`: do two databases hold the same?"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import click

from pgwright.cli.context import Invocation
from pgwright.cli.databases import database_of
from pgwright.cli.group import command as top_command
from pgwright.cli.progress import bars
from pgwright.cli.schema.output import change_facts, show_changes, show_notes
from pgwright.cli.schema.sources import selection_of, selection_options, workshop_of
from pgwright.errors import UsageError
from pgwright.model.wording import counted

if TYPE_CHECKING:
    from pgwright.cli.output import Output
    from pgwright.verify.result import RowDifference, TableResult, Verification

_LONGEST_VALUE = 60
_SHOWN = 20  # rows of a table that people read; programs get more
_NAMED = 1000


@top_command("verify")
@click.argument("a", metavar="A")
@click.argument("b", metavar="B")
@selection_options
@click.option("--sample", metavar="PART", help="Compare this part of the rows only: 5% or 0.05.")
@click.option(
    "--since", metavar="COLUMN=VALUE", help="Only rows with at least this value: created_at=2025-01-01."
)
@click.option("--fast", is_flag=True, help="Hold equal what = does: 1.0 and 1.00, '1 day' and '24 hours'.")
@click.option("--no-schema", is_flag=True, help="Compare contents only.")
@click.option(
    "--rows",
    type=click.IntRange(min=1),
    metavar="N",
    help=f"Name at most so many differing rows of a table. Default: {_SHOWN}, with --json {_NAMED:,}.",
)
@click.option(
    "--jobs", type=click.IntRange(min=1), default=2, show_default=True, help="Sessions on each side."
)
@click.pass_context
def command(ctx: click.Context, /, a: str, b: str, rows: int | None, jobs: int, **chosen: Any) -> None:
    """Compare two databases: schema, counts and contents; exit code 1 when something differs.

    A and B are names of databases in pgwright.toml, or their URLs. Checksums are computed on the servers;
    where they differ, the rows and columns are named. Neither side is changed.

    Example: pgwright verify staging production --exclude 'public.audit_*'
    """
    from pgwright.verify.contents import Scope, verify_databases

    invocation = ctx.ensure_object(Invocation)
    scope = Scope(
        selection=selection_of(chosen),
        sample=_sample(chosen["sample"]),
        since=_since(chosen["since"]),
        fast=chosen["fast"],
        limit=rows or _NAMED if invocation.output.json else max(rows or 0, _NAMED),
        jobs=jobs,
        schemas=not chosen["no_schema"],
        may_be_empty=not any(chosen[name] for name in ("schemas", "include", "exclude", "no_schema")),
        workshop=workshop_of(invocation),
    )
    invocation.state_left = "neither database was changed"
    left, right = database_of(invocation, a).url, database_of(invocation, b).url
    with bars(invocation.output) as shown:
        found = verify_databases(
            left, right, scope, on_progress=lambda done, total: shown.update("parts compared", done, total)
        )
    out = invocation.output
    out.result(verification_facts(found), lambda: show_verification(out, found, a, b, most=rows or _SHOWN))
    if not found.agrees:
        ctx.exit(1)


def _sample(text: str | None) -> float:
    if text is None:
        return 1.0
    try:
        part = float(text.removesuffix("%")) / (100 if text.endswith("%") else 1)
    except ValueError:
        part = 0.0
    if not 0 < part <= 1:
        raise UsageError(f"--sample {text} is no part of the rows", hint="write 5% or 0.05")
    return part


def _since(text: str | None) -> tuple[str, str] | None:
    if text is None:
        return None
    column, equals, value = text.partition("=")
    if not (column and equals and value):
        raise UsageError(f"--since {text} names no value", hint="write --since created_at=2025-01-01")
    return column, value


def verification_facts(found: Verification) -> dict[str, Any]:
    """Return a verification as plain data."""
    return {
        "equal": found.agrees,
        "captured": found.captured,
        "changes": None if found.changes is None else change_facts(found.changes),
        "tables": found.tables,
        "notes": found.notes,
    }


def show_verification(out: Output, found: Verification, a: str, b: str, *, most: int = _SHOWN) -> None:
    """Print what differs, then a line about everything; `a` and `b` are what the user calls the sides.

    Of each table, at most so many rows are named.
    """
    show_notes(out, found.notes)
    if found.changes:
        out.line("schema:")
        show_changes(out, found.changes)
        out.line()
    for table in found.tables:
        if not table.agrees:
            _show_table(out, table, most)
        elif table.notes:
            out.line(f"{table.name}: {table.verdict} ({'; '.join(table.notes)})")
    compared = [table for table in found.tables if table.a is not None]
    total = sum(table.a.rows for table in compared if table.a is not None)
    moments = " and ".join(f"{moment:%Y-%m-%d %H:%M:%S %Z}" for moment in found.captured)
    what = "equal" if found.agrees else "DIFFERENT"
    schema = (
        "schema not compared" if found.changes is None else counted(len(found.changes), "schema difference")
    )
    different = sum(not table.agrees for table in found.tables)
    out.line(
        f"{what}: {counted(len(compared), 'table')}, {counted(total, 'row')} in A, "
        f"{different} different, {schema}",
        style="green" if found.agrees else "bold red",
    )
    out.line(f"A is {_shown(a)}, B is {_shown(b)}; each as of one snapshot, {moments}")
    by_text = sum("text" in way for table in compared for way in table.ways.values())
    columns = sum(len(table.ways) for table in compared)
    out.line(f"{counted(columns - by_text, 'column')} by binary hash, {by_text} as text")


def _shown(word: str) -> str:
    from pgwright.pg.redact import safe_url

    return safe_url(word)


def _show_table(out: Output, table: TableResult, most: int) -> None:
    counts = ""
    if table.a is not None and table.b is not None:
        same = "the same count" if table.a.rows == table.b.rows else f"{table.b.rows:,} in B"
        counts = f": {counted(table.a.rows, 'row')} in A, {same}"
    out.line(f"{table.name} {table.verdict}{counts}", style="red")
    for note in table.notes:
        out.line(f"    {note}")
    named = table.rows[:most]
    for row in named:
        out.line(f"    {_row_text(row)}")
    if named:
        out.line(f"    {_counted_rows(table, len(named))}")


def _counted_rows(table: TableResult, named: int) -> str:
    """Say how many rows are named, of how many, and what names the others."""
    found = len(table.rows)
    if table.all_named and named == found:
        return f"{counted(named, 'row')} named"
    if table.all_named:
        return (
            f"{named:,} of {counted(found, 'differing row')} named; "
            f"all of them: pgwright verify with --rows {found}, or with --json"
        )
    return (
        f"{named:,} of more than {counted(found, 'differing row')} named; "
        f"more of them: pgwright verify with --rows {10 * found}, also with --json"
    )


def _row_text(row: RowDifference) -> str:
    key = ", ".join(f"{name}={_value(text)}" for name, text in row.key.items())
    if not row.columns:
        copies = f", {row.copies} times more" if row.copies > 1 else ""
        return f"{key}: {row.where}{copies}"
    changes = "; ".join(f"{name} {_value(a)} -> {_value(b)}" for name, (a, b) in row.columns.items())
    return f"{key}: {changes}"


def _value(text: str | None) -> str:
    if text is None:
        return "null"
    return text if len(text) <= _LONGEST_VALUE else text[: _LONGEST_VALUE - 3] + "..."

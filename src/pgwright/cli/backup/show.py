"""`pgwright backup show`, and what other commands say of one backup."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import click

from pgwright.cli.backup.engine import chosen_backup, headed
from pgwright.cli.backup.repository import engine_option, repository_of, repository_options, same_place
from pgwright.cli.context import Invocation
from pgwright.cli.group import Command, pass_invocation
from pgwright.cli.output import duration, size
from pgwright.model.wording import counted

if TYPE_CHECKING:
    from pgwright.backup.drill.record import Drill
    from pgwright.backup.repository.manifest import DatabaseFacts, Manifest, TableFacts


@click.command("show", cls=Command)
@click.argument("backup", required=False)
@engine_option
@repository_options
@pass_invocation
def show(invocation: Invocation, *, backup: str | None) -> None:
    """Show what a backup holds, without reading it: databases, tables, rows, files, and its drills.

    BACKUP is an id, or how it begins; by default the newest of a whole database or server. Base backups
    count no rows: what the server's statistics made of them is shown as "about". A drill counts them.

    Example: pgwright backup show latest
    """
    from pgwright.backup.drill.record import drills  # noqa: PLC0415
    from pgwright.backup.repository.manifest import Manifest  # noqa: PLC0415

    found = repository_of(invocation)
    made = chosen_backup(invocation, found, backup)
    held = [drill for drill in drills(found) if drill.backup == made.id]
    out = invocation.output

    def render() -> None:
        out.line(f"backup {made.id} in {found.url}")
        for line in _headed(made) if isinstance(made, Manifest) else headed(made):
            out.line(line)
        _print_drills(invocation, made.id, held)
        if isinstance(made, Manifest):
            _print_contents(invocation, made)

    out.result({"backup": made, "drills": held}, render)


def print_made(invocation: Invocation, made: Manifest, place: str) -> None:
    """Print what a backup that has just been made holds."""
    out = invocation.output
    seconds = (made.finished_at - made.started_at).total_seconds()

    def render() -> None:
        out.line(f"backup {made.id} in {place}")
        if made.is_physical:
            out.line(f"{_what(made)}: {size(made.size)}, {duration(seconds)}, consistent from {made.end_lsn}")
        for facts in made.databases:
            # The size is that of the whole database.
            stored = f"{size(facts.size_bytes)} in {size(made.size)}" if made.is_whole else size(made.size)
            took = "" if made.is_physical else f", {stored}, {duration(seconds)}"
            out.line(f"{_contents(made, facts)}{took}")
        out.line(_readers(made))
        out.line(f"prove it: pgwright backup verify {made.id}{same_place(invocation)}")

    out.result(made, render)


def _headed(made: Manifest) -> Sequence[str]:
    """Return the lines that say what it is."""
    seconds = duration((made.finished_at - made.started_at).total_seconds())
    version = made.server_version
    server = f"PostgreSQL {version // 10000}.{version % 10000} at {made.place}"
    ends = f", consistent from {made.end_lsn}" if made.is_physical else ""
    limits = f" ({made.content} only)" if made.content != "all" else ""
    return (
        f"{_what(made)}{limits} of {server}",
        f"finished {made.finished_at:%Y-%m-%d %H:%M:%S %Z} in {seconds}, by {made.made_by}{ends}",
        f"{size(made.size)}, {_readers(made)}" + (f", label: {made.label}" if made.label else ""),
        *(["its manifest was lost, and rebuilt from the files"] if made.rebuilt_at else []),
        *(_contents(made, facts) for facts in made.databases),
    )


def _print_contents(invocation: Invocation, made: Manifest) -> None:
    out = invocation.output
    rows = [
        (facts.name, str(table), _rows(table))
        for facts in made.databases
        for table in facts.tables
        if not table.is_internal
    ]
    if rows:
        out.line()
        out.table(("database", "table", "rows"), rows)
    out.line()
    files = [(file.name, file.role, size(file.plain_size), size(file.size)) for file in made.files]
    out.table(("file", "holds", "content", "stored"), files)


def _print_drills(invocation: Invocation, id: str, held: Sequence[Drill]) -> None:
    out = invocation.output
    for drill in held:
        when = f"{drill.started_at:%Y-%m-%d %H:%M}"
        if drill.passed:
            what = f"{counted(drill.tables, 'table')}, {counted(drill.rows, 'row')}"
            out.line(f"restored for a drill at {when}: {what} in {duration(drill.seconds)}")
        elif drill.prevented is not None:
            out.line(f"could not be tried at {when}: {drill.prevented}")
        else:
            out.line(f"FAILED its drill at {when}: {'; '.join(drill.problems)}", style="red")
    if not held:
        out.line(f"never restored; try it: pgwright backup drill {id}{same_place(invocation)}")


def _what(made: Manifest) -> str:
    if not made.is_physical:
        return f"{made.form} dump"
    return f"what changed since {made.parent}" if made.parent else "the whole server"


def _contents(made: Manifest, facts: DatabaseFacts) -> str:
    """Return how much a database holds; only dumps count their rows."""
    if made.is_physical:
        about = facts.row_estimate
        rows = "rows not counted" if about is None else f"about {counted(about, 'row')}"
    else:
        rows = "without rows" if made.content == "schema" else counted(facts.row_count, "row")
    return f"{facts.name}: {counted(facts.table_count, 'table')}, {rows}"


def _rows(table: TableFacts) -> str | int | None:
    if table.rows is not None or table.estimate is None:
        return table.rows
    return f"about {table.estimate:,}" if table.estimate else 0


def _readers(made: Manifest) -> str:
    return f"encrypted for {', '.join(made.recipients)}" if made.recipients else "not encrypted"

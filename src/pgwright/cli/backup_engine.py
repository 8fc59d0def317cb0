"""`--engine pgbackrest`: the same commands over pgBackRest's backups."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from pgwright.cli.backup_repository import encryption_of
from pgwright.cli.output import duration, size

if TYPE_CHECKING:
    from pgwright.backup.pgbackrest import Made, Stanza
    from pgwright.cli.context import Invocation

OWN, PGBACKREST = "pgwright", "pgbackrest"


def engine_option(function: Callable[..., Any]) -> Callable[..., Any]:
    """Add --engine."""
    return click.option(
        "--engine",
        type=click.Choice([OWN, PGBACKREST]),
        default=OWN,
        show_default=True,
        help="Who makes and keeps the backups: this tool, or pgBackRest, where it is installed.",
    )(function)


def stanza(
    invocation: Invocation, repository: str | None, identity: Path | None, passphrase_file: Path | None
) -> Stanza:
    """Return what leads to pgBackRest's backups of this project."""
    from pgwright.backup.pgbackrest import stanza_of  # noqa: PLC0415

    project = invocation.project
    encryption = encryption_of(invocation, identity, passphrase_file)
    where = repository or project.backup.repository
    return stanza_of(where, project.name, encryption, jobs=project.backup.jobs)


def create(
    invocation: Invocation,
    repository: str | None,
    passphrase_file: Path | None,
    *,
    kind: str,
    label: str | None,
) -> None:
    """Make a backup and show it."""
    from pgwright.backup.pgbackrest import create as do_create  # noqa: PLC0415
    from pgwright.backup.pgbackrest import stanza_of_server
    from pgwright.cli.progress import bars  # noqa: PLC0415

    project, out = invocation.project, invocation.output
    invocation.state_left = "pgbackrest goes on where it was when it is run again"
    found = stanza_of_server(
        repository or project.backup.repository,
        project.name,
        encryption_of(invocation, None, passphrase_file),
        invocation.database.url,
        jobs=project.backup.jobs,
    )
    with bars(out) as shown:
        shown.note("pgbackrest copies the server's files")
        made = do_create(found, kind, label=label)

    def render() -> None:
        took = (made.finished_at - made.started_at).total_seconds()
        what = f"what changed since {made.parent}" if made.parent else "the whole server"
        out.line(f"backup {made.id} by pgbackrest")
        out.line(f"{what}: {size(made.stored)} for {size(made.size)}, {duration(took)}")
        out.line("prove it: pgwright backup verify --engine pgbackrest")

    out.result(made, render)


def show_list(invocation: Invocation, found: Sequence[Made]) -> None:
    """Print the backups."""
    out = invocation.output

    def render() -> None:
        if not found:
            out.line("no backups by pgbackrest yet; make one with:")
            out.line("  pgwright backup create --physical --engine pgbackrest")
            return
        columns = ("id", "kind", "finished", "took", "size", "stored", "damaged")
        rows = [
            (
                one.id,
                one.kind,
                one.finished_at,
                duration((one.finished_at - one.started_at).total_seconds()),
                size(one.size),
                size(one.stored),
                one.damaged,
            )
            for one in found
        ]
        out.table(columns, rows)

    out.result({"backups": found}, render)


def show_verdict(invocation: Invocation, found: Sequence[Made], problems: Sequence[str]) -> bool:
    """Print what pgBackRest's own look at every file found; tell whether all is well."""
    out = invocation.output

    def render() -> None:
        for problem in problems:
            out.line(problem, style="red")
        if not found:
            out.line("no backups by pgbackrest yet")
        elif not problems:
            out.line(f"{len(found)} backups and their WAL are whole")

    out.result({"backups": found, "problems": problems}, render)
    return bool(found) and not problems

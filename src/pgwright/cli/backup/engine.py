"""`--engine`, and what the same commands show of pgBackRest's backups."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from pgwright.cli.backup.repository import encryption_of
from pgwright.cli.output import duration, size
from pgwright.config.backup import OWN, PGBACKREST
from pgwright.model.wording import counted

if TYPE_CHECKING:
    from pgwright.backup.pgbackrest.backups import Made
    from pgwright.backup.pgbackrest.stanza import Stanza
    from pgwright.cli.context import Invocation


def engine_option(function: Callable[..., Any]) -> Callable[..., Any]:
    """Add --engine."""
    return click.option(
        "--engine",
        type=click.Choice([OWN, PGBACKREST]),
        help="Whose physical backups are meant: this tool's, or those of pgBackRest, where it is installed. "
        "Default: engine of [backup], else pgwright.",
    )(function)


def is_theirs(invocation: Invocation, engine: str | None) -> bool:
    """Tell whether pgBackRest makes the physical backups, by --engine or else by [backup]."""
    return (engine or invocation.project.backup.engine) == PGBACKREST


def stanza(
    invocation: Invocation, repository: str | None, identity: Path | None, passphrase_file: Path | None
) -> Stanza:
    """Return what leads to pgBackRest's backups of this project."""
    from pgwright.backup.pgbackrest.stanza import stanza_of  # noqa: PLC0415

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
    from pgwright.backup.pgbackrest.backups import create as do_create  # noqa: PLC0415
    from pgwright.backup.pgbackrest.stanza import stanza_of_server  # noqa: PLC0415
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
        out.line(f"{what}: {size(made.size)} for {size(made.server_size)}, {duration(took)}")
        out.line(f"prove it: pgwright backup drill {made.id}")

    out.result(made, render)


def print_list(invocation: Invocation, found: Sequence[Made]) -> None:
    """Print pgBackRest's backups as a table."""
    out = invocation.output
    if not found:
        out.line("no backups by pgbackrest yet; make one with:")
        out.line("  pgwright backup create --physical --engine pgbackrest")
        return
    columns = ("id", "kind", "finished", "took", "size", "of the server", "damaged")
    rows = [
        (
            one.id,
            one.kind,
            one.finished_at,
            duration((one.finished_at - one.started_at).total_seconds()),
            size(one.size),
            size(one.server_size),
            one.damaged,
        )
        for one in found
    ]
    out.table(columns, rows, title="by pgbackrest")


def print_verdict(invocation: Invocation, *, backups: Sequence[Made], problems: Sequence[str]) -> None:
    """Print what pgBackRest's own look at every file found."""
    out = invocation.output
    for problem in problems:
        out.line(f"pgbackrest: {problem}", style="red")
    if not backups:
        out.line("no backups by pgbackrest yet")
    elif not problems:
        out.line(f"{counted(len(backups), 'backup')} by pgbackrest and their WAL are whole")

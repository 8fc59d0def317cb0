"""What the commands show of pgBackRest's backups."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from pgwright.cli.backup.repository import only_theirs, same_place
from pgwright.cli.output import duration, size
from pgwright.model.wording import counted

if TYPE_CHECKING:
    from pgwright.backup.pgbackrest.backups import Made
    from pgwright.backup.repository.manifest import Manifest
    from pgwright.backup.repository.repository import Repository
    from pgwright.cli.context import Invocation


def create(invocation: Invocation, *, kind: str, label: str | None) -> None:
    """Make a backup and show it."""
    from pgwright.backup.engine import project_stanza  # noqa: PLC0415
    from pgwright.backup.pgbackrest.backups import create as do_create  # noqa: PLC0415
    from pgwright.cli.progress import bars  # noqa: PLC0415

    out = invocation.output
    invocation.state_left = "pgbackrest goes on where it was when it is run again"
    found = project_stanza(invocation.project, invocation.database.url)
    with bars(out) as shown:
        shown.note("pgbackrest copies the server's files")
        made = do_create(found, kind, label=label)

    def render() -> None:
        took = (made.finished_at - made.started_at).total_seconds()
        what = f"what changed since {made.parent}" if made.parent else "the whole server"
        out.line(f"backup {made.id} by pgbackrest")
        out.line(f"{what}: {size(made.size)} for {size(made.server_size)}, {duration(took)}")
        out.line(f"prove it: pgwright backup drill {made.id}{same_place(invocation)}")

    out.result(made, render)


def chosen_backup(
    invocation: Invocation, repository: Repository, id: str | None, *, database: str | None = None
) -> Manifest | Made:
    """Return the backup that is meant: one of pgBackRest's where --engine says so, else whoever's."""
    from pgwright.backup.engine import find_backup, project_stanza  # noqa: PLC0415
    from pgwright.backup.pgbackrest.backups import find  # noqa: PLC0415

    if only_theirs(invocation):
        return find(project_stanza(invocation.project), id)
    return find_backup(invocation.project, repository, id, database=database)


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


def headed(made: Made) -> Sequence[str]:
    """Return the lines that say what one of its backups is."""
    took = duration((made.finished_at - made.started_at).total_seconds())
    what = f"what changed since {made.parent}" if made.parent else "the whole server"
    ends = f", consistent from {made.end_lsn}" if made.end_lsn else ""
    return (
        f"{what} of PostgreSQL {made.server_version}, by pgbackrest",
        f"finished {made.finished_at:%Y-%m-%d %H:%M:%S %Z} in {took}{ends}",
        f"{size(made.size)} for {size(made.server_size)}" + (": DAMAGED" if made.damaged else ""),
    )


def print_verdict(invocation: Invocation, *, backups: Sequence[Made], problems: Sequence[str]) -> None:
    """Print what pgBackRest's own look at every file found."""
    out = invocation.output
    for problem in problems:
        out.line(f"pgbackrest: {problem}", style="red")
    if not backups:
        out.line("no backups by pgbackrest yet")
    elif not problems:
        out.line(f"{counted(len(backups), 'backup')} by pgbackrest and their WAL are whole")

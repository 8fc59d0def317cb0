"""`pgwright backup list`."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from pgwright.cli.backup.engine import print_list
from pgwright.cli.backup.repository import (
    engine_option,
    is_theirs,
    only_theirs,
    repository_of,
    repository_options,
)
from pgwright.cli.context import Invocation
from pgwright.cli.group import Command, pass_invocation
from pgwright.cli.output import duration, size
from pgwright.model.wording import counted

if TYPE_CHECKING:
    from pgwright.backup.repository.manifest import Manifest


@click.command("list", cls=Command)
@engine_option
@repository_options
@pass_invocation
def list_backups(invocation: Invocation) -> None:
    """List the backups of the repository, the newest last.

    Example: pgwright backup list --json
    """
    from pgwright.backup.engine import their_backups  # noqa: PLC0415

    theirs = their_backups(invocation.project)
    if only_theirs(invocation):
        invocation.output.result({"backups": theirs}, lambda: print_list(invocation, theirs))
        return
    found = repository_of(invocation)
    backups, broken, unfinished = found.backups(), found.broken(), found.unfinished()
    out = invocation.output

    def render() -> None:
        if backups:
            columns = ("id", "kind", "what", "finished", "took", "size", "encrypted", "label")
            out.table(columns, [_row(made) for made in backups])
        else:
            out.line(f"no backups in {found.url} yet; make one with: pgwright backup create")
        for bad in broken:
            out.line(f"{bad.id}: {bad.reason.message}", style="red")
        if broken:
            out.line("rebuild what was lost from the files themselves: pgwright backup repair")
        for id in unfinished:
            out.line(f"{id}: runs now, or was broken off; the next backup clears it away")
        if is_theirs(invocation):
            print_list(invocation, theirs)

    out.result(
        {
            "repository": found.url,
            "backups": backups,
            "broken": [{"id": bad.id, "reason": bad.reason.message} for bad in broken],
            "unfinished": unfinished,
            **({"pgbackrest": theirs} if is_theirs(invocation) else {}),
        },
        render,
    )


def _row(made: Manifest) -> tuple[object, ...]:
    what = "whole server" if made.is_physical else ", ".join(facts.name for facts in made.databases)
    if made.tables:
        what += f" ({counted(len(made.tables), 'table')})"
    if made.content != "all":
        what += f" ({made.content} only)"
    return (
        made.id,
        made.kind if made.is_physical else made.form,
        what,
        made.finished_at,
        duration((made.finished_at - made.started_at).total_seconds()),
        size(made.size),
        bool(made.recipients),
        "; ".join(part for part in (made.label, "manifest rebuilt" if made.rebuilt_at else "") if part),
    )

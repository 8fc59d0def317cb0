"""`pgwright backup repair`."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from pgwright.cli.backup.repository import repository_of, repository_options
from pgwright.cli.context import Invocation
from pgwright.cli.group import Command
from pgwright.model.wording import counted

if TYPE_CHECKING:
    from pgwright.backup.rebuild.rebuild import Rebuilt


@click.command("repair", cls=Command)
@click.argument("backups", nargs=-1, metavar="[BACKUP]...")
@click.option("--yes", is_flag=True, help="Do not ask.")
@repository_options
@click.pass_context
def repair(
    ctx: click.Context,
    *,
    backups: tuple[str, ...],
    yes: bool,
) -> None:
    """Rebuild lost manifests from the files of their backups: hashed, opened, restored on scratch, counted.

    A manifest of which one of its two copies is whole needs no repair: the next backup puts the other back.
    A rebuilt one says what is there now. It is marked, and prune deletes nothing because of it until a drill
    has proven it. Exit code 1 when something could not be rebuilt.

    Example: pgwright backup repair
    """
    from pgwright.backup.rebuild.rebuild import in_order, rebuild  # noqa: PLC0415
    from pgwright.cli.progress import bars  # noqa: PLC0415
    from pgwright.errors import BackupMissing, PgwrightError  # noqa: PLC0415
    from pgwright.jobs.backup import drill_options  # noqa: PLC0415

    invocation = ctx.ensure_object(Invocation)
    out = invocation.output
    found = repository_of(invocation)
    broken = {bad.id: bad.reason for bad in found.broken()}
    for id in backups:
        if id not in broken:
            raise BackupMissing(
                f"no backup {id} without a manifest is in {found.url}",
                detail="nothing was changed",
                hint="those that can be repaired are named by: pgwright backup list",
            )
    chosen = backups or tuple(broken)
    if not chosen:
        out.result({"rebuilt": [], "left": []}, lambda: out.line(f"no manifest is lost in {found.url}"))
        return
    if not out.json:
        for id in chosen:
            out.line(f"{id}: {broken[id].message}")
    invocation.confirm(f"Rebuild {counted(len(chosen), 'manifest')} from the files?", yes=yes)
    invocation.state_left = "manifests that were rebuilt stay; a leftover server drill-... can be removed"
    done: list[Rebuilt] = []
    left: list[tuple[str, PgwrightError]] = []
    with bars(out) as shown:
        for id in in_order(chosen):
            try:
                done.append(rebuild(found, id, drill_options(invocation.project), progress=shown.update))
            except PgwrightError as error:
                left.append((id, error))

    def render() -> None:
        for rebuilt in done:
            made = rebuilt.manifest
            rows = f", {counted(sum(facts.row_count for facts in made.databases), 'row')}"
            what = "the files of a server" if made.is_physical else f"{made.database}{rows}"
            out.line(f"{made.id}: rebuilt; it holds {what}; prove it: pgwright backup drill {made.id}")
            for note in rebuilt.notes:
                out.line(f"  {note}")
        for id, error in left:
            out.line(f"{id}: not rebuilt: {error.message}", style="red")
            for text in (error.detail, error.hint):
                if text:
                    out.line(f"  {text}")

    facts = {
        "rebuilt": [{"id": one.manifest.id, "notes": one.notes} for one in done],
        "left": [{"id": id, "error": error.message, "detail": error.detail} for id, error in left],
    }
    out.result(facts, render)
    if left:
        ctx.exit(1)

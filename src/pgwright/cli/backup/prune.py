"""`pgwright backup prune`."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

import click

from pgwright.cli.backup.repository import engine_option, repository_of, repository_options
from pgwright.cli.context import Invocation
from pgwright.cli.group import Command, pass_invocation
from pgwright.cli.output import size
from pgwright.model.wording import counted

if TYPE_CHECKING:
    from pgwright.backup.pgbackrest.backups import Made
    from pgwright.backup.repository.manifest import Manifest
    from pgwright.backup.retention import Decision


@click.command("prune", cls=Command)
@click.option("--dry-run", is_flag=True, help="Show what would go, and delete nothing.")
@click.option("--days", type=click.IntRange(0), help="Keep what is younger. Default: keep_days, else 30.")
@click.option("--last", type=click.IntRange(0), help="Keep at least so many. Default: keep_last, else 1.")
@click.option("--daily", type=click.IntRange(0), help="Keep the last of each of so many days.")
@click.option("--weekly", type=click.IntRange(0), help="Keep the last of each of so many weeks.")
@click.option("--monthly", type=click.IntRange(0), help="Keep the last of each of so many months.")
@click.option("--yes", is_flag=True, help="Do not ask.")
@engine_option
@repository_options
@pass_invocation
def prune(
    invocation: Invocation,
    /,
    *,
    dry_run: bool,
    yes: bool,
    **rules: int | None,
) -> None:
    """Delete backups that no rule keeps, and WAL that nothing needs any more.

    Ages count from the newest backup. Never deleted are the newest of each database and server, and what
    an incremental backup that stays builds on. Where pgbackrest makes the physical backups, it deletes those.

    Example: pgwright backup prune --days 30 --weekly 8 --monthly 12 --dry-run
    """
    from pgwright.backup.engine import project_stanza, their_backups  # noqa: PLC0415
    from pgwright.backup.pgbackrest.backups import expire  # noqa: PLC0415
    from pgwright.backup.prune import plan_prune  # noqa: PLC0415
    from pgwright.backup.prune import prune as do_prune
    from pgwright.backup.retention import decide  # noqa: PLC0415
    from pgwright.jobs.backup import policy_of  # noqa: PLC0415

    found = repository_of(invocation)
    policy = replace(
        policy_of(invocation.project), **{name: rule for name, rule in rules.items() if rule is not None}
    )
    plan, out = plan_prune(found, policy), invocation.output
    theirs = decide(their_backups(invocation.project), policy)
    decisions: tuple[Decision[Any], ...] = (*plan.decisions, *theirs)
    expired = [d.backup for d in theirs if not d.keep]
    removed: tuple[Manifest | Made, ...] = (*plan.removed, *expired)
    gone, freed = len(removed), plan.bytes + sum(made.size for made in expired)

    def render() -> None:
        columns = ("id", "finished", "size", "stays", "why")
        rows = [(d.backup.id, d.backup.finished_at, size(d.backup.size), d.keep, d.reason) for d in decisions]
        if rows:
            out.table(columns, rows)
        out.line(
            f"{counted(gone, 'backup')} and {counted(len(plan.wal), 'file')} of WAL can go, {size(freed)}"
        )

    facts = {
        "removed": [made.id for made in removed],
        "kept": {d.backup.id: d.reason for d in decisions if d.keep},
        "wal": len(plan.wal),
        "bytes": freed,
        "dry_run": dry_run,
    }
    if dry_run or not (gone or plan.wal):
        out.result(facts, render)
        return
    if not out.json:
        render()
    invocation.confirm(f"Delete {counted(gone, 'backup')}?", yes=yes)
    invocation.state_left = "backups that were reached are gone, each as a whole; the others stay"
    do_prune(found, policy)
    if theirs:
        expire(project_stanza(invocation.project), [made.id for made in expired])
    out.result(facts, lambda: out.line(f"deleted {counted(gone, 'backup')}; {size(freed)} free again"))

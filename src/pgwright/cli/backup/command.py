"""`pgwright backup`: make backups, prove them, restore them, recover to a moment."""

from __future__ import annotations

from pgwright.cli.backup.corruption import corruption
from pgwright.cli.backup.create import create
from pgwright.cli.backup.drill import drill
from pgwright.cli.backup.list import list_backups
from pgwright.cli.backup.prune import prune
from pgwright.cli.backup.recover import recover
from pgwright.cli.backup.repair import repair
from pgwright.cli.backup.restore import restore
from pgwright.cli.backup.schedule import run, schedule
from pgwright.cli.backup.show import show
from pgwright.cli.backup.verify import verify
from pgwright.cli.backup.wal import wal
from pgwright.cli.group import group


@group("backup")
def command() -> None:
    """Back up, verify, restore, recover to a moment.

    Backups go into a repository: a folder or a bucket, named in [backup] of pgwright.toml or with
    --repository. Each has a manifest with checksums and row counts, and every restore is compared with it.

    Example: pgwright backup create && pgwright backup verify
    """


for below in (
    create,
    list_backups,
    show,
    verify,
    restore,
    recover,
    drill,
    prune,
    repair,
    wal,
    run,
    schedule,
    corruption,
):
    command.add_command(below)

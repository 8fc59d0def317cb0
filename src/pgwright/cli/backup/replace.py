"""The last part of a guided recovery: stop the application, replace the database, start again."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pgwright.cli.output import duration
from pgwright.model.wording import counted

if TYPE_CHECKING:
    from pgwright.backup.repository.repository import Repository
    from pgwright.backup.restore.database import Restored
    from pgwright.cli.context import Invocation


def replace_live(
    invocation: Invocation, repository: Repository, recovered: str, database: str, target: str
) -> Restored:
    """Put the database at `recovered` in the place of the live one; the application stands still meanwhile.

    It goes through the repository, as a dump: a backup of exactly this moment stays there. Whatever fails,
    the live database is as it was, and the application is started again.
    """
    from pgwright.backup.create.logical import DumpOptions, create_dump  # noqa: PLC0415
    from pgwright.backup.recover.hooks import run_hook  # noqa: PLC0415
    from pgwright.backup.restore.database import RestoreOptions, restore_database  # noqa: PLC0415
    from pgwright.cli.progress import bars  # noqa: PLC0415

    project, out = invocation.project, invocation.output
    options = RestoreOptions(name=database, replace=True, jobs=project.backup.jobs)
    run_hook(project.backup.stop, project.root, purpose="stop the application")
    try:
        with bars(out) as shown:
            dump = create_dump(
                repository, recovered, DumpOptions(label=f"recovered to {target}"), progress=shown.update
            )
            done = restore_database(repository, dump, invocation.database.url, options, progress=shown.update)
    finally:
        run_hook(project.backup.start, project.root, purpose="start the application")
    if not out.json:
        out.line(
            f"{database} is as it was at {target}: {counted(done.rows, 'row')}, {duration(done.seconds)}"
        )
        if done.kept:
            out.line(f"what it was before is kept as {done.kept}")
    return done

"""`pgwright backup drill`."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import click

from pgwright.cli.backup.repository import engine_option, repository_of, repository_options
from pgwright.cli.context import Invocation
from pgwright.cli.group import Command
from pgwright.cli.output import Output, duration
from pgwright.model.wording import counted

if TYPE_CHECKING:
    from pgwright.backup.drill.record import Drill


@click.command("drill", cls=Command)
@click.argument("backup", required=False)
@click.option("--if-due", is_flag=True, help="Do nothing when the last one is younger than drill_days.")
@engine_option
@repository_options
@click.pass_context
def drill(
    ctx: click.Context,
    *,
    backup: str | None,
    if_due: bool,
) -> None:
    """Restore BACKUP (default: the newest) on a scratch server, and see whether it is right.

    Rows are compared with the manifest, structure and migrations with what they were, the queries of
    [backup] are asked, and the time is taken: it is how long a real restore takes. Exit code 1 when
    something is wrong, or the backup cannot be tried here.

    Example: pgwright backup drill
    """
    from pgwright.cli.backup.engine import chosen_backup  # noqa: PLC0415
    from pgwright.cli.progress import bars  # noqa: PLC0415
    from pgwright.jobs.backup import is_drill_due, run_drill  # noqa: PLC0415
    from pgwright.pg import parse_address  # noqa: PLC0415

    invocation = ctx.ensure_object(Invocation)
    project, database, out = invocation.project, invocation.database, invocation.output
    if if_due and not is_drill_due(project, database):
        out.result(None, lambda: out.line("no drill is due"))
        return
    found = repository_of(invocation)
    chosen = chosen_backup(invocation, found, backup, database=parse_address(database.url).dbname)
    invocation.state_left = "the live database was not touched; a leftover server drill-... can be removed"
    with bars(out) as shown:
        done = run_drill(project, database, found, chosen, progress=shown.update)

    out.result(drill_facts(done), lambda: print_drill(out, done))
    if not done.passed:
        ctx.exit(1)


def drill_facts(done: Drill) -> dict[str, Any]:
    """Return what JSON says of a drill."""
    return {**done.__dict__, "passed": done.passed}


def print_drill(out: Output, done: Drill) -> None:
    """Say how a drill went."""
    what = f"{counted(done.tables, 'table')}, {counted(done.rows, 'row')}"
    if done.passed:
        out.line(f"backup {done.backup} can be restored: {what} in {duration(done.seconds)}")
    elif done.prevented is not None:
        out.line(f"backup {done.backup} could not be tried, so whether it can be restored is not known")
        out.line(f"  {done.prevented}")
    else:
        out.line(f"backup {done.backup} FAILED its drill after {duration(done.seconds)}", style="red")
    for problem in done.problems:
        out.line(f"  {problem}")
    for note in done.notes:
        out.remark(note)

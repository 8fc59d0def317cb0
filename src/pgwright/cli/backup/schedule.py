"""`pgwright backup run` and `pgwright backup schedule`."""

from __future__ import annotations

import click

from pgwright.cli.context import Invocation
from pgwright.cli.group import Command, pass_invocation


@click.command("run", cls=Command)
@click.pass_context
def run(ctx: click.Context) -> None:
    """Do what is scheduled daily: backups, prune, and a drill when one is due; on record in the ledger.

    What is made says `daily` in [backup]: a logical backup, a physical one, or both. Two runs never overlap.
    Exit code 1 when a drill failed.

    Example: pgwright backup run
    """
    from pgwright.cli.backup.drill import drill_facts, print_drill  # noqa: PLC0415
    from pgwright.cli.backup.repository import repository_of  # noqa: PLC0415
    from pgwright.cli.progress import bars  # noqa: PLC0415
    from pgwright.jobs.backup import run_backup  # noqa: PLC0415

    invocation = ctx.ensure_object(Invocation)
    found = repository_of(invocation)
    out = invocation.output
    invocation.state_left = "the repository is as before; the run counts as abandoned"
    with bars(out) as shown:
        outcome, drills = run_backup(invocation.project, invocation.database, found, progress=shown.update)

    def render() -> None:
        made, removed = outcome.result["backups"], outcome.result["removed"]
        out.line(f"backup {' and '.join(made)}, {len(removed)} old ones removed")
        for held in drills:
            print_drill(out, held)
        if outcome.run is None:
            out.remark("this role may not write a ledger in the database: the run is not on record")

    facts = {"run": outcome.run.id if outcome.run else None, "drills": [drill_facts(held) for held in drills]}
    out.result({**outcome.result, **facts}, render)
    if any(held.problems for held in drills):
        ctx.exit(1)


@click.command("schedule", cls=Command)
@click.option("--at", metavar="HH:MM", help="Time of day. Default: schedule of [backup], else 02:00.")
@click.option("--with", "way", type=click.Choice(["systemd", "cron"]), help="Default: what this machine has.")
@click.option("--show", is_flag=True, help="Print what would be installed, and install nothing.")
@click.option("--remove", "off", is_flag=True, help="Take the schedule away.")
@pass_invocation
def schedule(invocation: Invocation, *, at: str | None, way: str | None, show: bool, off: bool) -> None:
    """Run `pgwright backup run` daily, by a systemd timer or by cron.

    Example: pgwright backup schedule --at 02:00
    """
    import re  # noqa: PLC0415

    from pgwright.errors import ScheduleError, UsageError  # noqa: PLC0415
    from pgwright.jobs import schedule as jobs  # noqa: PLC0415

    moment = at or invocation.project.backup.schedule or "02:00"
    if not re.fullmatch(r"([01]\d|2[0-3]):[0-5]\d", moment):
        raise UsageError(f"--at {moment} is no time of day", hint="write --at 02:00")
    found, out = jobs.schedule_of(invocation.project, invocation.database, moment), invocation.output
    ways = jobs.ways()
    chosen = way or (ways[0] if ways else jobs.CRON)
    if show:
        text = found.cron_line if chosen == jobs.CRON else f"{found.service}\n{found.timer}"
        out.result({"way": chosen, "text": text}, lambda: out.line(text.rstrip("\n")))
        return
    if chosen not in ways:
        raise ScheduleError(
            "this machine has neither systemd nor crontab" if not ways else f"this machine has no {chosen}",
            detail="nothing was installed",
            hint="print the line for another scheduler with: pgwright backup schedule --with cron --show",
        )
    if off:
        jobs.remove(found, chosen)
        out.result({"removed": found.name}, lambda: out.line(f"{found.name} is not scheduled any more"))
        return
    seen = jobs.install(found, chosen)
    out.result(
        {"installed": found.name, "way": chosen, "at": moment},
        lambda: out.line(f"daily at {moment} by {chosen}; see it with: {seen}"),
    )

"""`pgwright policy`: what is declared about tables over time; planned, applied, watched, carried out."""

from __future__ import annotations

import click

from pgwright.cli.context import Invocation
from pgwright.cli.group import group
from pgwright.cli.policy.apply import apply, plan
from pgwright.cli.policy.archive import archives, restore
from pgwright.cli.policy.convert import convert
from pgwright.cli.policy.refresh import refresh, verify
from pgwright.cli.progress import bars
from pgwright.model.wording import counted

_TASKS = ("partitions", "refresh", "retire")


@group("policy")
def command() -> None:
    """Keep tables over time as declared: partitions, retention, compression, rollups.

    Example: pgwright policy plan
    """


for below in (plan, apply, convert, refresh, verify, archives, restore):
    command.add_command(below)


@command.command("status")
@click.pass_context
def status(ctx: click.Context) -> None:
    """Show each declaration, who acts on it and how it fares; exit code 1 where one deserves attention.

    Example: pgwright policy status
    """
    from pgwright.timeseries.status import policy_status

    invocation = ctx.ensure_object(Invocation)
    with invocation.connect(autocommit=True) as conn:
        found = policy_status(conn)
    out = invocation.output

    def render() -> None:
        if not found:
            out.line("nothing is declared here; declare it beside the models, then: pgwright policy plan")
            return
        out.table(
            ("table", "declared", "what", "by", "last run", "state"),
            [
                (
                    s.table,
                    s.kind.replace("_", " ") if s.kind != "rollup" else f"rollup {s.name}",
                    s.says,
                    s.by,
                    f"{s.last_run:%Y-%m-%d %H:%M}" if s.last_run else None,
                    s.state,
                )
                for s in found
            ],
        )

    out.result(found, render)
    if not all(s.healthy for s in found):
        ctx.exit(1)


@command.command("run")
@click.option("--task", "tasks", multiple=True, type=click.Choice(_TASKS), help="Only this; may be repeated.")
@click.option("--table", "only", multiple=True, metavar="PATTERN", help="Only tables and rollups that match.")
@click.option("--force", is_flag=True, help="Refresh rollups that are not due yet as well.")
@click.option("--dry-run", is_flag=True, help="Say what would be done, and do nothing.")
@click.option("--yes", is_flag=True, help="Do not ask before rows are retired.")
@click.option("--production", metavar="NAME", help="Name the production database whose rows may be retired.")
@click.pass_context
def run(
    ctx: click.Context,
    /,
    *,
    tasks: tuple[str, ...],
    only: tuple[str, ...],
    force: bool,
    dry_run: bool,
    yes: bool,
    production: str | None,
) -> None:
    """Do what is due: make partitions ahead, refresh rollups, retire old rows. For a schedule, add --yes.

    What TimescaleDB's own jobs do is left to them. One thing that fails does not stop the others; the exit
    code is then 4.

    Example: pgwright policy run --yes
    """
    from dataclasses import replace

    from pgwright.timeseries.run import Demand, run_policies

    invocation = ctx.ensure_object(Invocation)
    out, url = invocation.output, invocation.database.url
    demand = Demand(tasks=tasks or _TASKS, only=only, force=force, dry_run=dry_run)
    if not dry_run and "retire" in demand.tasks:
        # Rows that go are shown first, and only if there are any is there something to ask.
        preview = run_policies(url, replace(demand, tasks=("retire",), dry_run=True))
        going = [o for o in preview.outcomes if o.count]
        if going:
            if not out.json and not yes:
                for o in going:
                    out.line(f"{o.subject}: {o.said}")
            invocation.refuse_production("retiring rows", named=production)
            invocation.confirm(f"Retire old rows of {counted(len(going), 'table')}?", yes=yes)
    invocation.state_left = "what is finished stays; run it again: pgwright policy run"
    with bars(out) as shown:
        done = run_policies(url, demand, tell=shown.update)

    def render() -> None:
        if not done.outcomes:
            out.line("nothing is declared here that pgwright would have to do")
            return
        out.table(
            ("task", "of", "done" if not dry_run else "would do"),
            [(o.task, o.subject, f"failed: {o.error}" if o.error else o.said) for o in done.outcomes],
        )

    out.result({"run": done.run.id if done.run else None, "outcomes": done.outcomes}, render)
    if done.failed:
        ctx.exit(4)

"""`pgwright policy refresh` and `verify`: rollups brought up to date at once, and held against their rows."""

from __future__ import annotations

import click

from pgwright.cli.context import Invocation
from pgwright.cli.group import command
from pgwright.cli.progress import bars
from pgwright.errors import UsageError
from pgwright.model.wording import counted


@command("refresh")
@click.argument("rollups", nargs=-1)
@click.option("--anew", is_flag=True, help="Compute everything again, not only what changed.")
@click.pass_context
def refresh(ctx: click.Context, rollups: tuple[str, ...], anew: bool) -> None:
    """Refresh ROLLUPS now (default: all), due or not; TimescaleDB's continuous aggregates as well.

    With --anew all of it is computed from the rows that are there, as after a load that fired no triggers.
    History, whose rows are gone, stays.

    Example: pgwright policy refresh readings_hourly --anew
    """
    from pgwright.timeseries.run import Demand, run_policies

    invocation = ctx.ensure_object(Invocation)
    out = invocation.output
    demand = Demand(tasks=("refresh",), only=_chosen(invocation, rollups), force=True, anew=anew)
    invocation.state_left = "what is finished stays; run the same command again"
    with bars(out) as shown:
        done = run_policies(invocation.database.url, demand, tell=shown.update)

    def render() -> None:
        if not done.outcomes:
            out.line("no rollup is declared here; declare one beside the models: pgwright policy plan")
            return
        rows = [(o.subject, f"failed: {o.error}" if o.error else o.said) for o in done.outcomes]
        out.table(("rollup", "done"), rows)

    out.result({"run": done.run.id if done.run else None, "outcomes": done.outcomes}, render)
    if done.failed:
        ctx.exit(4)


@command("verify")
@click.argument("rollups", nargs=-1)
@click.pass_context
def verify(ctx: click.Context, rollups: tuple[str, ...]) -> None:
    """Compare ROLLUPS (default: all) with what their rows add up to now; exit code 1 where one differs.

    All rows are read. Changes that wait for the next refresh are no difference, and history is not compared.

    Example: pgwright policy verify readings_hourly
    """
    from pgwright.timeseries.exactness import compare
    from pgwright.timeseries.records import declarations

    invocation = ctx.ensure_object(Invocation)
    out, chosen = invocation.output, _chosen(invocation, rollups)
    with invocation.connect(autocommit=True) as conn:
        declared = declarations(conn)
        names = [(r, f"{r.schema}.{r.name}") for r in declared.of("rollup")]
        found = [compare(conn, r, declared) for r, name in names if not chosen or name in chosen]

    def render() -> None:
        if not found:
            out.line("no rollup is declared here; declare one beside the models: pgwright policy plan")
            return
        rows = [
            (c.rollup, c.keys, f"{counted(c.differing, 'key')} differ" if c.differing else "equal")
            for c in found
        ]
        out.table(("rollup", "keys", "compared"), rows)
        for c in found:
            for key in c.first:
                out.line(f"{c.rollup} differs at {key}")
            if c.differing:
                out.remark(f"compute it again: pgwright policy refresh {c.rollup} --anew")

    out.result(found, render)
    if any(c.differing for c in found):
        ctx.exit(1)


def _chosen(invocation: Invocation, rollups: tuple[str, ...]) -> tuple[str, ...]:
    """Return the full names of rollups; raise `UsageError` for one that is not declared."""
    from pgwright.timeseries.records import declarations

    if not rollups:
        return ()
    with invocation.connect(autocommit=True) as conn:
        known = {(r.schema, r.name) for r in declarations(conn).of("rollup")}
    chosen = {}
    for wanted in rollups:
        found = [f"{schema}.{name}" for schema, name in sorted(known) if wanted in (name, f"{schema}.{name}")]
        if not found:
            there = ", ".join(f"{schema}.{name}" for schema, name in sorted(known)) or "none"
            raise UsageError(
                f"no rollup {wanted} is declared here",
                detail=f"there are: {there}; nothing was changed",
                hint="see what is declared: pgwright policy status",
            )
        chosen[wanted] = found
    return tuple(name for names in chosen.values() for name in names)

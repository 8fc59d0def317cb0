"""`pgwright policy refresh` and `verify`: rollups brought up to date at once, and held against their rows."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from pgwright.cli.context import Invocation
from pgwright.cli.group import command
from pgwright.cli.progress import bars
from pgwright.errors import UsageError
from pgwright.model.wording import counted

if TYPE_CHECKING:
    from pgwright.kinds.timeseries.policy_records import Record
    from pgwright.timeseries.records import Declarations

_NONE = "no rollup is declared here; declare one beside the models: pgwright policy plan"


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
    from pgwright.timeseries.records import declarations
    from pgwright.timeseries.run import Demand, run_policies

    invocation = ctx.ensure_object(Invocation)
    out = invocation.output
    only: tuple[str, ...] = ()
    if rollups:
        with invocation.connect(autocommit=True) as conn:
            only = tuple(map(_name, _chosen(declarations(conn), rollups)))
    demand = Demand(tasks=("refresh",), only=only, force=True, anew=anew)
    invocation.state_left = "what is finished stays; run the same command again"
    with bars(out) as shown:
        done = run_policies(invocation.database.url, demand, tell=shown.update)

    def render() -> None:
        if not done.outcomes:
            out.line(_NONE)
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
    out = invocation.output
    with invocation.connect(autocommit=True) as conn:
        declared = declarations(conn)
        found = [compare(conn, rollup, declared) for rollup in _chosen(declared, rollups)]

    def render() -> None:
        if not found:
            out.line(_NONE)
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


def _chosen(declared: Declarations, rollups: tuple[str, ...]) -> tuple[Record, ...]:
    """Return the rollups that are meant, all without a name; raise `UsageError` for one not declared."""
    every = declared.of("rollup")
    chosen: list[Record] = []
    for wanted in rollups:
        found = [r for r in every if wanted in (r.name, _name(r))]
        if not found:
            raise UsageError(
                f"no rollup {wanted} is declared here",
                detail=f"there are: {', '.join(sorted(map(_name, every))) or 'none'}; nothing was changed",
                hint="see what is declared: pgwright policy status",
            )
        chosen += found
    return tuple(r for r in every if not rollups or r in chosen)


def _name(rollup: Record) -> str:
    return f"{rollup.schema}.{rollup.name}"

"""`pgwright policy convert`: make a table in use a time series, or a plain table again, while all go on."""

from __future__ import annotations

from itertools import chain
from typing import TYPE_CHECKING, Any

import click

from pgwright.cli.context import Invocation
from pgwright.cli.group import command
from pgwright.cli.hazards import guard_options
from pgwright.cli.output import duration
from pgwright.cli.policy.apply import apply_policies
from pgwright.cli.progress import bars
from pgwright.cli.schema.output import change_facts, show_changes
from pgwright.cli.schema.sources import source_of, workshop_of
from pgwright.errors import UsageError

if TYPE_CHECKING:
    from pgwright.timeseries.convert.proposal import Conversion
    from pgwright.timeseries.convert.run import Converted, Unfinished


@command("convert")
@click.argument("table")
@click.argument("source", required=False)
@click.option("--back", is_flag=True, help="Make the time series TABLE a plain table again.")
@click.option("--offline", is_flag=True, help="In one transaction, for which everybody waits.")
@click.option("--abandon", is_flag=True, help="Give up an unfinished conversion, and remove all of it.")
@guard_options
@click.pass_context
def convert(ctx: click.Context, /, *, table: str, source: str | None, **chosen: Any) -> None:
    """Make the full TABLE the time series that SOURCE (default: the models) declares, while it is in use.

    Its successor is filled beside it, with what changes meanwhile, then compared row by row; in the end both
    change names, which readers and writers wait for some milliseconds. Killed or cut off, the same command
    goes on. It needs room for the rows once more until then.

    Example: pgwright policy convert public.audit_logs
    """
    from pgwright.timeseries.convert.proposal import propose_conversion, propose_way_back
    from pgwright.timeseries.convert.run import convert as carry_out
    from pgwright.timeseries.convert.run import unfinished

    invocation = ctx.ensure_object(Invocation)
    if chosen["offline"] + chosen["back"] + chosen["abandon"] > 1:
        raise UsageError("--offline, --back and --abandon exclude each other", hint="leave all but one out")
    url, out = invocation.database.url, invocation.output
    if chosen["abandon"]:
        _abandon(invocation)
        return
    if chosen["offline"]:
        only = table if "." in table else f"*.{table}"
        answers = {"yes": chosen["yes"], "production": chosen["production"]}
        apply_policies(invocation, source, (only,), rehearsed=True, allow=(), **answers)
        return
    left = unfinished(url)
    if left is not None:
        conversion = _left_of(left, table)
    elif chosen["back"]:
        conversion = propose_way_back(url, table, workshop=workshop_of(invocation))
    else:
        spec = source_of(invocation, source or "models")
        conversion = propose_conversion(url, spec, table, workshop=workshop_of(invocation))
    if not out.json:
        _show_plan(invocation, conversion, left)
    for warning in conversion.warnings if left is None else ():
        out.remark(warning, level="warning")
    invocation.refuse_production("converting tables", named=chosen["production"])
    invocation.confirm(f"Convert {conversion.table.path}?", yes=chosen["yes"] or left is not None)
    invocation.state_left = (
        f"{conversion.table.path} can be used as before; go on with the same command, or add --abandon"
    )
    with bars(out) as shown:
        done = carry_out(url, conversion, tell=shown.update, scratch=invocation.project.scratch)
    _show(invocation, done, conversion)
    if done.remaining:
        ctx.exit(1)


def _left_of(left: Unfinished, table: str) -> Conversion:
    id = left.conversion.table
    if table not in (id.path, id.name.name):
        raise UsageError(
            f"the conversion of {id.path} is not finished",
            detail="nothing was changed",
            hint=f"go on with it first: pgwright policy convert {id.path}; or give it up, with --abandon",
        )
    return left.conversion


def _abandon(invocation: Invocation) -> None:
    from pgwright.timeseries.convert.run import abandon

    table, out = abandon(invocation.database.url), invocation.output
    said = (
        f"the conversion of {table} is given up; {table} is as it was" if table else "nothing is unfinished"
    )
    out.result({"abandoned": table}, lambda: out.line(said))


def _show_plan(invocation: Invocation, conversion: Conversion, left: Unfinished | None) -> None:
    out, path = invocation.output, conversion.table.path
    if left is not None:
        rows = left.run.progress.get("rows", 0)
        at = "the tables have changed names" if left.exchanged else f"{rows:,} rows are copied"
        out.remark(f"going on with the conversion that run {left.run.id} began: {at}", level="plan")
        return
    form = "partitions" if conversion.native else "a hypertable" if conversion.to_series else "a plain table"
    out.line(f"1. make {conversion.prepared.path}, empty, which will be {form}:", style="bold")
    for step in conversion.build:
        for line in step.sql.splitlines():
            out.line(f"     {line}")
    out.line(f"2. note which rows of {path} change from now on, by triggers", style="bold")
    out.line("3. copy its rows in batches, and what changed in the meantime", style="bold")
    out.line("4. compare both, row by row", style="bold")
    out.line("5. let them change names, in one short transaction:", style="bold")
    for step in conversion.exchange:
        out.line(f"     {step.summary}")
    if conversion.to_series and any("FOREIGN KEY" in step.sql for step in conversion.exchange):
        out.line("     each partition or chunk gets its foreign keys by itself, in a millisecond or two")
    for step in chain(conversion.checks, *conversion.declared):
        out.line(f"   afterwards, while all go on: {step.summary}")
    out.line("6. drop the table whose place was taken", style="bold")
    out.line()


def _show(invocation: Invocation, done: Converted, conversion: Conversion) -> None:
    out = invocation.output
    form = "a time series" if conversion.to_series else "a plain table"

    def render() -> None:
        out.line(
            f"run {done.run.id}: {done.table} is {form}; {done.rows:,} rows compared, all equal; "
            f"readers and writers waited {duration(done.locked)}"
        )
        if done.remaining:
            out.line("the database is not yet what it should be:")
            show_changes(out, done.remaining)
            for refusal in done.refused:
                out.remark(refusal, level="warning")
            out.remark("correct the declarations, then: pgwright policy plan")
        elif conversion.to_series:
            out.remark(f"the way back: pgwright policy convert {done.table} --back")

    facts = {"run": done.run.id, "table": done.table, "rows": done.rows, "locked": done.locked}
    left = {"remaining": change_facts(done.remaining), "refused": done.refused}
    out.result({**facts, **left}, render)

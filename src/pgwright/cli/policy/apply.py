"""`pgwright policy plan` and `apply`: make what the models declare about tables over time hold."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from pgwright.cli.context import Invocation
from pgwright.cli.group import command, pass_invocation
from pgwright.cli.hazards import allow_option, guard_options
from pgwright.cli.schema.output import plan_facts, show_applied, show_notes, show_plan
from pgwright.cli.schema.sources import manner_of, source_of, workshop_of
from pgwright.model.wording import counted

if TYPE_CHECKING:
    from pgwright.cli.output import Output
    from pgwright.diff.proposal import Proposal


@command("plan")
@click.argument("source", required=False)
@click.option("--table", "only", multiple=True, metavar="PATTERN", help="Only tables that match: public.log*")
@click.option("--no-rehearsal", is_flag=True, help="Do not try the plan on a scratch database.")
@pass_invocation
def plan(invocation: Invocation, source: str | None, only: tuple[str, ...], no_rehearsal: bool) -> None:
    """Show what makes the declarations of SOURCE (default: the models) hold, tried on scratch.

    Example: pgwright policy plan --table public.audit_logs
    """
    proposal = _propose(invocation, source, only, rehearsed=not no_rehearsal)
    out = invocation.output

    def render() -> None:
        _show(out, proposal)
        if proposal.plan:
            out.line("to carry it out: pgwright policy apply")

    out.result(plan_facts(proposal.plan, proposal.rehearsal), render)


@command("apply")
@click.argument("source", required=False)
@click.option("--table", "only", multiple=True, metavar="PATTERN", help="Only tables that match: public.log*")
@click.option("--no-rehearsal", is_flag=True, help="Do not try the plan on a scratch database.")
@allow_option
@guard_options
@pass_invocation
def apply(
    invocation: Invocation,
    /,
    *,
    source: str | None,
    only: tuple[str, ...],
    no_rehearsal: bool,
    allow: tuple[str, ...],
    yes: bool,
    production: str | None,
) -> None:
    """Make the declarations of SOURCE (default: the models) hold: plan, rehearse, show, ask, apply, verify.

    Example: pgwright policy apply --yes
    """
    apply_policies(
        invocation, source, only, rehearsed=not no_rehearsal, allow=allow, yes=yes, production=production
    )


def apply_policies(
    invocation: Invocation,
    source: str | None,
    only: tuple[str, ...],
    *,
    rehearsed: bool,
    allow: tuple[str, ...],
    yes: bool,
    production: str | None,
) -> None:
    """Propose, show, ask, apply, and print what was done."""
    from pgwright.diff.apply import apply_plan, require_allowed

    proposal = _propose(invocation, source, only, rehearsed=rehearsed)
    out = invocation.output
    if not proposal.plan:
        out.result({"steps": 0, "notes": proposal.plan.notes}, lambda: _show(out, proposal))
        return
    if not out.json:
        _show(out, proposal)
    invocation.refuse_production("applying policies", named=production)
    require_allowed(proposal.plan, allow)
    invocation.confirm(f"Apply {counted(len(proposal.plan.steps), 'step')}?", yes=yes)
    invocation.state_left = "finished steps stay; go on with: pgwright schema resume"
    done = apply_plan(
        invocation.database.url, proposal.plan, proposal.ends, allow=allow, manner=manner_of(invocation)
    )
    show_applied(out, done)


def _show(out: Output, proposal: Proposal) -> None:
    notes = proposal.plan.notes
    show_notes(out, notes)
    if proposal.plan:
        show_plan(out, proposal)
    else:
        out.line("there is nothing to do here yet" if notes else "nothing to do: the declarations hold")


def _propose(
    invocation: Invocation, source: str | None, only: tuple[str, ...], *, rehearsed: bool
) -> Proposal:
    from pgwright.timeseries.proposal import propose_policies

    return propose_policies(
        invocation.database.url,
        source_of(invocation, source or "models"),
        workshop=workshop_of(invocation),
        rehearsed=rehearsed,
        only=only,
    )

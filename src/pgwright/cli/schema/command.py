"""`pgwright schema`: compare, plan, apply, write down."""

from __future__ import annotations

import shlex
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from pgwright.cli.context import Invocation
from pgwright.cli.encode import Verbatim
from pgwright.cli.group import group, pass_invocation
from pgwright.cli.hazards import allow_option, guard_options
from pgwright.cli.migrate.output import remark_record
from pgwright.cli.schema.create import create
from pgwright.cli.schema.docs import docs, report
from pgwright.cli.schema.output import (
    change_facts,
    plan_facts,
    show_applied,
    show_changes,
    show_notes,
    show_nothing_to_do,
    show_plan,
    show_steps,
)
from pgwright.cli.schema.saved import apply_saved, plan_option, require_alone, save_option
from pgwright.cli.schema.sources import (
    manner_of,
    selection_of,
    selection_options,
    selection_words,
    source_of,
    workshop_of,
)
from pgwright.cli.schema.summary import show_summary, uses_at
from pgwright.errors import PlanStale
from pgwright.model.plan import Plan
from pgwright.model.wording import counted

if TYPE_CHECKING:
    from pgwright.diff.comparison import Comparison
    from pgwright.diff.proposal import Proposal


@group("schema")
def command() -> None:
    """Compare schemas, plan a safe way from one to the other, apply it.

    Example: pgwright schema diff
    """


for below in (create, report, docs):
    command.add_command(below)


@command.command("diff")
@click.argument("before", required=False)
@click.argument("after", required=False)
@selection_options
@click.option("--summary", is_flag=True, help="Say only how many objects differ, by kind.")
@click.pass_context
def diff(ctx: click.Context, /, before: str | None, after: str | None, summary: bool, **chosen: Any) -> None:
    """Report what differs on the way from BEFORE to AFTER; exit code 1 when something does.

    Without arguments: from the project's database to its models. As SQL: pgwright schema validate.

    Example: pgwright schema diff staging production
    """
    invocation = ctx.ensure_object(Invocation)
    comparison = _compare(invocation, before, after, chosen)
    out = invocation.output

    def render() -> None:
        show_notes(out, comparison.notes)
        show_changes(out, comparison.changes, summary=summary)
        if comparison.changes and before is after is None:
            out.line("what would mend it: pgwright schema plan")
        elif comparison.changes:
            words = [*_spelt(before), *_spelt(after), *selection_words(chosen)]
            out.remark(f"as SQL: pgwright schema validate {shlex.join(words)}")

    out.result({"changes": change_facts(comparison.changes), "notes": comparison.notes}, render)
    if comparison.changes:
        ctx.exit(1)


@command.command("validate")
@click.argument("before", required=False)
@click.argument("after", required=False)
@selection_options
@click.option("--offline", is_flag=True, help="Write the short plan, which may block writers.")
@click.option("--summary", is_flag=True, help="Say only how many objects differ, by kind.")
@click.pass_context
def validate(
    ctx: click.Context, /, before: str | None, after: str | None, offline: bool, summary: bool, **chosen: Any
) -> None:
    """Print the SQL that leads from BEFORE to AFTER; nothing, and exit code 0, when they are equal.

    Without arguments: from the project's database to its models.

    Example: pgwright schema validate > changes.sql
    """
    invocation = ctx.ensure_object(Invocation)
    comparison = _compare(invocation, before, after, chosen)
    plan = _plan(invocation, comparison, online=not offline)
    out = invocation.output
    show_notes(out, (*comparison.notes, *plan.notes))

    def render() -> None:
        if plan and summary:
            show_changes(out, comparison.changes, summary=True)
        elif plan:
            from pgwright.diff.script import plan_script

            out.verbatim(plan_script(plan))

    out.result(plan_facts(plan), render)
    if plan:
        ctx.exit(1)


@command.command("plan")
@click.argument("after", required=False)
@selection_options
@click.option("--offline", is_flag=True, help="Make the short plan, which may block writers.")
@click.option("--no-rehearsal", is_flag=True, help="Do not try the plan on a scratch database.")
@click.option(
    "--rename", multiple=True, metavar="OLD=NEW", help="public.users.mail=email, or public.mood.glad=happy"
)
@save_option
@pass_invocation
def plan(
    invocation: Invocation,
    /,
    *,
    after: str | None,
    offline: bool,
    no_rehearsal: bool,
    rename: tuple[str, ...],
    path: Path | None,
    **chosen: Any,
) -> None:
    """Show the steps that bring the database to AFTER (default: the models), tried on scratch.

    Example: pgwright schema plan --rename public.users.mail=public.users.email
    """
    from pgwright.diff.needs import lacking_at
    from pgwright.diff.proposal import propose

    comparison = _compare(invocation, None, after, chosen)
    proposal = propose(
        comparison,
        renames=rename or _asked_renames(invocation, comparison),
        online=not offline,
        rehearsed=not no_rehearsal,
        scratch=invocation.project.scratch,
    )
    out = invocation.output
    notes = (*comparison.notes, *proposal.plan.notes)
    here = invocation.database.url
    if proposal.plan and (lacks := lacking_at(here, proposal.plan, comparison.before, comparison.after)):
        notes = (*notes, lacks)

    uses = uses_at(here, proposal.plan)
    words = _same_plan(proposal, after, offline=offline, chosen=chosen)
    if path:
        from pgwright.diff.saved import save_plan

        save_plan(path, proposal, words=words)

    def render() -> None:
        show_notes(out, notes)
        show_plan(out, proposal, uses)
        if proposal.plan or path:
            exactly = f" --plan {shlex.quote(str(path))}" if path else words
            said = f"to carry it out: pgwright schema apply{exactly}"
            as_migration = "; as a migration: pgwright migrate create --autogenerate -m TEXT"
            out.line(said + (as_migration if invocation.project.migrations and not after else ""))

    out.result({**plan_facts(proposal.plan, proposal.rehearsal, uses), "notes": notes}, render)


@command.command("apply")
@click.argument("after", required=False)
@selection_options
@click.option("--offline", is_flag=True, help="Make the short plan, which may block writers.")
@click.option("--no-rehearsal", is_flag=True, help="Do not try the plan on a scratch database.")
@click.option(
    "--rename", multiple=True, metavar="OLD=NEW", help="public.users.mail=email, or public.mood.glad=happy"
)
@plan_option
@allow_option
@guard_options
@pass_invocation
def apply(
    invocation: Invocation,
    /,
    *,
    after: str | None,
    offline: bool,
    no_rehearsal: bool,
    rename: tuple[str, ...],
    saved: Path | None,
    allow: tuple[str, ...],
    yes: bool,
    production: str | None,
    **chosen: Any,
) -> None:
    """Bring the database to AFTER (default: the models): plan, rehearse, show, ask, apply, verify.

    Example: pgwright schema apply --allow deletes-data
    """
    if saved:
        require_alone(after, {**chosen, "offline": offline, "rename": rename})
        apply_saved(invocation, saved, allow=allow, yes=yes, production=production)
        return
    from pgwright.diff.apply import apply_plan, require_allowed
    from pgwright.diff.needs import require_none_lacking
    from pgwright.diff.proposal import propose

    comparison = _compare(invocation, None, after, chosen)
    proposal = propose(
        comparison,
        renames=rename or (() if yes else _asked_renames(invocation, comparison)),
        online=not offline,
        rehearsed=not no_rehearsal,
        scratch=invocation.project.scratch,
    )
    out = invocation.output
    if not proposal.plan:
        show_notes(out, comparison.notes)
        show_nothing_to_do(out, comparison.notes)
        return
    if not out.json:
        show_notes(out, (*comparison.notes, *proposal.plan.notes))
        show_plan(out, proposal, uses_at(invocation.database.url, proposal.plan), allow=allow)
    require_none_lacking(invocation.database.url, proposal.plan, comparison.before, comparison.after)
    invocation.refuse_production("applying a plan", named=production)
    require_allowed(proposal.plan, allow)
    invocation.confirm(f"Apply {counted(len(proposal.plan.steps), 'step')}?", yes=yes)
    invocation.state_left = "finished steps stay; go on with: pgwright schema resume"
    try:
        done = apply_plan(
            invocation.database.url, proposal.plan, proposal.ends, allow=allow, manner=manner_of(invocation)
        )
    except PlanStale as exc:
        words = _same_plan(proposal, after, offline=offline, chosen=chosen)
        exc.hint = f"plan again: pgwright schema plan{words}"
        raise
    show_applied(invocation.output, done)
    remark_record(invocation)


@command.command("resume")
@click.argument("run", required=False)
@click.option("--undo", is_flag=True, help="Go back to where the run came from instead.")
@allow_option
@click.option("--yes", is_flag=True, help="Do not ask before --undo.")
@click.option("--production", metavar="NAME", help="Name the production database that --undo may change.")
@pass_invocation
def resume_run(
    invocation: Invocation,
    /,
    *,
    run: str | None,
    undo: bool,
    allow: tuple[str, ...],
    yes: bool,
    production: str | None,
) -> None:
    """Go on with an apply that was killed or failed, or take it back with --undo.

    What goes on was agreed to when it began; the way back is shown first, and asked for.

    Example: pgwright schema resume 7f3a
    """
    from pgwright.diff.apply import require_allowed
    from pgwright.diff.resume import resume

    if undo:
        invocation.refuse_production("taking a run back", named=production)

    def agree(plan: Plan) -> None:
        if undo and plan:
            if not invocation.output.json:
                show_notes(invocation.output, plan.notes)
                show_steps(invocation.output, plan)
                invocation.output.line()
                show_summary(invocation.output, plan, uses_at(invocation.database.url, plan), allow=allow)
            require_allowed(plan, allow)
            invocation.confirm(f"Take it back in {counted(len(plan.steps), 'step')}?", yes=yes)
        invocation.state_left = "finished steps stay; go on with: pgwright schema resume"

    done = resume(
        invocation.database.url, run, undo=undo, allow=allow, agree=agree, manner=manner_of(invocation)
    )
    show_applied(invocation.output, done)
    remark_record(invocation)


@command.command("generate")
@click.argument("source", required=False)
@click.option("-o", "--output", "path", type=click.Path(path_type=Path), help="Write here, not to stdout.")
@selection_options
@pass_invocation
def generate(invocation: Invocation, /, source: str | None, path: Path | None, **chosen: Any) -> None:
    """Write SOURCE (default: the models) as one SQL script that can be run again without harm.

    Example: pgwright schema generate --output schema.sql
    """
    from pgwright.diff.build import empty_database
    from pgwright.diff.comparison import declared
    from pgwright.diff.outside import needed_outside
    from pgwright.diff.script import script
    from pgwright.diff.unread import named
    from pgwright.observe.docs.write import write_text

    selection = selection_of(chosen)
    catalog = declared(source_of(invocation, source or "models"), workshop_of(invocation), selection)
    # What is left out is left alone: schema public, which every new database has, does not go.
    text = script(catalog, selection.apply(empty_database(invocation.project.scratch)))
    out = invocation.output
    notes = (*named(catalog.unhandled), *needed_outside(catalog, selection))
    show_notes(out, notes)
    facts = {"digest": catalog.digest, "notes": notes}
    if path is not None:
        write_text(path, text + "\n")
        out.result({"file": str(path), **facts}, lambda: out.line(f"wrote {path}"))
    else:
        out.result({"sql": Verbatim(text), **facts}, lambda: out.verbatim(text))


def _compare(
    invocation: Invocation, before: str | None, after: str | None, chosen: dict[str, Any]
) -> Comparison:
    if before is not None and after is None:
        before, after = None, before
    old = source_of(invocation, before) if before else invocation.database.url
    new = source_of(invocation, after or "models")
    workshop = workshop_of(invocation)
    with workshop.ahead(old, new):
        # Loads the driver, which takes long: models are imported at the same time.
        from pgwright.diff.comparison import compare_sources

        return compare_sources(old, new, workshop=workshop, selection=selection_of(chosen))


def _plan(invocation: Invocation, comparison: Comparison, *, online: bool) -> Plan:
    before, after, selection = comparison.before, comparison.after, comparison.selection
    if not comparison.changes:
        # Most often, in a check that runs often: the planner need not even be loaded.
        server = comparison.server or before.server
        return Plan(from_digest=before.digest, to_digest=after.digest, server=server, steps=())
    from dataclasses import replace

    from pgwright.diff.needless import without_needless
    from pgwright.diff.outside import require_apart, touched_outside
    from pgwright.diff.stages import plan_in_stages

    scratch = invocation.project.scratch
    require_apart(before, after, selection, ())
    plan, _ = plan_in_stages(before, after, online=online, scratch=scratch, server=comparison.server)
    return replace(without_needless(plan)[0], notes=touched_outside(plan, before, selection))


def _same_plan(proposal: Proposal, after: str | None, *, offline: bool, chosen: dict[str, Any]) -> str:
    """Return the words after `plan` or `apply` that mean the same plan, with what was answered."""
    words = [*_spelt(after), *selection_words(chosen), *(["--offline"] if offline else [])]
    told = [r.option for r in proposal.ends.renames]
    return "".join(f" {word}" for word in (*map(shlex.quote, words), *told))


def _spelt(source: str | None) -> list[str]:
    """Return the word that names a source in a command to type, without its password; none for no source."""
    from pgwright.pg.redact import safe_url
    from pgwright.sources.workshop import is_database

    return [safe_url(source) if is_database(source) else source] if source else []


def _asked_renames(invocation: Invocation, comparison: Comparison) -> tuple[str, ...]:
    """Ask whether what looks like a rename is one, where somebody is there to answer."""
    if invocation.output.json or not sys.stdin.isatty():
        return ()
    from pgwright.diff.lookalike import likely_renames

    return tuple(
        str(rename)
        for rename in likely_renames(comparison.before, comparison.after)
        if invocation.ask(f"Is {rename.new} the {rename.old} under a new name?")
    )

"""`pgwright schema`: compare, plan, apply, write down."""

from __future__ import annotations

import sys
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from pgwright.cli.context import Invocation
from pgwright.cli.group import group, pass_invocation
from pgwright.cli.schema_output import change_facts, plan_facts, show_changes, show_notes, show_plan
from pgwright.errors import PgwrightError, UsageError

if TYPE_CHECKING:
    from pgwright.diff.apply import Manner
    from pgwright.diff.comparison import Comparison
    from pgwright.model.plan import Plan, Step
    from pgwright.model.selection import Selection
    from pgwright.sources.load import Workshop

_SOURCES = (
    "A source is the URL of a database, sqlalchemy:module:Base, django:settings.module, file:schema.sql, "
    "the name of a database in pgwright.toml, or the word models."
)


@group("schema")
def command() -> None:
    """Compare schemas, plan a safe way from one to the other, apply it.

    Example: pgwright schema diff
    """


def selection_options(function: Callable[..., Any]) -> Callable[..., Any]:
    """Add the options that choose a part of a database."""
    options = (
        click.option("--schema", "schemas", multiple=True, metavar="NAME", help="Only this schema."),
        click.option("--include", multiple=True, metavar="PATTERN", help="Only what matches: public.audit_*"),
        click.option("--exclude", multiple=True, metavar="PATTERN", help="Leave out what matches."),
        click.option("--no-owner", is_flag=True, help="Do not compare owners."),
        click.option("--no-privileges", is_flag=True, help="Do not compare grants and default privileges."),
    )
    for option in reversed(options):
        function = option(function)
    return function


@command.command("diff")
@click.argument("before", required=False)
@click.argument("after", required=False)
@selection_options
@click.option("--summary", is_flag=True, help="Say only how many objects differ, by kind.")
@click.pass_context
def diff(ctx: click.Context, /, before: str | None, after: str | None, summary: bool, **chosen: Any) -> None:
    """Report what differs on the way from BEFORE to AFTER; exit code 1 when something does.

    Without arguments: from the project's database to its models.

    Example: pgwright schema diff staging production
    """
    invocation = ctx.ensure_object(Invocation)
    comparison = _compare(invocation, before, after, chosen)
    out = invocation.output

    def render() -> None:
        show_notes(out, comparison.notes)
        show_changes(out, comparison.changes, summary=summary)

    out.result({"changes": change_facts(comparison.changes), "notes": comparison.notes}, render)
    if comparison.changes:
        ctx.exit(1)


@command.command("validate")
@click.argument("before", required=False)
@click.argument("after", required=False)
@selection_options
@click.option("--offline", is_flag=True, help="Write the short plan, which may block writers.")
@click.pass_context
def validate(
    ctx: click.Context, /, before: str | None, after: str | None, offline: bool, **chosen: Any
) -> None:
    """Print the SQL that leads from BEFORE to AFTER; nothing, and exit code 0, when they are equal.

    Without arguments: from the project's database to its models.

    Example: pgwright schema validate > changes.sql
    """
    from pgwright.diff.script import plan_script

    invocation = ctx.ensure_object(Invocation)
    comparison = _compare(invocation, before, after, chosen)
    plan = _plan(comparison, online=not offline)
    out = invocation.output
    show_notes(out, comparison.notes)
    out.result(plan_facts(plan), lambda: out.line(plan_script(plan)) if plan else None)
    if plan:
        ctx.exit(1)


@command.command("plan")
@click.argument("after", required=False)
@selection_options
@click.option("--offline", is_flag=True, help="Make the short plan, which may block writers.")
@click.option("--no-rehearsal", is_flag=True, help="Do not try the plan on a scratch database.")
@click.option("--rename", multiple=True, metavar="OLD=NEW", help="public.users.mail=public.users.email")
@pass_invocation
def plan(
    invocation: Invocation,
    /,
    after: str | None,
    offline: bool,
    no_rehearsal: bool,
    rename: tuple[str, ...],
    **chosen: Any,
) -> None:
    """Show the steps that bring the database to AFTER (default: the models), tried on scratch.

    Example: pgwright schema plan --rename public.users.mail=public.users.email
    """
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

    def render() -> None:
        show_notes(out, (*comparison.notes, *proposal.plan.notes))
        show_plan(out, proposal)

    out.result(plan_facts(proposal.plan, proposal.rehearsal), render)


@command.command("apply")
@click.argument("after", required=False)
@selection_options
@click.option("--offline", is_flag=True, help="Make the short plan, which may block writers.")
@click.option("--no-rehearsal", is_flag=True, help="Do not try the plan on a scratch database.")
@click.option("--rename", multiple=True, metavar="OLD=NEW", help="public.users.mail=public.users.email")
@click.option("--allow", multiple=True, metavar="HAZARD", help="Accept a hazard by its name: deletes-data.")
@click.option("--yes", is_flag=True, help="Do not ask.")
@click.option("--production", metavar="NAME", help="Name the production database that this may change.")
@pass_invocation
def apply(
    invocation: Invocation,
    /,
    *,
    after: str | None,
    offline: bool,
    no_rehearsal: bool,
    rename: tuple[str, ...],
    allow: tuple[str, ...],
    yes: bool,
    production: str | None,
    **chosen: Any,
) -> None:
    """Bring the database to AFTER (default: the models): plan, rehearse, show, ask, apply, verify.

    Example: pgwright schema apply --allow deletes-data
    """
    from pgwright.diff.apply import apply_plan, require_allowed
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
        out.result({"steps": 0}, lambda: out.line("nothing to do: the database is what it should be"))
        return
    if not out.json:
        show_notes(out, (*comparison.notes, *proposal.plan.notes))
        show_plan(out, proposal)
    invocation.refuse_production("applying a plan", named=production)
    require_allowed(proposal.plan, allow)
    invocation.confirm(f"Apply {len(proposal.plan.steps)} steps?", yes=yes)
    invocation.state_left = "finished steps stay; go on with: pgwright schema resume"
    done = apply_plan(
        invocation.database.url, proposal.plan, proposal.ends, allow=allow, manner=_manner(invocation)
    )
    _show_applied(invocation, done)


@command.command("resume")
@click.argument("run", required=False)
@click.option("--undo", is_flag=True, help="Go back to where the run came from instead.")
@click.option("--allow", multiple=True, metavar="HAZARD", help="Accept a hazard by its name: deletes-data.")
@pass_invocation
def resume_run(invocation: Invocation, run: str | None, undo: bool, allow: tuple[str, ...]) -> None:
    """Go on with an apply that was killed or failed, or take it back with --undo.

    Example: pgwright schema resume 7f3a
    """
    from pgwright.diff.resume import resume

    invocation.state_left = "finished steps stay; go on with: pgwright schema resume"
    done = resume(invocation.database.url, run, undo=undo, allow=allow, manner=_manner(invocation))
    _show_applied(invocation, done)


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
    from pgwright.diff.script import script

    catalog = declared(_spec(invocation, source or "models"), _workshop(invocation), _selection(chosen))
    text = script(catalog, empty_database(invocation.project.scratch))
    out = invocation.output
    if path is not None:
        path.write_text(text + "\n", encoding="utf-8")
        out.result({"file": str(path), "digest": catalog.digest}, lambda: out.line(f"wrote {path}"))
    else:
        out.result({"sql": text, "digest": catalog.digest}, lambda: out.line(text))


def _compare(
    invocation: Invocation, before: str | None, after: str | None, chosen: dict[str, Any]
) -> Comparison:
    from pgwright.diff.comparison import compare_sources

    if before is not None and after is None:
        before, after = None, before
    return compare_sources(
        _spec(invocation, before) if before else invocation.database.url,
        _spec(invocation, after or "models"),
        workshop=_workshop(invocation),
        selection=_selection(chosen),
    )


def _plan(comparison: Comparison, *, online: bool) -> Plan:
    from pgwright.diff.planner import make_plan

    return make_plan(comparison.before, comparison.after, online=online)


def _spec(invocation: Invocation, word: str) -> str:
    """Return the source that a word stands for: models, a database of the project, or a source itself."""
    project = invocation.project
    if word == "models":
        if project.models is None:
            raise UsageError(
                "this project names no models",
                detail=_SOURCES,
                hint='set models = "sqlalchemy:app.models:Base" under [project] in pgwright.toml',
            )
        return project.models
    if any(database.name == word for database in project.databases):
        return project.database(word).url
    return word


def _selection(chosen: dict[str, Any]) -> Selection:
    from pgwright.model.selection import Selection

    return Selection(
        schemas=chosen["schemas"],
        include=chosen["include"],
        exclude=chosen["exclude"],
        owners=not chosen["no_owner"],
        privileges=not chosen["no_privileges"],
    )


def _workshop(invocation: Invocation) -> Workshop:
    from pgwright.sources.load import Workshop

    return Workshop(root=invocation.project.root, scratch=invocation.project.scratch)


def _asked_renames(invocation: Invocation, comparison: Comparison) -> tuple[str, ...]:
    """Ask whether what looks like a rename is one, where somebody is there to answer."""
    if invocation.output.json or not sys.stdin.isatty():
        return ()
    from pgwright.diff.lookalike import likely_renames

    return tuple(
        str(rename)
        for rename in likely_renames(comparison.before, comparison.after)
        if click.confirm(f"Is {rename.new} the {rename.old} under a new name?", default=False, err=True)
    )


def _manner(invocation: Invocation) -> Manner:
    from pgwright.diff.apply import Manner

    def tell(step: Step) -> None:
        if not invocation.output.json:
            invocation.output.remark(f"{step.id}. {step.summary}", level="done")

    def tell_waiting(step: Step, error: PgwrightError) -> None:
        invocation.output.remark(f"{step.id}. {step.summary}: {error.message}; trying again", level="waiting")

    return Manner(on_step=tell, on_wait=tell_waiting, scratch=invocation.project.scratch)


def _show_applied(invocation: Invocation, done: Any) -> None:
    out = invocation.output

    def render() -> None:
        show_notes(out, done.notes)
        if done.remaining:
            out.line(f"run {done.run.id}: {done.steps} steps done, but the database is not yet the target:")
            show_changes(out, done.remaining)
        else:
            out.line(f"run {done.run.id}: {done.steps} steps done; the database is what it should be")

    facts = {"run": done.run.id, "steps": done.steps, "remaining": change_facts(done.remaining)}
    out.result({**facts, "notes": done.notes}, render)

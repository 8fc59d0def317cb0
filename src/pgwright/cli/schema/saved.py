"""Plans in files: written by `schema plan --save`, carried out by `schema apply --plan`."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from pgwright.cli.context import Invocation
from pgwright.cli.migrate.output import remark_record
from pgwright.cli.schema.output import show_applied, show_notes, show_nothing_to_do, show_steps
from pgwright.cli.schema.sources import manner_of
from pgwright.cli.schema.summary import show_summary, uses_at
from pgwright.errors import PlanStale, UsageError
from pgwright.model.wording import counted

if TYPE_CHECKING:
    from pgwright.diff.saved import SavedPlan

save_option = click.option(
    "--save",
    "path",
    type=click.Path(path_type=Path, dir_okay=False),
    metavar="FILE",
    help="Keep the plan, to apply exactly that later: schema apply --plan FILE",
)
plan_option = click.option(
    "--plan",
    "saved",
    type=click.Path(path_type=Path, dir_okay=False),
    metavar="FILE",
    help="Apply the plan that schema plan --save wrote.",
)


def require_alone(after: str | None, others: dict[str, Any]) -> None:
    """Raise `UsageError` where something beside a saved plan says what is to be planned."""
    if after or any(others.values()):
        raise UsageError(
            "a saved plan is applied as it is: --plan goes without AFTER, filters, renames and --offline",
            hint="leave them out, or make another plan: pgwright schema plan --save FILE",
        )


def apply_saved(
    invocation: Invocation, path: Path, *, allow: tuple[str, ...], yes: bool, production: str | None
) -> None:
    """Show a saved plan, ask, and run it against the database that it was made for as it is."""
    from pgwright.diff.apply import apply_plan, is_reached, require_allowed
    from pgwright.diff.needs import require_none_lacking
    from pgwright.diff.saved import load_plan

    saved = load_plan(path)
    url, manner, out = invocation.database.url, manner_of(invocation), invocation.output
    try:
        reached = is_reached(url, saved.plan, saved.ends, manner)
        if reached or not saved.plan:
            show_nothing_to_do(out, saved.plan.notes)
            return
        if not out.json:
            _show(invocation, saved, allow)
        require_none_lacking(url, saved.plan, saved.ends.before, saved.ends.after)
        invocation.refuse_production("applying a plan", named=production)
        require_allowed(saved.plan, allow)
        invocation.confirm(f"Apply {counted(len(saved.plan.steps), 'step')}?", yes=yes)
        invocation.state_left = "finished steps stay; go on with: pgwright schema resume"
        done = apply_plan(url, saved.plan, saved.ends, allow=allow, manner=manner)
    except PlanStale as exc:
        exc.hint = f"plan again, and compare: pgwright schema plan{saved.words} --save {path}"
        raise
    show_applied(out, done)
    remark_record(invocation)


def _show(invocation: Invocation, saved: SavedPlan, allow: tuple[str, ...]) -> None:
    out = invocation.output
    show_notes(out, saved.plan.notes)
    show_steps(out, saved.plan)
    out.line()
    tried = "rehearsed on scratch when it was made" if saved.rehearsed else "not rehearsed"
    out.line(f"{counted(len(saved.plan.steps), 'step')}, {tried}")
    show_summary(out, saved.plan, uses_at(invocation.database.url, saved.plan), allow=allow)

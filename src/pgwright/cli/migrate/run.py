"""`pgwright migrate upgrade`, `downgrade` and `resume`."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import click

from pgwright.cli.context import Invocation
from pgwright.cli.group import command, pass_invocation
from pgwright.cli.hazards import allow_option, guard_options
from pgwright.cli.migrate.guard import guard_losses

if TYPE_CHECKING:
    from pgwright.migrate.way import Outcome, Pace, Way

_STATE_LEFT = "finished revisions stay; go on with: pgwright migrate resume"


def pace_options(function: Callable[..., Any]) -> Callable[..., Any]:
    """Add the options that say how patient a run is."""
    options = (
        click.option(
            "--lock-timeout",
            type=click.FloatRange(min=0.05),
            default=2.0,
            show_default=True,
            metavar="SECONDS",
            help="Let others queue behind a lock for this long at most, then try again.",
        ),
        click.option(
            "--statement-timeout",
            type=click.FloatRange(min=0),
            default=0.0,
            metavar="SECONDS",
            help="End a statement that takes longer. Default: no limit.",
        ),
        click.option(
            "--attempts",
            type=click.IntRange(min=1),
            default=20,
            show_default=True,
            help="How often a revision is tried that cannot have its locks.",
        ),
        click.option(
            "--wait",
            type=click.FloatRange(min=0),
            default=3600.0,
            show_default=True,
            metavar="SECONDS",
            help="How long to wait for another machine that migrates this database.",
        ),
    )
    for option in reversed(options):
        function = option(function)
    return function


def pace_of(chosen: dict[str, Any]) -> Pace:
    """Return what the options of `pace_options` chose."""
    from pgwright.migrate.way import Pace

    return Pace(
        lock_timeout=chosen["lock_timeout"],
        statement_timeout=chosen["statement_timeout"],
        attempts=chosen["attempts"],
        turn_wait=chosen["wait"],
    )


def run_way(invocation: Invocation, way: Way, pace: Pace, *, from_start: bool = False) -> Outcome:
    """Run migrations and tell about it on stderr."""
    from pgwright.cli.migrate.output import Reporter
    from pgwright.cli.progress import bars
    from pgwright.migrate.run import migrate

    invocation.state_left = _STATE_LEFT
    with bars(invocation.output) as shown:
        return migrate(
            invocation.project,
            invocation.database.url,
            way,
            pace=pace,
            audience=Reporter(shown),
            from_start=from_start,
        )


@command("upgrade")
@click.argument("revision", required=False)
@click.option(
    "--rehearse/--no-rehearsal",
    default=None,
    help="Try it on a scratch copy of the schema and stop. On production it is always tried first, unless "
    "--no-rehearsal.",
)
@click.option(
    "--with-data",
    type=click.IntRange(min=1),
    metavar="N",
    help="Rehearse with up to N rows of each table, and the rows that they refer to.",
)
@click.option("--yes", is_flag=True, help="Do not ask, on production.")
@pace_options
@click.pass_context
def upgrade(
    ctx: click.Context,
    /,
    *,
    revision: str | None,
    rehearse: bool | None,
    with_data: int | None,
    yes: bool,
    **chosen: Any,
) -> None:
    """Apply the pending migrations, or those up to REVISION.

    REVISION is what the project's tool understands: head, +1 or an id for Alembic; app or app.0003 for
    Django. With --rehearse: exit code 1 when the end is not what the models say.

    Example: pgwright migrate upgrade --rehearse --with-data 1000
    """
    from pgwright.cli.migrate.guard import rehearsal_facts, rehearsed, show_rehearsal
    from pgwright.cli.migrate.output import show_outcome
    from pgwright.migrate.tools import tool_of
    from pgwright.migrate.way import UP, Way

    invocation = ctx.ensure_object(Invocation)
    tool, out = tool_of(invocation.project), invocation.output
    way = Way(direction=UP, target=revision or tool.newest)
    is_production = invocation.database.is_production
    is_due = True
    if rehearse or with_data or (is_production and rehearse is None):
        done = rehearsed(invocation, way, with_data=with_data or 0)
        if rehearse or with_data:
            out.result(rehearsal_facts(done), lambda: show_rehearsal(invocation, done))
            ctx.exit(1 if done.differences else 0)
        is_due = bool(done.revisions)
        if is_due and not out.json:
            show_rehearsal(invocation, done)
    if is_production and is_due:
        invocation.confirm(f"Migrate the production database {invocation.database.name}?", yes=yes)
    show_outcome(out, run_way(invocation, way, pace_of(chosen)))


def _named(_: click.Context, __: click.Parameter, revision: str) -> str:
    if not revision.strip():
        from pgwright.errors import UsageError

        raise UsageError(
            "an empty word is no revision",
            detail="nothing was done",
            hint="see them all: pgwright migrate history",
        )
    return revision


# "-1" is a revision here, not an option.
@command(
    "downgrade", context_settings={"ignore_unknown_options": True, "help_option_names": ["-h", "--help"]}
)
@click.argument("revision", callback=_named)
@allow_option
@guard_options
@pace_options
@pass_invocation
def downgrade(
    invocation: Invocation,
    /,
    *,
    revision: str,
    allow: tuple[str, ...],
    yes: bool,
    production: str | None,
    **chosen: Any,
) -> None:
    """Take migrations back: those after REVISION, or the last one with -1.

    It is tried on a scratch copy first. Where it would delete rows, it says which and asks.

    Example: pgwright migrate downgrade -1
    """
    from pgwright.cli.migrate.output import show_outcome
    from pgwright.migrate.way import DOWN, Way

    way = Way(direction=DOWN, target=revision)
    guard_losses(invocation, "a downgrade", way, allow=allow, yes=yes, production=production)
    show_outcome(invocation.output, run_way(invocation, way, pace_of(chosen)))


@command("reset")
@allow_option
@guard_options
@pace_options
@pass_invocation
def reset(
    invocation: Invocation, /, *, allow: tuple[str, ...], yes: bool, production: str | None, **chosen: Any
) -> None:
    """Take all migrations back, then apply them again: an empty database at the newest revision.

    It says which rows that deletes, and asks.

    Example: pgwright migrate reset
    """
    from pgwright.cli.migrate.output import show_outcome
    from pgwright.migrate.tools import tool_of
    from pgwright.migrate.way import DOWN, UP, Way

    tool = tool_of(invocation.project)
    down, up = Way(direction=DOWN, target=tool.oldest), Way(direction=UP, target=tool.newest)
    guard_losses(invocation, "a reset", down, allow=allow, yes=yes, production=production)
    run_way(invocation, down, pace_of(chosen))
    show_outcome(invocation.output, run_way(invocation, up, pace_of(chosen)))


@command("resume")
@click.option("--from-start", is_flag=True, help="Run a half-done revision again from its first statement.")
@pace_options
@pass_invocation
def resume(invocation: Invocation, /, *, from_start: bool, **chosen: Any) -> None:
    """Go on with a run that was killed or failed.

    What is committed stays and is not run again, also within a revision that commits in pieces.

    Example: pgwright migrate resume
    """
    from pgwright.cli.migrate.output import show_outcome
    from pgwright.errors import UsageError
    from pgwright.migrate.runs import last_run, way_of
    from pgwright.model.run import RunStatus

    with invocation.connect(autocommit=True) as conn:
        last = last_run(conn)
        way = way_of(conn, last) if last else None
    if last is None or way is None or last.status is RunStatus.SUCCEEDED:
        said = f"run {last.id} ended well" if last else "pgwright has run no migrations in this database"
        if last and way is None:
            said = f"run {last.id} wrote the record anew"
        raise UsageError(
            f"there is nothing to resume: {said}",
            detail="nothing was done",
            hint="apply what is pending: pgwright migrate upgrade",
        )
    show_outcome(invocation.output, run_way(invocation, way, pace_of(chosen), from_start=from_start))

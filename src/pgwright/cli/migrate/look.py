"""`pgwright migrate current`, `status`, `history` and `sql`: look, change nothing."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from pgwright.cli.context import Invocation
from pgwright.cli.group import command, pass_invocation
from pgwright.cli.output import duration

if TYPE_CHECKING:
    from pgwright.migrate.standing import Standing


def _standing(invocation: Invocation) -> Standing:
    from pgwright.migrate.standing import standing

    with invocation.connect(autocommit=True) as conn:
        return standing(conn, invocation.project)


@command("current")
@pass_invocation
def current(invocation: Invocation) -> None:
    """Print the revisions that the database is at, one a line.

    Example: pgwright migrate current
    """
    state, out = _standing(invocation).state, invocation.output

    def render() -> None:
        for id in state.current:
            out.line(f"{id} (head)" if id in state.heads else id)
        if not state.current:
            out.remark(f"no revision: {len(state.pending)} are pending")

    out.result({"current": list(state.current), "heads": list(state.heads)}, render)


@command("status")
@click.option("--drift", is_flag=True, help="Compare the live schema with the models as well (seconds).")
@click.pass_context
def status(ctx: click.Context, /, *, drift: bool) -> None:
    """Show what is pending, what was run last and by whom, and what does not fit.

    Exit code 1 when something is pending, wrong or (with --drift) different.

    Example: pgwright migrate status --drift
    """
    invocation = ctx.ensure_object(Invocation)
    out = invocation.output
    found = _standing(invocation)
    differences = _differences(invocation) if drift else None
    state = found.state
    facts = {
        "tool": state.tool,
        "current": list(state.current),
        "heads": list(state.heads),
        "applied": state.applied,
        "pending": [{"id": r.id, "message": r.message} for r in state.pending],
        "problems": [vars(problem) for problem in found.problems],
        "drift": differences,
        "last_run": found.last_run,
    }
    out.result(facts, lambda: _render_status(invocation, found, differences))
    if state.pending or found.problems or differences:
        ctx.exit(1)


def _differences(invocation: Invocation) -> list[str] | None:
    from pgwright.cli.schema.sources import source_of, workshop_of
    from pgwright.diff.compare import summarise
    from pgwright.diff.comparison import compare_sources

    comparison = compare_sources(
        invocation.database.url, source_of(invocation, "models"), workshop=workshop_of(invocation)
    )
    return [str(change) for change in summarise(comparison.changes)]


def _render_status(invocation: Invocation, found: Standing, differences: list[str] | None) -> None:
    out, state, run = invocation.output, found.state, found.last_run
    out.line(f"current   {', '.join(state.current) or 'no revision'}")
    out.line(f"newest    {', '.join(state.heads) or 'none'}")
    out.line(f"applied   {state.applied} of {state.applied + len(state.pending)}")
    if run is not None:
        out.line(f"last run  {run.id} ({run.job}): {run.status.value}, {run.started_at:%Y-%m-%d %H:%M:%S %Z}")
        if run.error:
            out.line(f"          {run.error.splitlines()[0]}")
    for revision in state.pending:
        # Django's migrations have no message but their name.
        said = "" if revision.id.endswith(f".{revision.message}") else f"  {revision.message}"
        out.line(f"pending   {revision.id}{said}", style="yellow")
    if differences is not None:
        out.line(f"drift     {len(differences) or 'none'}")
        for line in differences:
            out.line(f"          {line}", style="yellow")
    for problem in found.problems:
        out.line(f"problem   {problem.message}", style="red")
        out.line(f"          {problem.hint}")
    if state.pending and not found.problems:
        out.line("next      pgwright migrate upgrade")


@command("history")
@click.option("-n", "--limit", type=click.IntRange(min=1), help="Show only the newest N.")
@pass_invocation
def history(invocation: Invocation, limit: int | None) -> None:
    """List the migrations, newest first: which are applied, who ran them and when.

    Who and when is known of what pgwright ran. A migration that another one replaces is squashed; a squashed
    one is unused where some of those that it replaces were run already.

    Example: pgwright migrate history -n 10
    """
    found, out = _standing(invocation), invocation.output
    pending = {revision.id for revision in found.state.pending}
    rows = [_unknown(id) for id in found.state.unknown]
    for revision in reversed(found.files.in_order(set(found.files.by_id))):
        record = None if revision.id in pending else found.records.get(revision.id)
        rows.append(
            {
                "id": revision.id,
                "message": revision.message,
                "parents": list(revision.parents),
                "state": _state(revision.id, found),
                "is_current": revision.id in found.state.current,
                "ended_at": record.ended_at if record else None,
                "actor": record.actor if record else None,
                "seconds": record.seconds if record else None,
                "run": record.run if record else None,
            }
        )
    rows = rows[:limit]

    def render() -> None:
        if not rows:
            out.line("no migrations yet")
            return
        columns = ("state", "revision", "message", "when", "by", "took")
        out.table(
            columns,
            [
                (
                    "current" if row["is_current"] and row["state"] == "applied" else row["state"],
                    row["id"],
                    row["message"],
                    row["ended_at"],
                    row["actor"],
                    duration(row["seconds"]),
                )
                for row in rows
            ],
        )

    out.result(rows, render)


def _state(id: str, found: Standing) -> str:
    if any(revision.id == id for revision in found.state.pending):
        return "pending"
    if id in found.state.aside:
        return "squashed" if found.files.is_squashed(id) else "unused"
    return "applied"


def _unknown(id: str) -> dict[str, Any]:
    """Return the row of a revision that the database records and no file has."""
    return {
        "id": id,
        "message": "on record in the database, and no file has it",
        "parents": [],
        "state": "unknown",
        "is_current": True,
        "ended_at": None,
        "actor": None,
        "seconds": None,
        "run": None,
    }


@command("sql")
@click.argument("revision", required=False)
@click.option(
    "--from", "start", metavar="REVISION", help="Begin after this one. Default: where the database is."
)
@click.option("-o", "--output", "path", type=click.Path(path_type=Path), help="Write here, not to stdout.")
@pass_invocation
def sql(invocation: Invocation, /, revision: str | None, start: str | None, path: Path | None) -> None:
    """Print the SQL that the project's tool would run, up to REVISION; nothing is run.

    With --from base (Alembic) or zero (Django) no database is asked where it stands.

    Example: pgwright migrate sql --output upgrade.sql
    """
    from pgwright.migrate.script import script_of
    from pgwright.observe.docs.write import write_text

    text = script_of(invocation.project, invocation.database.url, target=revision, start=start)
    out = invocation.output
    if path is not None:
        write_text(path, text)
        out.result({"file": str(path)}, lambda: out.line(f"wrote {path}"))
    elif text.strip():
        out.result({"sql": text}, lambda: out.line(text.rstrip()))
    else:
        out.result({"sql": ""}, lambda: out.remark("nothing is pending"))

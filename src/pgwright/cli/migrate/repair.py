"""`pgwright migrate repair`: give a database its revision back."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from pgwright.cli.context import Invocation
from pgwright.cli.group import command, pass_invocation
from pgwright.model.wording import counted

if TYPE_CHECKING:
    from pgwright.migrate.repair import Candidate, Diagnosis

_SHOWN = 10


@command("repair")
@click.argument("revision", required=False)
@click.option("--yes", is_flag=True, help="Do not ask, where exactly one schema fits.")
@pass_invocation
def repair(invocation: Invocation, /, *, revision: str | None, yes: bool) -> None:
    """Find the revision whose schema the database has, and record it.

    For a lost or wrong alembic_version or django_migrations. All revisions are run on a scratch database and
    compared with the live schema, one by one; only the record is written, after asking. With REVISION, that
    one is recorded without looking.

    Example: pgwright migrate repair
    """
    from pgwright.migrate.record import record

    out = invocation.output
    if revision is not None:
        wanted: tuple[str, ...] = _named(invocation, revision)
        invocation.confirm(f"Record that the database is at {revision}?", yes=yes)
    else:
        found = _diagnosis(invocation)
        if found.is_right:
            facts = {"recorded": list(found.recorded), "changed": False}
            out.result(facts, lambda: out.line("nothing to repair: the record fits the schema"))
            return
        if not out.json:
            _show(invocation, found)
        wanted = found.best.record
        _confirm(invocation, found.best, yes=yes)
    state = record(invocation.project, invocation.database.url, wanted)
    facts = {"recorded": list(state.current), "changed": True, "pending": [r.id for r in state.pending]}
    out.result(facts, lambda: out.line(f"recorded: the database is at {', '.join(state.current) or 'base'}"))


def _named(invocation: Invocation, revision: str) -> tuple[str, ...]:
    """Return what the tool's table holds when the database is at a revision."""
    from pgwright.errors import RevisionError
    from pgwright.migrate.revisions.files import files_of
    from pgwright.migrate.state import DJANGO
    from pgwright.migrate.tools import tool_of

    tool, files = tool_of(invocation.project), files_of(invocation.project)
    if revision == tool.oldest:
        return ()
    if revision in ("head", "heads"):
        return files.heads
    if revision not in files.by_id:
        raise RevisionError(
            f"no file has the revision {revision}",
            detail="nothing was changed",
            hint="see them all: pgwright migrate history",
        )
    if tool.name == DJANGO:
        return tuple(r.id for r in files.in_order(files.ancestors([revision])))
    return (revision,)


def _diagnosis(invocation: Invocation) -> Diagnosis:
    from pgwright.cli.progress import bars
    from pgwright.migrate.repair import diagnose

    with bars(invocation.output) as shown:

        def tell(_: str, number: int, total: int) -> None:
            shown.update("revisions compared", number - 1, total)

        return diagnose(invocation.project, invocation.database.url, tell=tell)


def _confirm(invocation: Invocation, best: Candidate, *, yes: bool) -> None:
    from pgwright.errors import HazardRefused
    from pgwright.migrate.tools import tool_of

    try:
        question = f"Record that the database is at {_name(best)}?"
        invocation.confirm(question, yes=yes and best.is_exact)
    except HazardRefused as refused:
        if not best.is_exact:
            chosen = best.revision or tool_of(invocation.project).oldest
            refused.hint = (
                f"the schema is of no revision; if the nearest is meant: pgwright migrate repair {chosen}; "
                "what differs from the models: pgwright schema diff"
            )
        raise


def _show(invocation: Invocation, found: Diagnosis) -> None:
    from pgwright.diff.compare import summarise

    out, best = invocation.output, found.best
    out.line(f"on record     {', '.join(found.recorded[-3:]) or 'nothing'}")
    if best.is_exact:
        out.line(f"schema is of  {_name(best)}", style="green")
        equal = [_name(c) for c in found.candidates[1:] if c.is_exact]
        if equal:
            out.line(f"              and of {', '.join(equal)}: the revisions between them change rows only")
        return
    out.line(f"nearest       {_name(best)}", style="yellow")
    changes = summarise(best.changes) if best.changes is not None else ()
    out.line(
        f"              from the database to that: {counted(len(changes) or best.distance, 'difference')}"
    )
    for change in changes[:_SHOWN]:
        out.line(f"              {change}")
    if len(changes) > _SHOWN:
        out.line(f"              and {len(changes) - _SHOWN} more")


def _name(candidate: Candidate) -> str:
    return candidate.revision or "no revision (an empty schema)"

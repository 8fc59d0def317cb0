"""`pgwright migrate create`: write a migration."""

from __future__ import annotations

import re
import shlex
import sys
from typing import TYPE_CHECKING, Any

import click

from pgwright.cli.context import Invocation
from pgwright.cli.group import command, pass_invocation
from pgwright.cli.hazards import allow_option
from pgwright.errors import HazardRefused, PgwrightError, UsageError, WriteRefused

if TYPE_CHECKING:
    from collections.abc import Sequence

    from pgwright.migrate.writing.create import Wish, Writing, Written
    from pgwright.model.catalog import ServerFacts
    from pgwright.model.plan import Hazard


def _worded(_: click.Context, __: click.Parameter, message: str) -> str:
    if not re.search(r"\w", message):
        raise UsageError(
            "the message has no word in it, and names the file",
            detail="nothing was written",
            hint='say what it does: -m "add invoices"',
        )
    return message


@command("create")
@click.option(
    "-m",
    "--message",
    required=True,
    callback=_worded,
    help="What it does, in a few words: the name of its file.",
)
@click.option(
    "--autogenerate", is_flag=True, help="Fill it with what leads from the migrations to the models."
)
@click.option(
    "--rename", multiple=True, metavar="OLD=NEW", help="public.users.mail=email, or public.mood.glad=happy"
)
@click.option("--no-rename", is_flag=True, help="What looks like a rename is none: drop the old one.")
@allow_option
@click.option("--offline", is_flag=True, help="Write the short way, which may block writers.")
@click.option("--app", metavar="LABEL", help="Django: the app that it belongs to.")
@click.option("--head", metavar="REV", help="Alembic: the revision to follow. Default: the only head.")
@click.option("--splice", is_flag=True, help="Alembic: let it branch off a --head that is none.")
@click.option("--branch-label", metavar="NAME", help="Alembic: a name for the branch that it begins.")
@click.option("--depends-on", multiple=True, metavar="REV", help="Alembic: what else must run before it.")
@click.option("--rev-id", metavar="ID", help="Alembic: its id. Default: a random one.")
@click.option("--version-path", metavar="FOLDER", help="Alembic: which of version_locations it goes to.")
@pass_invocation
def create(
    invocation: Invocation,
    /,
    *,
    message: str,
    autogenerate: bool,
    rename: tuple[str, ...],
    no_rename: bool,
    allow: tuple[str, ...],
    offline: bool,
    **options: Any,
) -> None:
    """Write a new migration of the project, empty or filled with what the models have that it lacks.

    A filled one was run up and down on a scratch database before it stays: it leads to the models, and back.

    Example: pgwright migrate create -m "add invoices" --autogenerate
    """
    from pgwright.migrate.writing.create import Wish, write_empty

    project = invocation.project
    wish = Wish(
        message=message,
        renames=rename,
        refused=("*",) if no_rename else (),
        online=not offline,
        options={**options, "depends_on": list(options["depends_on"])},
    )
    done = _autogenerate(invocation, wish, allow) if autogenerate else write_empty(project, wish)
    out = invocation.output

    for note in done.notes:
        out.remark(note)

    def render() -> None:
        if not done.files:
            out.line("nothing changed: the migrations lead to what the models say; no file was written")
        for one in done.files:
            _show(invocation, one)
        if done.files and autogenerate:
            out.line("tried on scratch, up to the models and back; review, then: pgwright migrate upgrade")
        elif done.files:
            out.line("it is empty: write into it, then: pgwright migrate upgrade; --autogenerate fills it")

    out.result({"written": [_facts(one) for one in done.files], "notes": list(done.notes)}, render)


def _autogenerate(invocation: Invocation, wish: Wish, allow: tuple[str, ...]) -> Writing:
    from dataclasses import replace

    from pgwright.migrate.writing.create import Writing, write_alembic, write_django
    from pgwright.migrate.writing.draft import bench, draft

    def ask(renames: Sequence[str]) -> tuple[str, ...]:
        return _asked(invocation, [rename.partition("=")[::2] for rename in renames])

    def accept(hazards: Sequence[Hazard]) -> None:
        _accepted(invocation, [h for h in hazards if h.code.value not in allow])

    project = invocation.project
    with bench(project) as here:
        found = draft(project, here.upgrade(), server=_server(invocation))
        if here.tool.name == "django":
            return write_django(project, here, found, wish, ask=ask, accept=accept)
        if not found.changes:
            return Writing(notes=found.comparison.notes)
        if not wish.renames and not wish.refused:
            wish = replace(wish, renames=ask([str(rename) for rename in found.likely_renames]))
        return write_alembic(project, here, found, wish, accept=accept)


def _server(invocation: Invocation) -> ServerFacts | None:
    """Return which server the migration will run on, None where none can be asked now."""
    from pgwright.model.catalog import ServerFacts

    try:
        with invocation.connect() as conn:
            return ServerFacts(version_num=conn.info.server_version)
    except PgwrightError:
        return None


def _asked(invocation: Invocation, likely: Sequence[tuple[str, str]]) -> tuple[str, ...]:
    """Return the renames that somebody confirms.

    Raises `WriteRefused` where nobody is there to answer: a drop instead of a rename loses all data.
    """
    if not likely:
        return ()
    if invocation.output.json or not sys.stdin.isatty():
        raise WriteRefused(
            f"{likely[0][0]} looks like {likely[0][1]} under another name",
            detail="; ".join(f"{old} or {new}" for old, new in likely) + "; nothing was written",
            hint=" ".join(f"--rename {shlex.quote(f'{old}={new}')}" for old, new in likely)
            + "; or --no-rename, to drop what is gone",
        )
    return tuple(
        f"{old}={new}"
        for old, new in likely
        if invocation.ask(f"Is {new} the {old} under a new name?", default=True)
    )


def _accepted(invocation: Invocation, hazards: Sequence[Hazard]) -> None:
    """Raise `HazardRefused` unless somebody accepts what the migration will delete."""
    if not hazards:
        return
    for hazard in hazards:
        invocation.output.remark(f"{hazard.code.value}: {hazard.message}", level="warning")
    try:
        invocation.confirm("The migration will delete data wherever it runs. Write it?", yes=False)
    except HazardRefused as refused:
        refused.message = "the migration would delete data"
        refused.detail = "; ".join(h.message for h in hazards) + "; nothing was written"
        refused.hint = "if that is meant, add: --allow deletes-data"
        raise


def _show(invocation: Invocation, written: Written) -> None:
    out = invocation.output
    out.line(f"wrote {_path(written)}", style="bold")
    for summary, hazards in written.steps:
        out.line(f"  {summary}")
        for hazard in hazards:
            out.line(f"    {hazard.code.value}: {hazard.message}", style="red")


def _facts(written: Written) -> dict[str, Any]:
    return {
        "revision": written.revision,
        "path": _path(written),
        "follows": list(written.follows),
        "steps": [summary for summary, _ in written.steps],
    }


def _path(written: Written) -> str:
    from pathlib import Path

    here = Path.cwd()
    return str(written.path.relative_to(here) if written.path.is_relative_to(here) else written.path)

"""The sources and the selection that commands of `pgwright schema` take."""

from __future__ import annotations

import difflib
import re
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import click

from pgwright.cli.context import Invocation
from pgwright.errors import PgwrightError, UsageError

if TYPE_CHECKING:
    from pgwright.diff.apply import Manner
    from pgwright.model.plan import Step
    from pgwright.model.selection import Selection
    from pgwright.sources.workshop import Workshop

# A URL, a scheme, libpq's keywords, or the path of an SQL file.
_NAMES_A_SOURCE = re.compile(r"[:=]|\.sql$")

SOURCES = (
    "A source is the URL of a database, sqlalchemy:module:Base, django:settings.module, file:schema.sql, "
    "the name of a database in pgwright.toml, or the word models."
)


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


def selection_words(chosen: dict[str, Any]) -> list[str]:
    """Return the words on a command line that choose the same again."""
    lists = (("--schema", "schemas"), ("--include", "include"), ("--exclude", "exclude"))
    words = [word for option, name in lists for value in chosen[name] for word in (option, value)]
    flags = (("--no-owner", "no_owner"), ("--no-privileges", "no_privileges"))
    return words + [option for option, name in flags if chosen[name]]


def source_of(invocation: Invocation, word: str) -> str:
    """Return the source that a word stands for: models, a database of the project, or a source itself.

    Raises `UsageError` for a word that is none of them.
    """
    project = invocation.project
    if word == "models":
        if project.models is None:
            raise UsageError(
                "this project names no models",
                detail=SOURCES,
                hint='set models = "sqlalchemy:app.models:Base" under [project] in pgwright.toml'
                if project.config
                else "write pgwright.toml, in the project's folder: pgwright init; or name a source",
            )
        return project.models
    names = [database.name for database in project.databases]
    if word in names:
        return project.database(word).url
    if not _NAMES_A_SOURCE.search(word):
        close = difflib.get_close_matches(word, ["models", *names], n=1)
        raise UsageError(
            f"no database is called {word}" + (f"; did you mean {close[0]}?" if close else ""),
            detail=f"pgwright.toml names: {', '.join(names) or 'none'}. {SOURCES}",
            hint=f"write {close[0]} instead of {word}" if close else "name one of these",
        )
    return word


def selection_of(chosen: dict[str, Any]) -> Selection:
    """Return what the options of `selection_options` chose."""
    from pgwright.model.selection import Selection

    return Selection(
        schemas=chosen["schemas"],
        include=chosen["include"],
        exclude=chosen["exclude"],
        owners=not chosen["no_owner"],
        privileges=not chosen["no_privileges"],
    )


def workshop_of(invocation: Invocation) -> Workshop:
    """Return where the project's sources are built."""
    from pgwright.sources.workshop import Workshop

    return Workshop(root=invocation.project.root, scratch=invocation.project.scratch)


def manner_of(invocation: Invocation) -> Manner:
    """Return how steps are run: each is told on stderr when it is done or waits."""
    from pgwright.diff.apply import Manner

    def tell(step: Step) -> None:
        if not invocation.output.json:
            invocation.output.remark(f"{step.id}. {step.summary}", level="done")

    def tell_waiting(step: Step, error: PgwrightError) -> None:
        # Where it is known who is in the way, that comes before what the server said of the statement.
        said = (error.detail or "").split("; ")
        why = ", ".join([error.message, *(part for part in said if part.startswith("blocked by"))])
        invocation.output.remark(f"{step.id}. {step.summary}: {why}; trying again", level="waiting")

    return Manner(on_step=tell, on_wait=tell_waiting, scratch=invocation.project.scratch)

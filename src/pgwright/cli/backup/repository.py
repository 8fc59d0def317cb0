"""The options that say where backups are, who makes them and what opens them, in the place of [backup]."""

from __future__ import annotations

import shlex
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from pgwright.cli.context import Invocation
from pgwright.config.backup import OWN, PGBACKREST

if TYPE_CHECKING:
    from pgwright.backup.repository.repository import Repository


def says(ctx: click.Context, parameter: click.Parameter, value: Any) -> None:
    """Be the callback of an option that says for one run what the key of its name in [backup] does."""
    if value:
        ctx.ensure_object(Invocation).backup[str(parameter.name)] = value


def repository_options(function: Callable[..., Any]) -> Callable[..., Any]:
    """Add --repository, --identity and --passphrase-file, which fill the `Invocation`."""
    for option in (
        click.option(
            "--passphrase-file",
            type=click.Path(path_type=Path),
            help="File with the passphrase of gpg. Default: PGWRIGHT_PASSPHRASE.",
            callback=says,
            expose_value=False,
        ),
        click.option(
            "--identity",
            type=click.Path(path_type=Path),
            help="File with the private key of age that opens backups. Default: PGWRIGHT_IDENTITY.",
            callback=says,
            expose_value=False,
        ),
        click.option(
            "--repository",
            metavar="WHERE",
            help="Folder, s3://, gs:// or az://. Default: that of [backup].",
            callback=says,
            expose_value=False,
        ),
    ):
        function = option(function)
    return function


def engine_option(function: Callable[..., Any]) -> Callable[..., Any]:
    """Add --engine, which fills the `Invocation`."""
    return click.option(
        "--engine",
        type=click.Choice([OWN, PGBACKREST]),
        help="Whose physical backups are meant: this tool's, or those of pgBackRest, where it is installed. "
        "Default: engine of [backup], else pgwright.",
        callback=says,
        expose_value=False,
    )(function)


def repository_of(invocation: Invocation) -> Repository:
    """Return the repository that options, else [backup], name."""
    from pgwright.backup.engine import project_repository  # noqa: PLC0415

    return project_repository(invocation.project)


def same_place(invocation: Invocation) -> str:
    """Return the options that lead another command to the same backups, to be typed after it."""
    given = ((name, invocation.backup.get(name)) for name in ("engine", "repository"))
    return "".join(f" --{name} {shlex.quote(text)}" for name, text in given if text)


def only_theirs(invocation: Invocation) -> bool:
    """Tell whether --engine asks for pgBackRest's backups alone."""
    return invocation.backup.get("engine") == PGBACKREST


def is_theirs(invocation: Invocation) -> bool:
    """Tell whether pgBackRest makes the physical backups, by --engine or else by [backup]."""
    return invocation.project.backup.engine == PGBACKREST

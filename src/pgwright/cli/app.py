"""The top of the command line."""

from __future__ import annotations

import click

from pgwright.cli.group import LazyGroup
from pgwright.cli.registry import COMMANDS, DEFAULT
from pgwright.version import __version__


@click.group(
    "pgwright",
    cls=LazyGroup,
    registry=COMMANDS,
    invoke_without_command=True,
    epilog="Exit codes: 0 fine, 1 findings or drift, 2 usage, 3 a hazard refused, 4 failed.",
)
@click.version_option(__version__, "-V", "--version", message="pgwright %(version)s")
@click.pass_context
def app(ctx: click.Context) -> None:
    """Take a PostgreSQL or TimescaleDB database through its whole life.

    Without a command: the state of this project's database.
    """
    if ctx.invoked_subcommand is None:
        group = ctx.command
        assert isinstance(group, LazyGroup)
        command = group.get_command(ctx, DEFAULT)
        assert command is not None
        with command.make_context(DEFAULT, [], parent=ctx) as sub:
            command.invoke(sub)

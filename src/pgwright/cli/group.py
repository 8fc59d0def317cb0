"""Commands and groups that share the global options, and a group that imports commands on use."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from importlib import import_module
from inspect import cleandoc
from pathlib import Path
from typing import Any

import click

from pgwright.cli.context import Invocation
from pgwright.cli.registry import Entry
from pgwright.model.wording import did_you_mean

_SETTINGS = {"help_option_names": ["-h", "--help"], "max_content_width": 100}
_SECTION = "Global options"

pass_invocation = click.make_pass_decorator(Invocation, ensure=True)


class _Global(click.Option):
    """Mark an option that every command takes and that only fills the `Invocation`."""


def _store(name: str) -> Callable[[click.Context, click.Parameter, Any], Any]:
    def callback(ctx: click.Context, _: click.Parameter, value: Any) -> Any:
        # Every level of groups parses these; only the level at which one was given may set it.
        if value is not None and value != ():
            setattr(ctx.ensure_object(Invocation), name, value)
        return value

    return callback


def _warn_of_password(ctx: click.Context, _: click.Parameter, value: str | None) -> str | None:
    if value is None:
        return None
    invocation = ctx.ensure_object(Invocation)
    invocation.url = value
    from pgwright.pg.address import parse_address  # noqa: PLC0415

    if parse_address(value).params.get("password"):
        invocation.output.remark(
            "other users of this machine can read the password in --url (ps shows it); "
            "leave it out and set PGPASSWORD, ~/.pgpass or a service instead",
            level="warning",
        )
    return value


def _global_options() -> list[click.Option]:
    def option(*names: str, store: str, **attributes: Any) -> _Global:
        return _Global(
            list(names), expose_value=False, is_eager=True, callback=_store(store), default=None, **attributes
        )

    url = _Global(
        ["--url"],
        metavar="URL",
        expose_value=False,
        callback=_warn_of_password,
        help="Connect here: URL, 'host=... dbname=...' or 'service=...'. Leave the password out (others "
        "can read it in the process list): use PGPASSWORD, ~/.pgpass or .env.",
    )
    return [
        option(
            "--project",
            store="project_path",
            metavar="PATH",
            type=click.Path(path_type=Path),
            help="Folder of the project, or its pgwright.toml. Default: found from here upward.",
        ),
        option("--database", store="database_name", metavar="NAME", help="Database of pgwright.toml to use."),
        url,
        option("--json", store="json", is_flag=True, flag_value=True, help="Print the result as JSON."),
        option("--debug", store="debug", is_flag=True, flag_value=True, help="Show tracebacks of errors."),
        option("--no-color", store="color", is_flag=True, flag_value=False, help="Print without colours."),
    ]


class Command(click.Command):
    """Be a command that takes the global options after its name as well as before it."""

    def __init__(self, *args: Any, **attributes: Any) -> None:
        _prepare(attributes)
        super().__init__(*args, **attributes)

    def invoke(self, ctx: click.Context) -> Any:
        """Run the command, with a sign of life until it says something."""
        with ctx.ensure_object(Invocation).output.waiting():
            return super().invoke(ctx)

    def format_options(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """Write the command's own options, then the global ones under a heading of their own."""
        _format_options(self, ctx, formatter)


class Group(click.Group):
    """Be a group of such commands."""

    command_class = Command

    def __init__(self, *args: Any, **attributes: Any) -> None:
        _prepare(attributes)
        # A group without a command is a mistake like any other: one line, not a page on stderr.
        attributes.setdefault("no_args_is_help", False)
        super().__init__(*args, **attributes)

    def format_options(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """Write the commands first: they are what a reader of a group's help looks for."""
        self.format_commands(ctx, formatter)
        _format_options(self, ctx, formatter)

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """Write each command with the whole first paragraph of its help: click would cut it."""
        with formatter.section("Commands"):
            formatter.write_dl([(name, _first_paragraph(command)) for name, command in self.commands.items()])

    def list_commands(self, ctx: click.Context) -> list[str]:
        """Return the names in the order in which the commands are defined."""
        return list(self.commands)

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        """Find the command, or fail with the nearest one in the message."""
        name = args[0]
        if not name.startswith("-") and self.get_command(ctx, name) is None:
            likely = did_you_mean(name, self.list_commands(ctx)) or self._elsewhere(name, ctx)
            raise click.UsageError(f"no command {name}{likely}", ctx=ctx)
        return super().resolve_command(ctx, args)

    def _elsewhere(self, name: str, ctx: click.Context) -> str:
        """Return what a message about a command that stands in a group below ends with, or nothing."""
        groups = ((group, self.get_command(ctx, group)) for group in self.list_commands(ctx))
        found = [
            f"{ctx.command_path} {group} {name}"
            for group, command in groups
            if isinstance(command, click.Group) and name in command.list_commands(ctx)
        ]
        return f"; did you mean {' or '.join(found)}?" if found else ""


class LazyGroup(Group):
    """Be a group whose commands stand in a registry and are imported when they are run."""

    def __init__(self, *args: Any, registry: Mapping[str, Entry], **attributes: Any) -> None:
        super().__init__(*args, **attributes)
        self.registry = registry

    def list_commands(self, ctx: click.Context) -> list[str]:
        """Return the names in the registry's order."""
        return list(self.registry)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        """Import and return a command, or None for a name that the registry lacks."""
        entry = self.registry.get(cmd_name)
        if entry is None:
            return None
        module, _, attribute = entry.target.partition(":")
        command: click.Command = getattr(import_module(module), attribute)
        return command

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """Write the overview from the registry, importing nothing."""
        with formatter.section("Commands"):
            formatter.write_dl([(name, entry.help) for name, entry in self.registry.items()])


def command(name: str, **attributes: Any) -> Callable[[Callable[..., Any]], Command]:
    """Make a function a command of the top level; its docstring is the help."""
    return click.command(name, cls=Command, **attributes)


def group(name: str, **attributes: Any) -> Callable[[Callable[..., Any]], Group]:
    """Make a function a group of commands; its docstring is the help."""
    return click.group(name, cls=Group, **attributes)


def _first_paragraph(command: click.Command) -> str:
    return " ".join(cleandoc(command.help or "").partition("\n\n")[0].split())


def _prepare(attributes: dict[str, Any]) -> None:
    own = list(attributes.get("params") or ())
    taken = {name for param in own for name in param.opts}
    shared = [option for option in _global_options() if not taken & set(option.opts)]
    attributes["params"] = own + shared
    attributes.setdefault("context_settings", _SETTINGS)


def _format_options(command: click.Command, ctx: click.Context, formatter: click.HelpFormatter) -> None:
    own: list[tuple[str, str]] = []
    shared: list[tuple[str, str]] = []
    for param in command.get_params(ctx):
        record = param.get_help_record(ctx) if isinstance(param, click.Option) else None
        if record is not None:
            (shared if isinstance(param, _Global) else own).append(record)
    for title, records in (("Options", own), (_SECTION, shared)):
        if records:
            with formatter.section(title):
                formatter.write_dl(records)

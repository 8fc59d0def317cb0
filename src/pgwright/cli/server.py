"""`pgwright server`: the embedded servers."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

import click

from pgwright.cli.context import Invocation
from pgwright.cli.encode import Verbatim
from pgwright.cli.group import group, pass_invocation
from pgwright.cli.output import duration, size
from pgwright.errors import ServerError, ServerNotRunning

if TYPE_CHECKING:
    from pgwright.server import ServerStatus

_name = click.argument("name", default="default")
_dbname = click.option("-d", "--dbname", default="postgres", show_default=True, help="Database to name.")


@group("server")
def command() -> None:
    """Start, stop and use embedded PostgreSQL servers.

    They listen on loopback and a Unix socket only, with a generated password, and keep their data
    between starts. NAME tells several apart; without it, "default".
    """


@command.command("start")
@_name
@click.option(
    "--port", type=click.IntRange(1, 65535), help="Port to listen on. Default: a free one, then kept."
)
@pass_invocation
def start(invocation: Invocation, name: str, port: int | None) -> None:
    """Start a server; a new name makes a new one.

    Example: pgwright server start --port 5433
    """
    from pgwright import server  # noqa: PLC0415

    invocation.state_left = f"the server may be starting: see pgwright server status {name}"
    before = server.status(name).running
    server.start(name, port=port)
    found, out = server.status(name), invocation.output

    def render() -> None:
        out.line(f"server {name} {'was running already' if before else 'is running'}")
        _describe(invocation, found)
        out.line(f"connect: pgwright server psql {name}")
        out.line(f"use it:  export DATABASE_URL=$(pgwright server url {name})")

    out.result({"started": not before, **_facts(found)}, render)


@command.command("stop")
@_name
@click.option(
    "--mode",
    type=click.Choice(["smart", "fast", "immediate"]),
    default="fast",
    show_default=True,
    help="smart waits for clients, fast rolls them back, immediate recovers at the next start.",
)
@pass_invocation
def stop(invocation: Invocation, name: str, mode: str) -> None:
    """Stop a server; its data stays.

    Example: pgwright server stop
    """
    from pgwright import server  # noqa: PLC0415

    _require(name)
    invocation.state_left = f"the server may still be stopping: see pgwright server status {name}"
    was_running = server.stop(name, mode=mode)  # type: ignore[arg-type]  # click checked the choice
    out = invocation.output
    said = f"server {name} stopped" if was_running else f"server {name} was not running"
    out.result({"name": name, "was_running": was_running}, lambda: out.line(said))


@command.command("status")
@_name
@click.pass_context
def status(ctx: click.Context, name: str) -> None:
    """Show whether a server runs; exit code 1 when it does not.

    Example: pgwright server status
    """
    from pgwright import server  # noqa: PLC0415

    invocation = ctx.ensure_object(Invocation)
    found, out = server.status(name), invocation.output

    def render() -> None:
        state = "is running" if found.running else "is not running" if found.exists else "does not exist"
        out.line(f"server {name} {state}")
        if found.exists:
            _describe(invocation, found)
        if not found.running:
            out.line(f"start it: pgwright server start {name}")

    out.result(_facts(found), render)
    if not found.running:
        ctx.exit(1)


@command.command("list")
@pass_invocation
def list_servers(invocation: Invocation) -> None:
    """List all servers, running or not.

    Example: pgwright server list
    """
    from pgwright import server  # noqa: PLC0415

    found = [server.status(instance) for instance in server.instances()]
    out = invocation.output

    def render() -> None:
        if not found:
            out.line("no servers yet; make one with: pgwright server start")
            return
        out.table(
            ("name", "running", "port", "version", "size", "data"),
            [
                # A port is a name made of digits: text, so that no column treats it as an amount.
                (s.name, s.running, str(s.port or ""), s.version, size(s.size_bytes), str(s.data_dir))
                for s in found
            ],
        )

    out.result([_facts(s) for s in found], render)


@command.command("url")
@_name
@_dbname
@click.option("--socket", is_flag=True, help="Over the Unix socket, also where TCP would do.")
@click.option("--no-password", is_flag=True, help="Leave the password out.")
@pass_invocation
def url(invocation: Invocation, name: str, dbname: str, socket: bool, no_password: bool) -> None:
    """Print a connection URL, with the password in it.

    Example: export DATABASE_URL=$(pgwright server url)
    """
    from pgwright import server  # noqa: PLC0415

    text = server.url(name, dbname, over="socket" if socket else None)
    if no_password:
        from pgwright.pg import safe_url  # noqa: PLC0415

        text = safe_url(text)
    out = invocation.output
    out.result({"url": Verbatim(text)}, lambda: out.verbatim(text))


@command.command("psql", context_settings={"ignore_unknown_options": True, "help_option_names": ["--help"]})
@_name
@_dbname
@click.argument("args", nargs=-1, type=click.UNPROCESSED)
@pass_invocation
def psql(invocation: Invocation, name: str, dbname: str, args: tuple[str, ...]) -> None:
    """Open psql on a server; ARGS go to psql.

    Example: pgwright server psql default -c 'select version()'
    """
    from pgwright import server  # noqa: PLC0415

    if name.startswith("-"):
        name, args = "default", (name, *args)  # psql's options began before a name was given
    _require(name)
    if not server.status(name).running:
        raise ServerNotRunning(
            f"the server {name!r} is not running", hint=f"run: pgwright server start {name}"
        )
    instance = server.find(name)
    folder = instance.bin_dir if instance.bin_dir.is_absolute() else server.embedded_binaries().bin_dir
    program = folder / "psql"
    environment = server.environment(instance, dbname)
    invocation.output.end_wait()
    try:
        os.execve(program, ["psql", *args], environment)  # noqa: S606 - psql takes this process's place
    except OSError as exc:
        raise ServerError(
            f"cannot run {program}",
            detail=exc.strerror or str(exc),
            hint=f"use a psql of your own: psql $(pgwright server url {name})",
        ) from exc


@command.command("remove")
@_name
@click.option("--yes", is_flag=True, help="Do not ask.")
@pass_invocation
def remove(invocation: Invocation, name: str, yes: bool) -> None:
    """Stop a server and delete all its data.

    Example: pgwright server remove trial
    """
    from pgwright import server  # noqa: PLC0415

    found = server.status(name)
    if found.exists:
        invocation.confirm(f"Delete server {name} and its data ({size(found.size_bytes)})?", yes=yes)
    invocation.state_left = f"the server may be half removed: run pgwright server remove {name} again"
    removed, out = server.remove(name), invocation.output
    said = f"server {name} removed" if removed else f"there is no server {name}"
    out.result({"name": name, "removed": removed}, lambda: out.line(said))


def _require(name: str) -> None:
    from pgwright import server  # noqa: PLC0415

    server.find(name)


def _describe(invocation: Invocation, found: ServerStatus) -> None:
    from datetime import UTC, datetime  # noqa: PLC0415

    out = invocation.output
    out.line(f"version: PostgreSQL {found.version}")
    if found.running and found.started_at:
        up = duration((datetime.now(UTC) - found.started_at).total_seconds())
        out.line(f"address: 127.0.0.1:{found.port}  (pid {found.pid}, up {up})")
    out.line(f"data:    {found.data_dir} ({size(found.size_bytes)})")


def _facts(found: ServerStatus) -> dict[str, object]:
    from pgwright.cli.encode import plain  # noqa: PLC0415

    facts: dict[str, object] = plain(found)
    return facts

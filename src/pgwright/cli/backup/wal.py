"""`pgwright backup wal`: the archive of WAL, which recovery to a moment needs."""

from __future__ import annotations

import shlex
import signal
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from pgwright.cli.backup.repository import (
    engine_option,
    is_theirs,
    repository_of,
    repository_options,
    same_place,
)
from pgwright.cli.context import Invocation
from pgwright.cli.group import group, pass_invocation
from pgwright.cli.output import size
from pgwright.model.wording import counted

if TYPE_CHECKING:
    from pgwright.backup.wal.archive import WalFile


@group("wal")
def wal() -> None:
    """Archive the server's write-ahead log, so that it can be recovered to any moment.

    Either `stream` runs beside the server, or the server calls `archive` itself; `status` shows how.

    Example: pgwright backup wal status
    """


@wal.command("stream")
@click.option(
    "--slot", default="pgwright_wal", show_default=True, help="Replication slot to use; made if new."
)
@repository_options
@pass_invocation
def stream(
    invocation: Invocation,
    slot: str,
) -> None:
    """Receive WAL as it is written and archive it, until interrupted.

    The server keeps in a replication slot what was not received yet. Run it as a service.

    Example: pgwright backup wal stream
    """
    from pgwright.backup.wal.stream import stream_wal  # noqa: PLC0415

    found = repository_of(invocation)
    stopped: list[int] = []
    invocation.state_left = "what is complete was archived; the server keeps the rest in the slot"

    def stop(number: int, _: Any) -> None:
        stopped.append(number)

    before = {number: signal.signal(number, stop) for number in (signal.SIGINT, signal.SIGTERM)}
    try:
        invocation.output.remark(f"receiving WAL into {found.url}; Ctrl-C ends it")
        stream_wal(
            found,
            invocation.database.url,
            slot=slot,
            archived=lambda name: invocation.output.remark(f"archived {name}", level="wal"),
            warned=lambda words: invocation.output.remark(words, level="warning"),
            until=lambda: bool(stopped),
        )
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


@wal.command("archive")
@click.argument("path", type=click.Path(path_type=Path, exists=True, dir_okay=False))
@repository_options
@pass_invocation
def archive(
    invocation: Invocation,
    path: Path,
) -> None:
    """Archive one file of WAL; made for archive_command, where PostgreSQL writes %p for PATH.

    Succeeds as well when the same file is there already, and fails when another one is.

    Example: archive_command = 'pgwright --project /srv/shop backup wal archive %p'
    """
    from pgwright.backup.wal.archive import Archive  # noqa: PLC0415

    found = repository_of(invocation)
    new = Archive(repository=found).put(path)
    out = invocation.output
    out.result({"file": path.name, "new": new}, lambda: None)


@wal.command("fetch")
@click.argument("name")
@click.argument("destination", type=click.Path(path_type=Path, dir_okay=False))
@repository_options
@pass_invocation
def fetch(
    invocation: Invocation,
    *,
    name: str,
    destination: Path,
) -> None:
    """Bring one file of WAL back; made for restore_command, with %f and %p.

    Example: restore_command = 'pgwright --project /srv/shop backup wal fetch %f %p'
    """
    from pgwright.backup.wal.archive import Archive  # noqa: PLC0415

    Archive(repository=repository_of(invocation)).fetch(name, destination)
    out = invocation.output
    out.result({"file": name, "destination": str(destination)}, lambda: None)


@wal.command("status")
@engine_option
@repository_options
@click.pass_context
def status(ctx: click.Context) -> None:
    """Show what is archived and what is missing behind the newest base backup; exit code 1 when something is.

    With --engine pgbackrest, or where that is the engine of [backup], its archive is looked at.

    Example: pgwright backup wal status
    """
    from pgwright.backup.engine import wal_state  # noqa: PLC0415

    invocation = ctx.ensure_object(Invocation)
    state = wal_state(invocation.project)
    out = invocation.output

    def render() -> None:
        if not state.files and is_theirs(invocation):
            out.line("pgbackrest has archived no WAL yet")
            out.line(f"what it needs says: pgwright backup create --physical{same_place(invocation)}")
            return
        if not state.files:
            out.line(f"no WAL in {repository_of(invocation).url} yet")
            out.line("archive it with a service that runs: pgwright backup wal stream")
            # The server runs it in its data directory, with nothing of this shell.
            here = invocation.project.config
            command = [sys.executable, "-m", "pgwright", *(("--project", str(here)) if here else ())]
            out.line("or by the server: archive_mode = on,")
            out.line(
                f"archive_command = '{shlex.join(command)} backup wal archive %p{same_place(invocation)}'"
            )
            return
        out.line(
            f"{counted(len(state.files), 'file')}, {size(sum(f.size for f in state.files))}, "
            f"up to {_last(state.files)}"
        )
        anew = f"pgwright backup create --physical{same_place(invocation)}"
        if state.base is None:
            out.line(f"no base backup to recover from; make one: {anew}")
        for gap in state.gaps:
            out.line(f"MISSING: {gap}", style="red")
        if state.gaps:
            out.line(f"recovery cannot pass a gap; start anew behind it: {anew}")

    out.result(state, render)
    if state.gaps:
        ctx.exit(1)


def _last(files: tuple[WalFile, ...]) -> str:
    newest = max(files, key=lambda file: file.stored_at)
    return f"{newest.name}, archived {newest.stored_at:%Y-%m-%d %H:%M:%S} UTC"

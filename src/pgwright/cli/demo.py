"""`pgwright demo`."""

from __future__ import annotations

import shutil
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import click

from pgwright.cli.context import Invocation
from pgwright.cli.group import command as top_command
from pgwright.cli.group import pass_invocation

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from pgwright.checks.status import Status
    from pgwright.cli.progress import Bars
    from pgwright.demo import Progress, System

_LEAST_ROWS = 10_000  # what is smaller is there before a bar could be read


@top_command("demo")
@click.option("--only", multiple=True, metavar="SYSTEM", help="Build this one: skycaster, airline, aquamind.")
@click.option("--clean", is_flag=True, help="Remove the demo's server with all its data.")
@click.option("--yes", is_flag=True, help="Accepted for scripts; nothing is asked.")
@pass_invocation
def command(invocation: Invocation, only: tuple[str, ...], clean: bool, yes: bool) -> None:
    """Build the example systems with real data on an embedded server.

    Three applications are built from their own migrations and filled: a weather API, an airline and a
    fish farm. Run again, it completes what is missing; --clean takes all of it away.

    Example: pgwright demo --only skycaster
    """
    if clean:
        _clean(invocation)
        return
    from pgwright.cli.progress import bars  # noqa: PLC0415
    from pgwright.demo import build, require, systems  # noqa: PLC0415

    chosen = systems(only)
    require(chosen)
    invocation.state_left = (
        "what was open is rolled back; go on with: pgwright demo; or remove it: pgwright demo --clean"
    )
    out = invocation.output
    with bars(out) as progress:
        progress.note(f"building {', '.join(system.name for system in chosen)} on the embedded server")
        urls = build(chosen, _Teller(progress))
    states = {system.name: _status(system, urls[system.name]) for system in chosen}

    def render() -> None:
        from pgwright.cli.status.screen import show_status  # noqa: PLC0415
        from pgwright.demo.build import project_of  # noqa: PLC0415

        for system in chosen:
            show_status(out, states[system.name], project_of(system, urls[system.name]))
            out.line()
        _show_next(invocation, chosen)

    out.result(
        {
            "systems": [
                {"name": system.name, "folder": str(system.folder), "status": states[system.name]}
                for system in chosen
            ]
        },
        render,
    )


class _Teller:
    """Turn the systems' reports into bars; called from several threads."""

    def __init__(self, progress: Bars) -> None:
        self._progress = progress

    def __call__(self, said: Progress) -> None:
        if said.total is None:
            self._progress.note(f"{said.system}: {said.label}")
        elif said.total >= _LEAST_ROWS:
            self._progress.update(f"{said.system}: {said.label}", said.done, said.total)


def _status(system: System, url: str) -> Status:
    from pgwright.checks.status import read_status  # noqa: PLC0415
    from pgwright.demo.build import project_of  # noqa: PLC0415
    from pgwright.pg import connect  # noqa: PLC0415

    with connect(url, autocommit=True) as conn:
        return read_status(conn, project_of(system, url), url=url)


def _show_next(invocation: Invocation, chosen: Sequence[System]) -> None:
    out, program = invocation.output, _program()
    system = chosen[0]
    out.line("Worth trying, from this folder:", style="bold")
    out.line(f'  export DATABASE_URL="$({program} server url demo -d {system.name})"')
    folder = _near(system.folder)
    comments: Mapping[str, str] = {
        "": "the screen above",
        f" doctor{_left_out(system)}": "every finding, with the command that mends it",
        " inspect tables": "sizes, rows, upkeep",
        " inspect indexes --sort scans": "which are used",
        " schema diff": "the live schema against the models",
    }
    lines = [(f"{program} --project {folder}{words}", comment) for words, comment in comments.items()]
    lines += [
        (f"{program} server psql demo -d {system.name}", "a prompt on the database"),
        (f"{program} demo --clean", "remove all of it"),
    ]
    width = max(len(line) for line, _ in lines)
    for line, comment in lines:
        out.line(f"  {line.ljust(width)}  # {comment}")
    others = [other.name for other in chosen if other is not system]
    if others:
        out.line(f"The same for {' and '.join(others)}: change the name in both places.")


def _left_out(system: System) -> str:
    """Return the option that spares the demo findings about servers that it does not start."""
    from pgwright.demo.build import project_of  # noqa: PLC0415

    return " --skip service_unreachable" if project_of(system, "").services else ""


def _program() -> str:
    """Return how this program was called, as the user can call it again."""
    beside = Path(sys.executable).with_name("pgwright")
    found = shutil.which("pgwright")
    if found and Path(found).parent == beside.parent:
        return "pgwright"
    return _near(beside) if beside.exists() else f"{_near(Path(sys.executable))} -m pgwright"


def _near(path: Path) -> str:
    import shlex  # noqa: PLC0415

    here = Path.cwd()
    return shlex.quote(str(path.relative_to(here) if path.is_relative_to(here) else path))


def _clean(invocation: Invocation) -> None:
    from pgwright import server  # noqa: PLC0415
    from pgwright.demo import INSTANCE  # noqa: PLC0415

    invocation.state_left = "the server may be half removed: run pgwright demo --clean again"
    removed, out = server.remove(INSTANCE), invocation.output

    def render() -> None:
        out.line(
            "removed the demo's server with all its data"
            if removed
            else "there is no demo; nothing was removed"
        )
        if removed and server.cache_home().is_dir():
            out.line(f"PostgreSQL's programs stay in {server.cache_home()} for other servers (75 MB)")

    out.result({"removed": removed}, render)

"""`pgwright status`, and what `pgwright` alone shows."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from pgwright.cli.context import Invocation
from pgwright.cli.group import command as top_command

if TYPE_CHECKING:
    from pgwright.checks.status import Status
    from pgwright.config import Database
    from pgwright.errors import PgwrightError

_TIMEOUT = 5.0  # seconds for a statement
_LOCK_TIMEOUT = 0.05


@top_command("status")
@click.option("--all", "every", is_flag=True, help="Show every database of pgwright.toml.")
@click.option("--drift", is_flag=True, help="Compare the live schema with the models too; takes seconds.")
@click.pass_context
def command(ctx: click.Context, every: bool = False, drift: bool = False) -> None:
    """Show the state of the database on one screen.

    What it is, how it is, whether it is the schema that the code expects, and what needs doing next.
    The exit code is 0 whatever the findings: ask pgwright doctor for one that tells.

    Example: pgwright status --all
    """
    invocation = ctx.ensure_object(Invocation)
    if every:
        ctx.exit(_all(invocation, drift=drift))
    database = invocation.database
    status = _read(invocation, database, drift=drift)
    _show(invocation, {database.name: status})


def _all(invocation: Invocation, *, drift: bool) -> int:
    from pgwright.errors import PgwrightError  # noqa: PLC0415

    found: dict[str, Status | PgwrightError] = {}
    for database in invocation.project.databases:
        try:
            found[database.name] = _read(invocation, invocation.project.database(database.name), drift=drift)
        except PgwrightError as error:
            found[database.name] = error
    if not found:
        _ = invocation.database  # raises what to do about it
    _show(invocation, found, every=True)
    return max((e.exit_code for e in found.values() if isinstance(e, PgwrightError)), default=0)


def _read(invocation: Invocation, database: Database, *, drift: bool) -> Status:
    from pgwright.checks.status import read_status  # noqa: PLC0415
    from pgwright.pg import connect  # noqa: PLC0415

    with connect(
        database.url, autocommit=True, statement_timeout=_TIMEOUT, lock_timeout=_LOCK_TIMEOUT
    ) as conn:
        return read_status(conn, invocation.project, url=database.url, drift=drift)


def _show(
    invocation: Invocation,
    found: dict[str, Status] | dict[str, Status | PgwrightError],
    *,
    every: bool = False,
) -> None:
    from pgwright.cli.status.screen import show_status, status_facts  # noqa: PLC0415
    from pgwright.errors import PgwrightError  # noqa: PLC0415

    out, project = invocation.output, invocation.project

    def render() -> None:
        for position, (name, status) in enumerate(found.items()):
            if position:
                out.line()
            if isinstance(status, PgwrightError):
                out.line(f"{name}", style="bold")
                out.line(str(status), style="red")
            else:
                show_status(out, status, project, name=name)

    facts = [
        {"database": name, **status.as_dict()}
        if isinstance(status, PgwrightError)
        else status_facts(status, project, name)
        for name, status in found.items()
    ]
    out.result(facts if every else facts[0], render)

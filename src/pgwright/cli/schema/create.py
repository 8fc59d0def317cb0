"""`pgwright schema create`: a database from a source."""

from __future__ import annotations

from typing import Any

import click

from pgwright.cli.context import Invocation
from pgwright.cli.group import Command, pass_invocation
from pgwright.cli.migrate.output import remark_record
from pgwright.cli.schema.output import show_applied, show_notes, show_nothing_to_do
from pgwright.cli.schema.sources import manner_of, selection_of, selection_options, source_of, workshop_of
from pgwright.errors import UnknownDatabaseError


@click.command("create", cls=Command)
@click.argument("source", required=False)
@selection_options
@click.option("--create-database", is_flag=True, help="Create the database first, if the server has none.")
@click.option("--yes", is_flag=True, expose_value=False, help="Accepted for scripts; nothing is asked.")
@pass_invocation
def create(invocation: Invocation, /, source: str | None, create_database: bool, **chosen: Any) -> None:
    """Build the database from SOURCE (default: the models): plan, rehearse, apply, verify.

    The database must be empty. One that is what the source says already is left as it is.

    Example: pgwright schema create --create-database
    """
    from pgwright.diff import creation

    out = invocation.output
    url = invocation.database.url
    spec = source_of(invocation, source or "models")
    if create_database and creation.create_database(url):
        out.remark(f"created the database {_name(url)}", level="done")
    workshop = workshop_of(invocation)
    try:
        found = creation.propose_creation(spec, url, workshop=workshop, selection=selection_of(chosen))
    except UnknownDatabaseError as exc:
        exc.hint = "check the name, or add: --create-database"
        raise
    show_notes(out, found.comparison.notes)
    if found.proposal is None:
        show_nothing_to_do(out, found.comparison.notes)
        return
    invocation.state_left = "finished steps stay; go on with: pgwright schema resume"
    show_applied(out, creation.build_proposed(url, found.proposal, manner=manner_of(invocation)))
    remark_record(invocation)


def _name(url: str) -> str:
    from pgwright.pg.address import parse_address

    return parse_address(url).dbname

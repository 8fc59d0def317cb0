"""Manage the database: status, migrations, initial data.

Exit codes: 0 fine, 1 migrations pending or drift, 2 usage or settings, 3 refused, 4 failed.
"""

from __future__ import annotations

import json
import sys
from dataclasses import asdict
from pathlib import Path
from typing import Any

import click

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from alembic.util import CommandError
from psycopg import Error as DriverError
from sqlalchemy.exc import DBAPIError

from app.db import migrations
from app.db.trouble import explain
from app.demo.load import Progress, load
from app.errors import AppError, RefusedError
from app.settings import Settings, load_settings


class TroubleGroup(click.Group):
    """A group of commands whose known troubles end as a message and an exit code."""

    def invoke(self, ctx: click.Context) -> Any:
        """Run the command."""
        try:
            return super().invoke(ctx)
        except (AppError, DBAPIError, DriverError, CommandError) as error:
            known = explain(error)
            if known is None:
                raise
            click.echo(f"error: {known}", err=True)
            ctx.exit(known.exit_code)


@click.group(cls=TroubleGroup)
def cli() -> None:
    """Manage the database of the Airline Market Demand Web App."""


@cli.command()
@click.option("--json", "as_json", is_flag=True, help="Print the status as JSON.")
@click.pass_context
def status(ctx: click.Context, as_json: bool) -> None:
    """Show database status."""
    state = migrations.read_status(load_settings())
    if as_json:
        click.echo(json.dumps({**asdict(state), "is_clean": state.is_clean}, indent=2))
    else:
        show_status(state)
    ctx.exit(0 if state.is_clean else 1)


def show_status(state: migrations.Status) -> None:
    """Print `state` for people."""
    click.echo(f"database   {state.database} ({state.environment})")
    click.echo(f"server     {state.server}")
    click.echo(f"current    {', '.join(state.current) or 'none'}")
    click.echo(f"head       {', '.join(state.head) or 'none'}")
    if state.version_lost:
        click.echo(f"trouble    {migrations.LOST_VERSION}")
        click.echo(f"hint       {migrations.stamp_hint(state.drift or ())}")
    else:
        click.echo(f"pending    {len(state.pending) or 'none'}")
        for revision in state.pending:
            click.echo(f"           {revision.id}  {revision.message}")
    if state.drift is None:
        click.echo("drift      not compared while migrations are pending")
    else:
        click.echo(f"drift      {len(state.drift) or 'none'}")
        for line in state.drift:
            click.echo(f"           {line}")
    if state.pending:
        click.echo("next       python scripts/db.py migrate upgrade")


@cli.group()
def migrate() -> None:
    """Create, apply and take back migrations."""


@migrate.command()
@click.option("-m", "--message", required=True, help="What the migration does.")
@click.option("--autogenerate", is_flag=True, help="Fill it with what differs between models and database.")
def create(message: str, autogenerate: bool) -> None:
    """Create a new migration."""
    path = migrations.create(load_settings(), message, autogenerate=autogenerate)
    if path is None:
        click.echo("models and database agree: no migration written")
        return
    click.echo(f"created {path}")
    click.echo("review it, then: python scripts/db.py migrate upgrade")


@migrate.command()
@click.argument("revision", default="head")
def upgrade(revision: str) -> None:
    """Upgrade to the latest migration, or to REVISION."""
    settings = load_settings()
    migrations.upgrade(settings, revision)
    say_where(settings)


# "-1" is a revision here, not an option.
@migrate.command(context_settings={"ignore_unknown_options": True})
@click.argument("revision")
@click.option("--yes", is_flag=True, help="Do not ask (it asks in production only).")
def downgrade(revision: str, yes: bool) -> None:
    """Downgrade to a specific REVISION ("-1": one back; "base": all)."""
    settings = load_settings()
    if settings.is_production:
        confirm(settings, yes=yes, loss="a downgrade can drop tables and columns with their data")
    migrations.downgrade(settings, revision)
    say_where(settings)


@migrate.command()
def show() -> None:
    """Show migration history, newest first."""
    settings = load_settings()
    with migrations.plain_engine(settings).connect() as connection:
        current = migrations.current_revisions(connection)
    history = migrations.read_history(())
    known = {revision.id for revision in history}
    for revision in migrations.read_history(tuple(item for item in current if item in known)):
        marks = [name for name in ("current", "head") if getattr(revision, f"is_{name}")]
        note = f" ({', '.join(marks)})" if marks else ""
        click.echo(
            f"{'applied' if revision.is_applied else 'pending'}  {revision.id}  {revision.message}{note}"
        )
    for item in current:
        if item not in known:
            click.echo(f"unknown  {item}  recorded in the database, but no file has it")


@migrate.command("reset")
@click.option("--yes", is_flag=True, help="Do not ask.")
def migrate_reset(yes: bool) -> None:
    """Take all migrations back and apply them again (drops all data)."""
    settings = load_settings()
    confirm_reset(settings, yes=yes)
    migrations.downgrade(settings, "base")
    migrations.upgrade(settings)
    say_where(settings)


@cli.command()
@click.option("--data/--no-data", default=True, help="Load the test data (default: yes).")
@click.option("--scale", default=1.0, type=click.FloatRange(0.001, 1.0), help="Share of the test data.")
def init(data: bool, scale: float) -> None:
    """Create the tables (by migrations) and load test data."""
    settings = load_settings()
    if data and settings.is_production:
        raise RefusedError(
            f"{settings.where} is production: test data does not belong there",
            hint="python scripts/db.py migrate upgrade",
        )
    build(settings, data=data, scale=scale)


@cli.command()
@click.option("--data/--no-data", default=True, help="Load the test data (default: yes).")
@click.option("--scale", default=1.0, type=click.FloatRange(0.001, 1.0), help="Share of the test data.")
@click.option("--yes", is_flag=True, help="Do not ask.")
def reset(data: bool, scale: float, yes: bool) -> None:
    """Drop all tables with their data and initialize the database again."""
    settings = load_settings()
    confirm_reset(settings, yes=yes)
    migrations.drop_everything(settings)
    build(settings, data=data, scale=scale)


def build(settings: Settings, *, data: bool, scale: float) -> None:
    """Bring the schema to the newest revision and, when wanted, load the test data."""
    migrations.upgrade(settings)
    say_where(settings)
    if data and not load(settings, scale=scale, report=show_progress):
        click.echo("the test data is there already")


def show_progress(progress: Progress) -> None:
    """Print how far a table is, once it is complete."""
    if progress.done == progress.total:
        click.echo(f"loaded {progress.done:>9,} {progress.label}", err=True)


def say_where(settings: Settings) -> None:
    """Print the revision that the database is at now."""
    with migrations.plain_engine(settings).connect() as connection:
        current = migrations.current_revisions(connection)
    click.echo(f"{settings.where}: at revision {', '.join(current) or 'none (no tables)'}")


def confirm_reset(settings: Settings, *, yes: bool) -> None:
    """Go on only outside production and with the user's word."""
    if settings.is_production:
        raise RefusedError(
            f"{settings.where} is production (ENVIRONMENT): its data is not dropped",
            hint="restore a backup into another database, or work on a copy",
        )
    confirm(settings, yes=yes, loss="this drops all data")


def confirm(settings: Settings, *, yes: bool, loss: str) -> None:
    """Go on only when the user types the name of the database, or said `--yes`."""
    if yes:
        return
    if not sys.stdin.isatty():
        raise RefusedError(f"{settings.where}: {loss}, and nobody is there to ask", hint="add --yes")
    name = settings.database_url.database
    click.echo(f"{settings.where}: {loss}.")
    if (
        click.prompt(f"Type the name of the database ({name}) to go on", default="", show_default=False)
        != name
    ):
        raise RefusedError("not confirmed: nothing was changed")


if __name__ == "__main__":
    cli(prog_name="scripts/db.py")

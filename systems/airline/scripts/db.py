"""Manage the database: status, migrations, initial data.

The migrations are pgwright's work; this script gives its commands the names of the team's guide.
Exit codes: 0 fine, 1 migrations pending or drift, 2 usage or settings, 3 refused, 4 failed.
"""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path
from typing import Any

import click

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from pgwright import PgwrightError
from psycopg import Error as DriverError
from sqlalchemy.exc import DBAPIError

from app.db.trouble import explain
from app.demo.load import Progress, load
from app.errors import AppError, RefusedError
from app.settings import ROOT, Settings, load_settings


class TroubleGroup(click.Group):
    """A group of commands whose known troubles end as a message and an exit code."""

    def invoke(self, ctx: click.Context) -> Any:
        """Run the command."""
        try:
            return super().invoke(ctx)
        except (AppError, DBAPIError, DriverError, PgwrightError) as error:
            known = explain(error)
            if known is None:
                raise
            click.echo(f"error: {known}", err=True)
            ctx.exit(known.exit_code)


@click.group(cls=TroubleGroup)
def cli() -> None:
    """Manage the database of the Airline Market Demand Web App."""


def pgwright(*words: str) -> int:
    """Run a command of pgwright in this project and return its exit code."""
    # The settings are checked first, so that a wrong one is named in this project's own words.
    load_settings()
    return subprocess.run([sys.executable, "-m", "pgwright", *words], cwd=ROOT, check=False).returncode


def require(code: int) -> None:
    """End this program with an exit code that is not 0."""
    if code:
        click.get_current_context().exit(code)


def passed_on(name: str, *words: str, text: str) -> click.Command:
    """Return a command that hands its arguments to one of pgwright's."""

    @click.command(name, help=text, add_help_option=False, context_settings={"ignore_unknown_options": True})
    @click.argument("arguments", nargs=-1, type=click.UNPROCESSED)
    def command(arguments: tuple[str, ...]) -> None:
        require(pgwright(*words, *arguments))

    return command


@cli.group()
def migrate() -> None:
    """Create, apply and take back migrations."""


for name, words, text in (
    ("create", ("migrate", "create"), "Create a new migration (-m MESSAGE, --autogenerate)."),
    ("upgrade", ("migrate", "upgrade"), "Upgrade to the latest migration, or to a REVISION."),
    ("downgrade", ("migrate", "downgrade"), 'Downgrade to a REVISION ("-1": one back; "base": all).'),
    ("show", ("migrate", "history"), "Show migration history, newest first."),
    ("reset", ("migrate", "reset"), "Take all migrations back and apply them again (drops all data)."),
):
    migrate.add_command(passed_on(name, *words, text=text))


@cli.command()
@click.option("--json", "as_json", is_flag=True, help="Print the state of the migrations as JSON.")
def status(as_json: bool) -> None:
    """Show database status."""
    database = 0 if as_json else pgwright("status", "--drift")
    migrations = pgwright("migrate", "status", "--drift", *(("--json",) if as_json else ()))
    require(max(database, migrations))


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
    require(pgwright("migrate", "upgrade"))
    if data:
        load_data(settings, scale)


@cli.command()
@click.option("--data/--no-data", default=True, help="Load the test data (default: yes).")
@click.option("--scale", default=1.0, type=click.FloatRange(0.001, 1.0), help="Share of the test data.")
@click.option("--yes", is_flag=True, help="Do not ask.")
def reset(data: bool, scale: float, yes: bool) -> None:
    """Drop all tables with their data and initialize the database again."""
    require(pgwright("migrate", "reset", *(("--yes",) if yes else ())))
    if data:
        load_data(load_settings(), scale)


def load_data(settings: Settings, scale: float) -> None:
    """Load the test data, unless they are there."""
    if not load(settings, scale=scale, report=show_progress):
        click.echo("the test data is there already")


def show_progress(progress: Progress) -> None:
    """Print how far a table is, once it is complete."""
    if progress.done == progress.total:
        click.echo(f"loaded {progress.done:>9,} {progress.label}", err=True)


if __name__ == "__main__":
    cli(prog_name="scripts/db.py")

"""How Alembic reaches the database of this application."""

from __future__ import annotations

from contextlib import nullcontext
from logging.config import fileConfig
from typing import Any

from alembic import context
from alembic.util import CommandError
from pgwright import PgwrightError, migration_lock
from sqlalchemy import create_engine
from sqlalchemy.exc import DBAPIError
from sqlalchemy.pool import NullPool

from app.db.session import CONNECT_TIMEOUT
from app.db.trouble import explain
from app.errors import AppError
from app.models import Base
from app.settings import Settings, load_settings

config = context.config
if config.config_file_name is not None:
    fileConfig(config.config_file_name, disable_existing_loggers=False)


def skip_empty_revision(_context: object, _revision: object, directives: list[Any]) -> None:
    """Write no file when `--autogenerate` found nothing that differs."""
    options = config.cmd_opts
    if getattr(options, "autogenerate", False) and directives and directives[0].upgrade_ops.is_empty():
        directives.clear()


def changes_the_database() -> bool:
    """Return whether this run has a destination: upgrade, downgrade and stamp have, the others look only."""
    try:
        context.get_revision_argument()
    except KeyError:
        return False
    return True


OPTIONS: dict[str, Any] = {
    "target_metadata": Base.metadata,
    "compare_type": True,
    "compare_server_default": True,
    "process_revision_directives": skip_empty_revision,
    # Each revision commits with its version number: a failure keeps those that are complete.
    "transaction_per_migration": True,
}


def run_offline() -> None:
    """Write the SQL of the revisions to stdout (`alembic upgrade --sql`); no database is needed."""
    context.configure(dialect_name="postgresql", literal_binds=True, **OPTIONS)
    with context.begin_transaction():
        context.run_migrations()


def run_online(settings: Settings) -> None:
    """Run the revisions, one process at a time."""
    engine = create_engine(
        settings.database_url,
        poolclass=NullPool,
        connect_args={
            "application_name": f"{settings.application_name}: migration",
            "connect_timeout": CONNECT_TIMEOUT,
        },
    )
    # Where the database stands is read inside the lock: the second of two upgrades finds nothing left to do.
    with (
        migration_lock(settings.text) if changes_the_database() else nullcontext(),
        engine.connect() as connection,
    ):
        context.configure(connection=connection, **OPTIONS)
        with context.begin_transaction():
            context.run_migrations()


def main() -> None:
    """Run offline or online; a known trouble ends as one message, not as a traceback."""
    try:
        if context.is_offline_mode():
            run_offline()
        else:
            run_online(load_settings())
    except (AppError, DBAPIError, PgwrightError) as error:
        raise CommandError(str(explain(error))) from error


main()

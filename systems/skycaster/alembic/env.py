"""Alembic's entry: where the database is, and how migrations run."""

from logging.config import fileConfig

from alembic import context
from alembic.util import CommandError
from pgwright.contrib.sqlalchemy import beside_policies
from sqlalchemy import Connection, create_engine
from sqlalchemy.exc import OperationalError
from sqlalchemy.pool import NullPool

from app.models import Base
from app.settings import SettingsError, database_url

config = context.config
if config.config_file_name is not None:
    fileConfig(config.config_file_name, disable_existing_loggers=False)


def run_offline() -> None:
    """Write the SQL of the migrations to stdout; no database is needed."""
    context.configure(
        dialect_name="postgresql",
        target_metadata=Base.metadata,
        literal_binds=True,
        transaction_per_migration=True,
    )
    with context.begin_transaction():
        context.run_migrations()


def run_on(connection: Connection) -> None:
    """Run the migrations on `connection`, each in a transaction of its own.

    One transaction for all would not do: indexes are built concurrently, outside of any.
    """
    context.configure(
        connection=connection,
        target_metadata=Base.metadata,
        compare_server_default=True,
        include_name=beside_policies(connection),
        transaction_per_migration=True,
    )
    with context.begin_transaction():
        context.run_migrations()


def run_online() -> None:
    """Run the migrations on the caller's connection if there is one, else on DATABASE_URL."""
    given = config.attributes.get("connection")
    if given is not None:
        run_on(given)
        return
    try:
        engine = create_engine(database_url(), poolclass=NullPool)
    except SettingsError as error:
        raise CommandError(str(error)) from None
    try:
        connection = engine.connect()
    except OperationalError as error:
        raise CommandError(f"cannot connect to DATABASE_URL: {error.orig}") from None
    with connection:
        run_on(connection)


if context.is_offline_mode():
    run_offline()
else:
    run_online()

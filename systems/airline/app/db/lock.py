"""One migration at a time, from however many machines."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager

from sqlalchemy import create_engine, text
from sqlalchemy.pool import NullPool

from app.db.session import CONNECT_TIMEOUT
from app.errors import DatabaseError
from app.settings import Settings

# Advisory locks are numbers that the application chooses: this one is "airline" in ASCII.
MIGRATION_LOCK = 0x61_69_72_6C_69_6E_65
WAIT_SECONDS = 600.0
POLL_SECONDS = 0.2


@contextmanager
def migration_lock(settings: Settings, *, wait_seconds: float = WAIT_SECONDS) -> Iterator[None]:
    """Hold the database's migration lock while the block runs.

    It is a session lock on a connection of its own: the server frees it when this
    process dies, and it outlives the transactions of the single revisions.

    Raises:
        DatabaseError: another process held it for `wait_seconds`.
    """
    engine = create_engine(
        settings.database_url,
        poolclass=NullPool,
        isolation_level="AUTOCOMMIT",
        connect_args={
            "application_name": f"{settings.application_name}: migration lock",
            "connect_timeout": CONNECT_TIMEOUT,
        },
    )
    with engine.connect() as connection:
        # The connection idles while revisions run; the setting exists from PostgreSQL 14.
        connection.execute(
            text("SELECT set_config(name, '0', false) FROM pg_settings WHERE name = 'idle_session_timeout'")
        )
        deadline = time.monotonic() + wait_seconds
        # A statement that *waits* for the lock holds a snapshot, and CREATE INDEX CONCURRENTLY in the
        # process that has the lock would wait for that snapshot for ever; hence trying, not waiting.
        while not connection.scalar(text("SELECT pg_try_advisory_lock(:key)"), {"key": MIGRATION_LOCK}):
            if time.monotonic() >= deadline:
                raise DatabaseError(
                    f"another process has been migrating {settings.database_url.database} "
                    f"for {wait_seconds:.0f} s",
                    hint="look for it in pg_stat_activity: its application_name ends with 'migration lock'",
                )
            time.sleep(POLL_SECONDS)
        yield

"""How AquaMind's tests are run: with TimescaleDB wherever the server has it, found by asking the server."""

from typing import Any

import psycopg
from django.db import connections
from django.db.models.signals import pre_migrate
from django.test.runner import DiscoverRunner

_AVAILABLE = "SELECT FROM pg_available_extensions WHERE name = 'timescaledb'"
_LICENCE = "SELECT current_setting('timescaledb.license', true)"
_EXTENSION = "SELECT FROM pg_extension WHERE extname = 'timescaledb'"
APACHE, COMMUNITY = "apache", "timescale"


class Runner(DiscoverRunner):
    """Make the extension in the test database before the first migration, which asks for it."""

    def setup_databases(self, **kwargs: Any) -> Any:
        """Make the test databases."""
        pre_migrate.connect(self._add_timescaledb)
        try:
            return super().setup_databases(**kwargs)
        finally:
            pre_migrate.disconnect(self._add_timescaledb)

    def _add_timescaledb(self, *, using: str, app_config: Any, **kwargs: Any) -> None:
        connection = connections[using]
        if connection.vendor != "postgresql" or app_config.label != "environmental":
            return
        # In a session of its own: a server that has the files but does not load the library ends it.
        with psycopg.connect(**connection.get_connection_params(), autocommit=True) as session:
            if session.execute(_AVAILABLE).fetchone() is None:
                return
            try:
                session.execute("CREATE EXTENSION IF NOT EXISTS timescaledb")
            except psycopg.Error as exc:
                self.log(f"TimescaleDB is on this server, but not for this role: {exc}")


def edition(using: str = "default") -> str:
    """Return the edition of a database's TimescaleDB, ``apache`` or ``timescale``; empty without one."""
    connection = connections[using]
    if connection.vendor != "postgresql":
        return ""
    with connection.cursor() as cursor:
        cursor.execute(_EXTENSION)
        if cursor.fetchone() is None:
            return ""
        cursor.execute(_LICENCE)
        return str(cursor.fetchone()[0])

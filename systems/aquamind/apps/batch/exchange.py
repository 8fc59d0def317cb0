"""Batches between environments: Django's JSON, moved by pgwright instead of object by object."""

from __future__ import annotations

import pgwright
from django.core.management.base import CommandError
from django.db import connections
from psycopg.conninfo import make_conninfo

from apps.batch.models import Batch

TABLE = Batch._meta.db_table
MODEL = Batch._meta.label_lower


def address(alias: str) -> str:
    """Return where the database of a connection is. Raises `CommandError` where that is no PostgreSQL."""
    connection = connections[alias]
    if connection.vendor != "postgresql":
        raise CommandError("batches move between PostgreSQL databases; DATABASE_URL names another kind")
    settings = connection.get_connection_params()
    wanted = ("dbname", "host", "port", "user", "password", "sslmode", "options")
    return make_conninfo("", **{name: settings[name] for name in wanted if settings.get(name)})


def failure(error: pgwright.PgwrightError) -> CommandError:
    """Return the error that manage.py shows, with the exit code of pgwright."""
    return CommandError(str(error), returncode=error.exit_code)

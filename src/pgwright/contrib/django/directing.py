"""Direct one connection of a Django project to a database, and follow what runs on it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from contextlib import AbstractContextManager, nullcontext
from typing import Any

from django.db import connections
from django.db.backends.base.base import BaseDatabaseWrapper
from django.db.backends.signals import connection_created

from pgwright.errors import MigrationError
from pgwright.migrate.worker.conductor import Conductor
from pgwright.sources.django_alias import Enclosure


class DjangoSession:
    """Be a session over Django's connection."""

    def __init__(self, connection: BaseDatabaseWrapper) -> None:
        self._connection = connection

    @property
    def in_autocommit(self) -> bool:
        """Tell whether each statement commits by itself."""
        return not self._connection.in_atomic_block and self._connection.autocommit

    def fetch(self, query: str, parameters: Mapping[str, Any] | None = None) -> list[tuple[Any, ...]]:
        """Run a query with ``%(name)s`` parameters, past Django's cursors and wrappers."""
        with self._connection.connection.cursor() as cursor:
            cursor.execute(query, dict(parameters) if parameters else None)
            return [tuple(row) for row in cursor.fetchall()] if cursor.description else []


class Directing:
    """Hang on Django's public hooks: `connection_created`, execute wrappers, the connection's `commit`."""

    def __init__(self) -> None:
        self.conductor: Conductor | None = None
        self.enclosure = Enclosure()
        connection_created.connect(self._connected, weak=False)

    def follow(self, conductor: Conductor) -> BaseDatabaseWrapper:
        """Open the enclosed connection anew, for `conductor` to follow it, and return it."""
        self.conductor = conductor
        connection = connections[self.enclosure.alias]
        if connection.vendor != "postgresql":
            raise MigrationError(
                f"the database {connection.alias} of these settings is {connection.vendor}",
                detail="pgwright migrates PostgreSQL; nothing was run",
                hint=f"let DATABASES[{connection.alias!r}] follow the environment, or use: "
                f"python manage.py migrate --database {connection.alias}",
            )
        connection.close()
        if self._around not in connection.execute_wrappers:
            connection.execute_wrappers.append(self._around)
            connection.pgwright = self  # type: ignore[attr-defined]
            self._hook_commit(connection)
        return connection

    def whole(self, connection: BaseDatabaseWrapper, text: str) -> AbstractContextManager[bool]:
        """Hold what the block runs as one statement; see `Conductor.whole`."""
        return self.conductor.whole(DjangoSession(connection), text) if self.conductor else nullcontext(True)

    def _connected(self, *, connection: BaseDatabaseWrapper, **_: Any) -> None:
        if self.conductor is not None and connection.alias == self.enclosure.alias:
            self.conductor.session_begins(DjangoSession(connection))

    def _hook_commit(self, connection: BaseDatabaseWrapper) -> None:
        commit, rollback = connection.commit, connection.rollback

        def committing() -> None:
            if self.conductor is not None:
                self.conductor.transaction_ends(DjangoSession(connection))
            commit()

        def rolling_back() -> None:
            rollback()
            if self.conductor is not None:
                self.conductor.transaction_lost()

        connection.commit = committing  # type: ignore[method-assign]
        connection.rollback = rolling_back  # type: ignore[method-assign]

    def _around(
        self, execute: Callable[..., Any], sql: Any, params: Any, many: bool, context: dict[str, Any]
    ) -> Any:
        conductor = self.conductor
        if conductor is None:
            return execute(sql, params, many, context)
        session, cursor = DjangoSession(context["connection"]), context["cursor"].cursor
        instead = conductor.statement_begins(session, str(sql), params)
        if instead is not None:
            return cursor.execute(instead)
        try:
            result = execute(sql, params, many, context)
        except BaseException:
            conductor.statement_failed(session)
            raise
        conductor.statement_ends(session, max(0, cursor.rowcount))
        return result

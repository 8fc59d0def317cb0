"""Direct the connections that a project's env.py opens to one database, and follow what runs on them."""

from __future__ import annotations

import re
from collections.abc import Mapping
from contextlib import AbstractContextManager, nullcontext
from typing import Any

from sqlalchemy import Connection, event
from sqlalchemy.engine import Engine, ExceptionContext

from pgwright.errors import MigrationError
from pgwright.migrate.worker.conductor import Conductor
from pgwright.pg.address import Address, parse_address

_MARK = "pgwright"
_PLACE = frozenset(
    {"host", "hostaddr", "port", "user", "password", "passfile", "service", "dbname", "database"}
)
_LIBPQ = frozenset({"psycopg", "psycopg_async", "psycopg2", "psycopg2cffi"})


class DriverSession:
    """Be a session over any driver that SQLAlchemy knows."""

    def __init__(self, dbapi_connection: Any, paramstyle: str) -> None:
        self._connection = dbapi_connection
        self._paramstyle = paramstyle

    @property
    def in_autocommit(self) -> bool:
        """Tell whether each statement commits by itself."""
        return bool(self._connection.autocommit)

    def fetch(self, query: str, parameters: Mapping[str, Any] | None = None) -> list[tuple[Any, ...]]:
        """Run a query with ``%(name)s`` parameters; SQLAlchemy's events do not see it."""
        cursor = self._connection.cursor()
        try:
            if parameters:
                cursor.execute(*_spelt(query, parameters, self._paramstyle))
            else:
                cursor.execute(query)
            return [tuple(row) for row in cursor.fetchall()] if cursor.description else []
        finally:
            cursor.close()


def _spelt(query: str, parameters: Mapping[str, Any], style: str) -> tuple[str, Any]:
    """Return a query and its parameters as the driver wants them."""
    if style == "pyformat":
        return query, dict(parameters)
    names: list[str] = []
    numbered = style == "numeric_dollar"

    def put(match: re.Match[str]) -> str:
        names.append(match[1])
        return f"${len(names)}" if numbered else "%s"

    return re.sub(r"%\((\w+)\)s", put, query), tuple(parameters[name] for name in names)


class Directing:
    """Install hooks on every engine of this process; `conductor` is that of the present order."""

    def __init__(self) -> None:
        self.conductor: Conductor | None = None
        self._address: Address | None = None
        self._first: tuple[Any, ...] | None = None
        self._skipping = False
        event.listen(Engine, "do_connect", self._connect)
        event.listen(Engine, "before_cursor_execute", self._before, retval=True)
        event.listen(Engine, "after_cursor_execute", self._after)
        event.listen(Engine, "handle_error", self._failed)
        event.listen(Engine, "commit", self._commits)
        event.listen(Engine, "rollback", self._rolled_back)

    def to(self, url: str, conductor: Conductor) -> None:
        """Lead all connections that are opened from now on to `url`."""
        self.conductor, self._address, self._first = conductor, parse_address(url), None

    @staticmethod
    def is_directed(connection: Connection) -> bool:
        """Tell whether a connection was opened here; one of an engine with ``creator=`` was not."""
        return bool(connection.info.get(_MARK))

    def whole(self, connection: Connection, text: str) -> AbstractContextManager[bool]:
        """Hold what the block runs as one statement; see `Conductor.whole`."""
        return self.conductor.whole(session_of(connection), text) if self.conductor else nullcontext(True)

    def _connect(self, dialect: Any, record: Any, args: list[Any], params: dict[str, Any]) -> Any:
        if self._address is None or self.conductor is None or dialect.name != "postgresql":
            return None
        named = tuple(params.get(key) for key in ("host", "port", "dbname", "database"))
        if self._first not in (None, named):
            raise MigrationError(
                "env.py connects to more than one database",
                detail=f"first to {_shown(self._first)}, then to {_shown(named)}; nothing was sent there",
                hint="pgwright runs the migrations of one database: give each its own alembic.ini",
            )
        self._first = named
        kept = {k: v for k, v in params.items() if k not in _PLACE and not k.startswith("ssl")}
        made = dialect.connect(**{**kept, **_parameters(self._address, dialect.driver)})
        record.info[_MARK] = self
        self.conductor.session_begins(DriverSession(made, dialect.paramstyle))
        made.commit()
        return made

    def _before(  # noqa: PLR0917 - the event's own signature
        self, conn: Connection, cursor: Any, statement: str, parameters: Any, context: Any, many: bool
    ) -> tuple[str, Any]:
        if self.conductor is None or not self.is_directed(conn):
            return statement, parameters
        instead = self.conductor.statement_begins(session_of(conn), statement, parameters)
        self._skipping = instead is not None
        return (statement, parameters) if instead is None else (instead, ())

    def _after(  # noqa: PLR0917 - the event's own signature
        self, conn: Connection, cursor: Any, statement: str, parameters: Any, context: Any, many: bool
    ) -> None:
        if self.conductor is None or self._skipping or not self.is_directed(conn):
            self._skipping = False
            return
        self.conductor.statement_ends(session_of(conn), max(0, cursor.rowcount or 0))

    def _failed(self, context: ExceptionContext) -> None:
        if self.conductor is not None and context.connection is not None:
            self.conductor.statement_failed(session_of(context.connection))

    def _commits(self, conn: Connection) -> None:
        if self.conductor is not None and self.is_directed(conn):
            self.conductor.transaction_ends(session_of(conn))

    def _rolled_back(self, conn: Connection) -> None:
        if self.conductor is not None:
            self.conductor.transaction_lost()


def session_of(conn: Connection) -> DriverSession:
    """Return the session below a connection."""
    return DriverSession(conn.connection.dbapi_connection, conn.dialect.paramstyle)


def _parameters(address: Address, driver: str) -> dict[str, Any]:
    params = dict(address.params)
    if driver in _LIBPQ:
        return params
    found: dict[str, Any] = {key: params[key] for key in ("host", "user", "password") if key in params}
    if "port" in params:
        found["port"] = int(params["port"])
    if "dbname" in params:
        found["database"] = params["dbname"]
    if driver == "asyncpg" and params.get("sslmode", "prefer") not in ("disable", "allow", "prefer"):
        found["ssl"] = params["sslmode"]
    return found


def _shown(place: tuple[Any, ...] | None) -> str:
    host, port, dbname, database = place or (None,) * 4
    return f"{dbname or database or 'the default database'} at {host or 'the local socket'}:{port or 5432}"

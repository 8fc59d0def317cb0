"""Time series, retention, compression and rollups, declared beside SQLAlchemy models.

::

    class AuditLog(Base):
        __tablename__ = "audit_logs"
        __table_args__ = (TimeSeries("timestamp", "1 month"), Retain("6 months"))

``metadata.create_all()`` makes them hold on PostgreSQL, with TimescaleDB or without, and does nothing about
them on other databases. `pgwright schema` and `pgwright policy` compare them with a database like tables.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from contextlib import nullcontext
from datetime import date, datetime, time, timedelta
from decimal import Decimal
from typing import Any, ParamSpec
from weakref import WeakSet

import psycopg
from sqlalchemy import Column, Connection, MetaData, Table, event
from sqlalchemy.exc import DBAPIError
from sqlalchemy.orm import Mapper
from sqlalchemy.schema import SchemaItem

from pgwright.contrib.sqlalchemy.objects import run_statement
from pgwright.errors import PolicyError
from pgwright.model import policy as model
from pgwright.model.names import QualifiedName
from pgwright.model.policy_checks import require_declarable
from pgwright.model.policy_project import DeclaringModel, require_consistent
from pgwright.timeseries.declare import Edit, declare, spoken
from pgwright.timeseries.records import brought_along

_INFO = "pgwright_policies"
_DEFAULT_SCHEMA = "public"
_PLAIN = (int, float, bool, str, bytes, Decimal, time, timedelta)
_FOREIGN_SCHEMAS = ("_timescaledb_", "timescaledb_")

P = ParamSpec("P")


class Declared(SchemaItem):
    """Carry a policy into a table; `TimeSeries` and the others of this module make one."""

    __visit_name__ = "pgwright_policy"

    def __init__(self, policy: model.Policy) -> None:
        self.policy = policy

    def _set_parent(self, parent: Any, **_: Any) -> None:
        """Have the declaration checked when the table is complete, and carried out when it is made."""
        assert isinstance(parent, Table)
        if _INFO not in parent.info:
            event.listen(parent, "after_parent_attach", _require_declarable)
        parent.info[_INFO] = tuple(dict.fromkeys((*policies_of(parent), self.policy)))
        if not event.contains(parent.metadata, "after_create", _after_create):
            event.listen(parent.metadata, "before_create", _require_consistent)
            event.listen(parent.metadata, "after_create", _after_create)
        _UNCHECKED.add(parent.metadata)


# Each is checked once for what came to it: one that is wrong is not told of in every later configuration.
_UNCHECKED: WeakSet[MetaData] = WeakSet()


def _require_declarable(table: Table, _: MetaData) -> None:
    columns = {column.name: _holds_moments(column) for column in table.columns}
    require_declarable(table.fullname, columns, policies_of(table))


def _require_consistent(metadata: MetaData, *_: Any, **__: Any) -> None:
    """Raise `PolicyError` for declarations that do not fit the other tables."""
    require_consistent(
        DeclaringModel(
            name=table.fullname,
            table=_name(table.schema, table.name),
            columns=tuple(column.name for column in table.columns),
            policies=policies_of(table),
        )
        for table in metadata.tables.values()
    )


@event.listens_for(Mapper, "after_configured")
def _after_configured() -> None:
    """Check what needs all models, as soon as they are known."""
    while _UNCHECKED:
        _require_consistent(_UNCHECKED.pop())


def _item(policy: Callable[P, model.Policy]) -> Callable[P, Declared]:
    def make(*args: P.args, **named: P.kwargs) -> Declared:
        return Declared(policy(*args, **named))

    make.__doc__ = policy.__doc__
    return make


TimeSeries = _item(model.TimeSeries)
Compress = _item(model.Compress)
Retain = _item(model.Retain)
Rollup = _item(model.Rollup)
Join = model.Join


def _holds_moments(column: Column[Any]) -> bool | None:
    """Tell whether a column holds moments in time; None for a type that does not say."""
    try:
        python = column.type.python_type
    except NotImplementedError:
        return None
    # A type of the project's own may say anything of what is behind it.
    return issubclass(python, date) if python in (*_PLAIN, date, datetime) else None


def policies_of(table: Table) -> tuple[model.Policy, ...]:
    """Return what is declared about a table."""
    return tuple(table.info.get(_INFO, ()))


def edits_of(tables: Iterable[Table]) -> tuple[Edit, ...]:
    """Return the declarations of some tables as edits of a database's catalog."""
    return tuple(
        Edit(table=_name(table.schema, getattr(policy, "of", "") or table.name), policy=policy)
        for table in tables
        for policy in policies_of(table)
    )


def _name(schema: str | None, name: str) -> QualifiedName:
    return QualifiedName(schema or _DEFAULT_SCHEMA, name)


def _after_create(
    target: MetaData, connection: Connection, *, tables: Sequence[Table] | None = None, **_: Any
) -> None:
    made = target.sorted_tables if tables is None else tables
    edits = edits_of(made)
    if edits and connection.dialect.name == "postgresql":
        _carry_out(connection, edits)


def declare_policies(
    connection: Connection | None, table: str, *policies: Declared, schema: str | None = None
) -> None:
    """Make policies of a table hold: ``declare_policies(op.get_bind(), "logs", Retain("1 year"))``.

    For migrations: it runs within their transaction. On databases other than PostgreSQL it does nothing.
    Raises `PolicyError` for what the table or the server cannot bear.
    """
    _change(connection, table, policies, schema, gone=False)


def withdraw_policies(
    connection: Connection | None, table: str, *policies: Declared, schema: str | None = None
) -> None:
    """Take policies of a table back, in the downgrade of a migration; rows of the table itself stay."""
    _change(connection, table, tuple(reversed(policies)), schema, gone=True)


def _change(
    connection: Connection | None, table: str, policies: Sequence[Declared], schema: str | None, *, gone: bool
) -> None:
    # Alembic's offline mode has a stand-in that only prints.
    if not isinstance(connection, Connection):
        from pgwright.contrib.alembic.refusals import ScriptRefused

        raise ScriptRefused(
            f"the policies of {table} cannot be written into a script",
            detail="what makes them hold depends on the table as it is in the database; nothing was changed",
            hint="end the script with the revision before this one, and run this one on the database; for a "
            "look at its SQL: pgwright policy plan",
        )
    if connection.dialect.name != "postgresql":
        return
    edits = tuple(
        Edit(table=_name(schema, getattr(item.policy, "of", "") or table), policy=item.policy, gone=gone)
        for item in policies
    )
    _carry_out(connection, edits)


def _carry_out(connection: Connection, edits: Sequence[Edit]) -> None:
    """Make edits hold, all or none, by statements that SQLAlchemy's events see."""
    conn = driver_of(connection)
    # `pgwright migrate` leaves the means to follow a connection there.
    followed = connection.info.get("pgwright")
    whole = followed.whole(connection, spoken(edits)) if followed else nullcontext(True)
    with conn.transaction() if conn.autocommit else nullcontext(), whole as is_due:
        if is_due:
            declare(conn, edits, run=lambda text: _run(connection, text))


def _run(connection: Connection, statement: str) -> None:
    try:
        run_statement(connection, statement)
    except DBAPIError as exc:
        if exc.orig is None:
            raise
        # The driver's error is the cause of SQLAlchemy's: the two must not name each other.
        raise exc.orig from None


def beside_policies(
    connection: Connection,
) -> Callable[[str | None, str, Mapping[str, str | None]], bool]:
    """Return what Alembic's ``context.configure`` takes as ``include_name``: all but what policies bring.

    Without it, autogenerate would drop partitions and the tables of rollups, which no model declares. The
    database is asked when the first name is, since a question before would open a transaction. From then on
    autogenerate compares what the models declare, too.
    """
    import pgwright.contrib.alembic.autogenerate  # noqa: F401, PLC0415 - it tells Alembic, which only env.py has

    brought: list[frozenset[QualifiedName]] = []

    def include(name: str | None, type: str, parents: Mapping[str, str | None]) -> bool:
        if type == "schema":
            return not (name or "").startswith(_FOREIGN_SCHEMAS) and name != "pgwright"
        if type != "table" or connection.dialect.name != "postgresql":
            return True
        if not brought:
            brought.append(brought_along(driver_of(connection)))
        schema = parents.get("schema_name") or connection.dialect.default_schema_name
        return QualifiedName(schema, str(name)) not in brought[0]

    return include


def driver_of(connection: Connection) -> psycopg.Connection[Any]:
    """Return psycopg's own connection. Raises `PolicyError` for another driver."""
    found = connection.connection.driver_connection
    if not isinstance(found, psycopg.Connection):
        raise PolicyError(
            f"policies need the driver psycopg 3, and this engine uses {connection.dialect.driver}",
            detail="nothing was changed",
            hint="create tables and run migrations over postgresql+psycopg://",
        )
    return found

"""Declare beside SQLAlchemy models what SQLAlchemy has no words for.

    from pgwright.contrib.sqlalchemy import Grant, View, declare

    declare(
        Base.metadata,
        View("active_users", "SELECT id, email FROM users WHERE is_active"),
        Grant("SELECT", on="active_users", to=("reporting",)),
    )

`Base.metadata.create_all()` makes these after the tables, and `pgwright` compares and migrates them.
"""

from __future__ import annotations

from functools import partial
from typing import Any

from sqlalchemy import Connection, MetaData, event

from pgwright.sources.declarations import Declaration

KEY = "pgwright.declarations"


def declare(metadata: MetaData, *declarations: Declaration) -> None:
    """Let `create_all` make the declarations around the tables, in their order; `drop_all` removes them.

    What depends on another one comes after it; what says `first` comes before the tables. On other databases
    than PostgreSQL nothing happens.
    """
    if KEY not in metadata.info:
        metadata.info[KEY] = []
        event.listen(metadata, "before_create", partial(_create, first=True))
        event.listen(metadata, "after_create", partial(_create, first=False))
        event.listen(metadata, "before_drop", partial(_drop, first=False))
        event.listen(metadata, "after_drop", partial(_drop, first=True))
    metadata.info[KEY].extend(declarations)


def _create(metadata: MetaData, connection: Connection, *, first: bool, **_: Any) -> None:
    for declaration in _declared(metadata, connection, first):
        for statement in declaration.statements():
            run_statement(connection, statement)


def _drop(metadata: MetaData, connection: Connection, *, first: bool, **_: Any) -> None:
    for declaration in reversed(_declared(metadata, connection, first)):
        if statement := declaration.removal():
            run_statement(connection, statement)


def _declared(metadata: MetaData, connection: Connection, first: bool) -> list[Declaration]:
    if connection.dialect.name != "postgresql":
        return []
    return [declaration for declaration in metadata.info[KEY] if declaration.first is first]


def run_statement(connection: Connection, statement: str) -> None:
    """Run a statement letter for letter, seen by SQLAlchemy's events."""
    # Without parameters the driver does not look for them: a % in the body of a function stays.
    connection.exec_driver_sql(statement, execution_options={"no_parameters": True})

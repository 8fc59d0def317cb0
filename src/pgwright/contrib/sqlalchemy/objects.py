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

from typing import Any

from sqlalchemy import Connection, MetaData, event

from pgwright.sources.declarations import (
    Declaration,
    Function,
    Grant,
    MaterializedView,
    RowPolicy,
    Statement,
    Trigger,
    View,
)

__all__ = [
    "Declaration",
    "Function",
    "Grant",
    "MaterializedView",
    "RowPolicy",
    "Statement",
    "Trigger",
    "View",
    "declare",
]

KEY = "pgwright.declarations"


def declare(metadata: MetaData, *declarations: Declaration) -> None:
    """Let `create_all` make the declarations after the tables, in their order; `drop_all` removes them.

    What depends on another one comes after it. On other databases than PostgreSQL nothing happens.
    """
    if KEY not in metadata.info:
        metadata.info[KEY] = []
        event.listen(metadata, "after_create", _create)
        event.listen(metadata, "before_drop", _drop)
    metadata.info[KEY].extend(declarations)


def _create(metadata: MetaData, connection: Connection, **_: Any) -> None:
    if connection.dialect.name == "postgresql":
        for declaration in metadata.info[KEY]:
            for statement in declaration.statements():
                _run(connection, statement)


def _drop(metadata: MetaData, connection: Connection, **_: Any) -> None:
    if connection.dialect.name == "postgresql":
        for declaration in reversed(metadata.info[KEY]):
            if statement := declaration.removal():
                _run(connection, statement)


def _run(connection: Connection, statement: str) -> None:
    # Without parameters the driver does not look for them: a % in the body of a function stays.
    connection.exec_driver_sql(statement, execution_options={"no_parameters": True})

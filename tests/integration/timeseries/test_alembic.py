"""Declarations in Alembic's migrations: made, left alone by autogenerate, and taken back."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from sqlalchemy import (
    BigInteger,
    Column,
    DateTime,
    Engine,
    Index,
    MetaData,
    Table,
    create_engine,
    inspect,
    text,
)

from pgwright.contrib.sqlalchemy import (
    Retain,
    Rollup,
    TimeSeries,
    beside_policies,
    declare_policies,
    withdraw_policies,
)
from pgwright.errors import PolicyError

METADATA = MetaData()
LOGS = Table(
    "logs",
    METADATA,
    Column("id", BigInteger, primary_key=True, autoincrement=False),
    Column("at", DateTime(timezone=True), primary_key=True),
    Index("logs_at", "at"),
)
POLICIES = (
    TimeSeries("at", "1 month"),
    Retain("6 months"),
    Rollup("logs_daily", bucket="1 day", aggregates={"n": "count(*)"}, realtime=True),
)


@pytest.fixture
def sqlalchemy_engine(engine: str) -> Iterator[Engine]:
    made = create_engine(engine.replace("postgresql://", "postgresql+psycopg://", 1))
    yield made
    made.dispose()


def _found(engine: Engine, **options: object) -> list[tuple[Any, ...]]:
    with engine.connect() as connection:
        if "include_name" in options:
            options["include_name"] = beside_policies(connection)
        found: list[tuple[Any, ...]] = compare_metadata(
            MigrationContext.configure(connection, opts=options), METADATA
        )
        return found


def test_a_migration_declares_and_withdraws(sqlalchemy_engine: Engine) -> None:
    METADATA.create_all(sqlalchemy_engine)
    with sqlalchemy_engine.begin() as connection:
        connection.execute(text("INSERT INTO logs VALUES (1, now()), (2, now() - interval '3 months')"))
    with sqlalchemy_engine.begin() as connection:
        declare_policies(connection, "logs", *POLICIES)
    # By itself Alembic takes tables that came along for some that the models lost. On TimescaleDB's Community
    # edition none come: a continuous aggregate is a view, and chunks are in a schema of their own.
    dropped = {change[1].name for change in _found(sqlalchemy_engine) if change[0] == "remove_table"}
    assert dropped == set(inspect(sqlalchemy_engine).get_table_names()) - {"logs"}
    assert _found(sqlalchemy_engine, include_name=True, include_schemas=True) == []
    with sqlalchemy_engine.begin() as connection:
        withdraw_policies(connection, "logs", *POLICIES)
    assert _found(sqlalchemy_engine) == []
    with sqlalchemy_engine.connect() as connection:
        assert connection.execute(text("SELECT id FROM logs ORDER BY id")).scalars().all() == [1, 2]


def test_a_script_without_a_database_is_refused() -> None:
    with pytest.raises(PolicyError, match="policies of logs cannot be written into a script"):
        declare_policies(None, "logs", *POLICIES)

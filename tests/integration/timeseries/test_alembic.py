"""Declarations in Alembic's migrations: made, left alone by autogenerate, and taken back."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from alembic.autogenerate import compare_metadata, produce_migrations, render_python_code
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


def test_autogenerate_sees_what_models_declare(sqlalchemy_engine: Engine) -> None:
    def models(*policies: Any) -> MetaData:
        metadata = MetaData()
        Table(
            "logs",
            metadata,
            Column("id", BigInteger, primary_key=True, autoincrement=False),
            Column("at", DateTime(timezone=True), primary_key=True),
            *policies,
        )
        return metadata

    def found(metadata: MetaData) -> Any:
        with sqlalchemy_engine.connect() as connection:
            options = {"include_name": beside_policies(connection)}
            return compare_metadata(MigrationContext.configure(connection, opts=options), metadata)

    series = TimeSeries("at", "1 month")
    daily = Rollup("logs_daily", bucket="1 day", aggregates={"n": "count(*)"})
    months = Rollup("months", bucket="1 month", aggregates={"n": "sum(n)"}, of="logs_daily")
    first = models(series, Retain("6 months"), daily, months)
    first.create_all(sqlalchemy_engine)
    assert found(first) == []
    retention, made = "retention public.logs.retention", "rollup public.logs.by_id"
    assert found(models(series, Retain("9 months"), daily, months)) == [("modify_policy", retention)]
    by_id = Rollup("by_id", group_by="id", aggregates={"n": "count(*)"})
    assert found(models(series, by_id)) == [
        ("remove_policy", retention),
        ("remove_policy", "rollup public.logs_daily.months"),
        ("remove_policy", "rollup public.logs.logs_daily"),
        ("add_policy", made),
    ]
    # The way back is what Alembic writes into downgrade().
    with sqlalchemy_engine.connect() as connection:
        options = {"include_name": beside_policies(connection)}
        context = MigrationContext.configure(connection, opts=options)
        script = produce_migrations(context, models(series, by_id))
    assert script.upgrade_ops and script.downgrade_ops
    upgrade, downgrade = render_python_code(script.upgrade_ops), render_python_code(script.downgrade_ops)
    withdrawn = 'withdraw_policies(op.get_bind(), "logs", Retain("6 months"))'
    assert withdrawn in upgrade and withdrawn.replace("withdraw", "declare") in downgrade
    assert downgrade.index("Declare rollup of public.logs.") < downgrade.index("of public.logs_daily.")

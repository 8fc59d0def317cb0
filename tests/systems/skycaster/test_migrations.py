"""From empty to head and back, and the agreement of migrations and models."""

from __future__ import annotations

import psycopg
import pytest

from tests.conftest import MakeDatabase
from tests.servers.running import Server

from .system import CREATE_ALL, TABLES, Skycaster, schema

# Everything outside of the system's schemas, whatever its kind
LEFT_OVER = """
    SELECT 'relation ' || relname FROM pg_class WHERE relnamespace = 'public'::regnamespace
    UNION ALL SELECT 'type ' || typname FROM pg_type
     WHERE typnamespace = 'public'::regnamespace AND typtype IN ('e', 'd')
    UNION ALL SELECT 'function ' || proname FROM pg_proc WHERE pronamespace = 'public'::regnamespace
    UNION ALL SELECT 'extension ' || extname FROM pg_extension WHERE extname <> 'plpgsql'
    UNION ALL SELECT 'schema ' || nspname FROM pg_namespace
     WHERE nspname !~ '^pg_' AND nspname NOT IN ('public', 'information_schema')
    ORDER BY 1
"""


def test_upgrade_makes_every_table(migrated: Skycaster) -> None:
    assert set(migrated.tables()) == TABLES | {"alembic_version"}
    assert migrated.alembic("current") == "0007 (head)\n"


def test_every_step_down_and_up_again(server_18: Server, migrated: Skycaster) -> None:
    before = schema(server_18, migrated.url)
    for expected in (["0006"], ["0005"], ["0004"], ["0003"], ["0002"], ["0001"], []):
        migrated.alembic("downgrade", "-1")
        assert migrated.names("SELECT version_num FROM alembic_version") == expected
    assert migrated.names(LEFT_OVER) == ["relation alembic_version", "relation alembic_version_pkc"]
    assert migrated.alembic("current") == ""
    migrated.alembic("upgrade", "head")
    assert schema(server_18, migrated.url) == before


def test_every_version_of_postgresql(each_server: Server, make_database: MakeDatabase) -> None:
    skycaster = Skycaster(url=make_database(each_server))
    skycaster.alembic("upgrade", "head")
    assert skycaster.names("INSERT INTO users (email) VALUES ('a@b.example') RETURNING id::text")
    skycaster.alembic("downgrade", "base")
    assert skycaster.names(LEFT_OVER) == ["relation alembic_version", "relation alembic_version_pkc"]


def test_upgrade_twice_changes_nothing(server_18: Server, migrated: Skycaster) -> None:
    before = schema(server_18, migrated.url)
    migrated.alembic("upgrade", "head")
    assert schema(server_18, migrated.url) == before


def test_models_agree_by_alembic(migrated: Skycaster) -> None:
    assert "No new upgrade operations detected" in migrated.alembic("check")


def test_models_agree_by_dump(server_18: Server, migrated: Skycaster, make_database: MakeDatabase) -> None:
    created = Skycaster(url=make_database(server_18))
    created.python("-c", CREATE_ALL)
    assert schema(server_18, created.url) == schema(server_18, migrated.url)


def test_offline_script_makes_the_same(
    server_18: Server, skycaster: Skycaster, make_database: MakeDatabase
) -> None:
    script = skycaster.alembic("upgrade", "0006", "--sql")
    skycaster.alembic("upgrade", "0006")
    other = Skycaster(url=make_database(server_18))
    with other.connect() as connection:
        # One statement at a time: several in one message would be one transaction, which
        # concurrent index builds refuse.
        for statement in script.split(";\n"):
            if statement.strip():
                connection.execute(statement.encode())
    assert schema(server_18, other.url) == schema(server_18, skycaster.url)
    refused = skycaster.run("-m", "alembic", "upgrade", "0006:head", "--sql")
    assert refused.returncode and "FAILED: error[PW600]" in refused.stdout + refused.stderr
    assert "Traceback" not in refused.stderr


def test_existing_enum_is_completed_and_not_dropped(server_18: Server, skycaster: Skycaster) -> None:
    with skycaster.connect() as connection:
        connection.execute("CREATE TYPE user_role AS ENUM ('user')")
        connection.execute("CREATE TYPE subscription_status AS ENUM ('active', 'canceled')")
        connection.execute("CREATE TABLE kept (role user_role)")
        connection.execute("INSERT INTO kept VALUES ('user')")
    skycaster.alembic("upgrade", "head")
    assert skycaster.names("SELECT unnest(enum_range(NULL::user_role))::text") == ["user", "admin"]
    assert skycaster.names("SELECT unnest(enum_range(NULL::subscription_status))::text") == [
        "trialing",
        "active",
        "past_due",
        "canceled",
    ]
    assert skycaster.names("SELECT role::text FROM kept") == ["user"]


def test_downgrade_refuses_to_drop_an_enum_in_use(migrated: Skycaster) -> None:
    migrated.alembic("downgrade", "0001")
    with migrated.connect() as connection:
        connection.execute("CREATE TABLE kept (role user_role)")
    done = migrated.run("-m", "alembic", "downgrade", "base")
    assert done.returncode != 0
    assert "cannot drop type user_role" in done.stderr
    # The step is one transaction: what it had dropped before is back.
    assert migrated.names("SELECT version_num FROM alembic_version") == ["0001"]
    assert migrated.names("SELECT to_regclass('users')::text") == ["users"]


def test_bills_from_before_currencies_keep_theirs(skycaster: Skycaster) -> None:
    skycaster.alembic("upgrade", "0004")
    with skycaster.connect() as connection:
        connection.execute(
            """
            WITH u AS (INSERT INTO users (email) VALUES ('a@b.example') RETURNING id)
            INSERT INTO subscriptions
              (user_id, plan, status, currency, unit_amount, current_period_start, current_period_end)
            SELECT id, 'business', 'active', 'EUR', 199, now(), now() + interval '1 month' FROM u
            """
        )
    skycaster.alembic("upgrade", "head")
    assert skycaster.names("SELECT code FROM currency_config") == ["EUR"]
    assert skycaster.names("SELECT currency FROM subscriptions") == ["EUR"]


def test_failed_concurrent_build_is_mended_by_another_upgrade(skycaster: Skycaster) -> None:
    skycaster.alembic("upgrade", "0005")
    with skycaster.connect() as connection:
        connection.execute("INSERT INTO audit_logs (activity_type) VALUES ('user.login'), ('user.login')")
        with pytest.raises(psycopg.errors.UniqueViolation):
            connection.execute(
                "CREATE UNIQUE INDEX CONCURRENTLY idx_audit_logs_activity_timestamp"
                " ON audit_logs (activity_type)"
            )
    invalid = "SELECT indexrelid::regclass::text FROM pg_index WHERE NOT indisvalid"
    assert skycaster.names(invalid) == ["idx_audit_logs_activity_timestamp"]
    skycaster.alembic("upgrade", "head")
    assert skycaster.names(invalid) == []
    skycaster.alembic("check")

"""Models and migrations agree, and migrations reverse, repeat and wait for each other."""

from __future__ import annotations

import signal
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from itertools import pairwise

import psycopg

from pgwright import migration_lock
from tests.systems.airline.project import ALEMBIC, HEAD, REVISIONS, SCRIPT, run, start, succeed, wait_until
from tests.systems.airline.structure import EMPTY, structure

CREATE_ALL = """
from app.db.session import get_engine
from app.models import Base
Base.metadata.create_all(get_engine())
get_engine().dispose()
"""


def test_migrations_build_what_the_models_say(database: str) -> None:
    succeed(database, *ALEMBIC, "upgrade", "head")
    migrated = structure(database)
    assert len(migrated["columns"]) > 80
    assert "No new upgrade operations detected" in succeed(database, *ALEMBIC, "check").stdout
    succeed(database, *ALEMBIC, "downgrade", "base")
    assert structure(database) == EMPTY  # nothing is left behind
    succeed(database, "-c", CREATE_ALL)
    assert structure(database) == migrated


def test_each_revision_reverses(database: str) -> None:
    before = [structure(database)]
    for revision in REVISIONS:
        succeed(database, *SCRIPT, "migrate", "upgrade", revision)
        before.append(structure(database))
    assert all(earlier != later for earlier, later in pairwise(before))
    while before.pop() and before:
        succeed(database, *SCRIPT, "migrate", "downgrade", "-1")
        assert structure(database) == before[-1]


def test_every_foreign_key_has_an_index_and_every_table_a_key(migrated: str) -> None:
    with psycopg.connect(migrated) as connection:
        bare = connection.execute("""
            SELECT conname FROM pg_constraint
             WHERE contype = 'f' AND NOT EXISTS (
                   SELECT FROM pg_index WHERE indrelid = conrelid AND indkey[0] = conkey[1])
        """).fetchall()
        keyless = connection.execute("""
            SELECT relname FROM pg_class
             WHERE relkind = 'r' AND relnamespace = 'public'::regnamespace
               AND NOT EXISTS (SELECT FROM pg_index WHERE indrelid = pg_class.oid AND indisprimary)
        """).fetchall()
        zoneless = connection.execute("""
            SELECT attrelid::regclass, attname FROM pg_attribute
              JOIN pg_class ON pg_class.oid = attrelid
             WHERE relnamespace = 'public'::regnamespace
               AND (atttypid = 'timestamp'::regtype OR atttypid IN ('float4'::regtype, 'float8'::regtype))
        """).fetchall()
    assert (bare, keyless, zoneless) == ([], [], [])


def test_sql_can_be_written_without_a_server() -> None:
    sql = run(None, *ALEMBIC, "upgrade", "41d6f3e09b8c", "--sql").stdout
    assert "CREATE TABLE market_data" in sql
    assert "CREATE INDEX CONCURRENTLY ix_bookings_booked_at" in sql
    # What keeps market data depends on the tables as they are: a script that left it out would not say so.
    refused = run(None, *ALEMBIC, "upgrade", "head", "--sql")
    assert refused.returncode and "cannot be written into a script" in refused.stderr
    assert "Traceback" not in refused.stderr


def test_upgrade_twice_does_no_harm(database: str) -> None:
    succeed(database, *SCRIPT, "migrate", "upgrade")
    once = structure(database)
    again = succeed(database, *SCRIPT, "migrate", "upgrade")
    assert HEAD in again.stdout
    assert structure(database) == once


def test_two_upgrades_at_once_run_each_revision_once(database: str) -> None:
    with psycopg.connect(database, autocommit=True) as holder, ExitStack() as stack:
        stack.enter_context(migration_lock(database))
        processes = [
            start(database, *command)
            for command in ((*ALEMBIC, "upgrade", "head"), (*SCRIPT, "migrate", "upgrade"))
        ]

        def both_wait() -> bool:
            row = holder.execute(
                "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database()"
                " AND query ILIKE '%pg_try_advisory_lock%' AND pid <> pg_backend_pid()"
            ).fetchone()
            return row == (2,)

        wait_until(both_wait, "two processes at the lock")
        assert structure(database) == EMPTY
        stack.close()
        with ThreadPoolExecutor() as pool:
            outputs = list(pool.map(lambda process: process.communicate(timeout=120), processes))
    assert [process.returncode for process in processes] == [0, 0], outputs
    log = "".join(errors for _, errors in outputs)
    assert log.count("Running upgrade") + log.count(": applied in ") == len(REVISIONS)
    assert succeed(database, *SCRIPT, "status").returncode == 0


def test_a_killed_upgrade_leaves_no_lock(database: str) -> None:
    succeed(database, *ALEMBIC, "upgrade", REVISIONS[-3])
    with psycopg.connect(database) as holder, psycopg.connect(database, autocommit=True) as observer:
        holder.execute("LOCK TABLE bookings IN ACCESS EXCLUSIVE MODE")
        process = start(database, *ALEMBIC, "upgrade", "head")

        def is_building() -> bool:
            row = observer.execute(
                "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database()"
                " AND query LIKE 'CREATE INDEX CONCURRENTLY%' AND wait_event_type = 'Lock'"
            ).fetchone()
            return row == (1,)

        wait_until(is_building, "the index build waits for the table")
        process.send_signal(signal.SIGKILL)
        process.communicate(timeout=60)
        holder.rollback()
    succeed(database, *SCRIPT, "migrate", "upgrade")
    assert succeed(database, *SCRIPT, "status").returncode == 0

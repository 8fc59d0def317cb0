"""What the server refuses, told with its cause and with what mends it."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import psycopg
import pytest
from psycopg import sql

from pgwright.errors import (
    ConnectError,
    ExtensionMissingError,
    LockTimeoutError,
    PgwrightError,
    PrivilegeError,
    StatementError,
)
from pgwright.pg import connect, parse_address, statement_error
from tests.servers.running import Server

Connection = psycopg.Connection[tuple[Any, ...]]


@pytest.fixture
def conn(database: str) -> Iterator[Connection]:
    with connect(database, autocommit=True) as found:
        yield found


def refused(conn: Connection, statement: str) -> PgwrightError:
    with pytest.raises(psycopg.Error) as caught:
        conn.execute(statement.encode())
    return statement_error(caught.value, statement, conn=conn)


def test_function_that_names_no_schema(conn: Connection) -> None:
    conn.execute("CREATE SCHEMA app")
    conn.execute("CREATE FUNCTION app.plain(t text) RETURNS text LANGUAGE sql IMMUTABLE RETURN lower(t)")
    conn.execute("SET check_function_bodies = off")
    conn.execute(
        "CREATE FUNCTION app.squash(t text) RETURNS text LANGUAGE plpgsql IMMUTABLE"
        " AS 'BEGIN RETURN plain(t); END'"
    )
    conn.execute("CREATE TABLE app.t AS SELECT 'x' AS name")
    error = refused(conn, "CREATE INDEX ON app.t (app.squash(name))")
    assert "function plain(text) does not exist" in error.message
    assert error.hint is not None
    assert "ALTER FUNCTION app.squash SET search_path" in error.hint


def test_extension_that_the_server_lacks(each_server: Server) -> None:
    with connect(each_server.url, autocommit=True) as conn:
        error = refused(conn, "CREATE EXTENSION postgis")
    assert isinstance(error, ExtensionMissingError)
    assert "postgis" in error.message
    assert error.hint is not None
    assert f"postgresql-{each_server.version}-postgis-3" in error.hint


@pytest.mark.parametrize(
    ("statement", "extension"),
    [
        ("SELECT uuid_generate_v4()", "uuid-ossp"),
        ("SELECT crypt('a', gen_salt('bf'))", "pgcrypto"),
        ("CREATE TABLE t (name citext)", "citext"),
        ("SELECT * FROM pg_stat_statements", "pg_stat_statements"),
        ("SELECT time_bucket('1 day', now())", "timescaledb"),
    ],
)
def test_extension_that_is_not_created(conn: Connection, statement: str, extension: str) -> None:
    error = refused(conn, statement)
    assert isinstance(error, ExtensionMissingError)
    assert error.hint is not None
    assert f'CREATE EXTENSION IF NOT EXISTS "{extension}"' in error.hint


def test_enum_that_exists_must_not_be_dropped(conn: Connection) -> None:
    conn.execute("CREATE TYPE user_role AS ENUM ('user')")
    error = refused(conn, "CREATE TYPE user_role AS ENUM ('user', 'admin')")
    assert isinstance(error, StatementError)
    assert error.hint is not None
    assert "ALTER TYPE user_role ADD VALUE IF NOT EXISTS" in error.hint
    assert "never drop it with CASCADE" in error.hint


def test_foreign_key_names_the_key(conn: Connection) -> None:
    conn.execute("CREATE TABLE a (id int PRIMARY KEY); CREATE TABLE b (a_id int REFERENCES a)")
    error = refused(conn, "INSERT INTO b VALUES (42)")
    assert error.detail is not None
    assert "(a_id)=(42)" in error.detail
    assert "23503" in error.detail
    assert error.hint is not None
    assert "referenced table first" in error.hint


def test_the_server_s_own_hint_is_kept(conn: Connection) -> None:
    conn.execute("CREATE TABLE t (price int)")
    error = refused(conn, "SELECT prise FROM t")
    assert error.hint is not None
    assert 'Perhaps you meant to reference the column "t.price"' in error.hint


def test_missing_privilege_and_the_grant_that_gives_it(conn: Connection, database: str) -> None:
    address = parse_address(database)
    role = f"{address.dbname}_app"
    name = sql.Identifier(role)
    conn.execute(
        'CREATE TABLE t (x int); CREATE TABLE "Odd Name" (x int); CREATE SCHEMA s; CREATE TABLE s.t (x int)'
    )
    conn.execute(sql.SQL("CREATE ROLE {}").format(name))
    try:
        conn.execute(sql.SQL("SET ROLE {}").format(name))
        for statement in (
            "SELECT * FROM t",
            'DELETE FROM "Odd Name" WHERE x = 1',
            "SELECT * FROM s.t",
            "CREATE TABLE s.u ()",
        ):
            for _ in range(3):  # the schema first, then the table
                try:
                    conn.execute(statement.encode())
                    break
                except psycopg.errors.InsufficientPrivilege as exc:
                    error = statement_error(exc, statement, conn=conn)
                    assert isinstance(error, PrivilegeError)
                    assert error.hint is not None
                    # The connection's user is the administrator here: put the role in its place.
                    grant = error.hint.partition(": ")[2].replace(f"TO {address.user}", f"TO {role}")
                    conn.execute("RESET ROLE")
                    conn.execute(grant.encode())
                    conn.execute(sql.SQL("SET ROLE {}").format(name))
            else:
                pytest.fail(f"the hints did not help: {statement}")
    finally:
        conn.execute("RESET ROLE")
        conn.execute(sql.SQL("DROP OWNED BY {0}; DROP ROLE {0}").format(name))


def test_lock_not_available(conn: Connection, database: str) -> None:
    conn.execute("CREATE TABLE t (x int)")
    with connect(database) as other:
        other.execute("LOCK TABLE t")
        error = refused(conn, "LOCK TABLE t NOWAIT" if not conn.autocommit else "BEGIN; LOCK TABLE t NOWAIT")
        conn.execute("ROLLBACK")
    assert isinstance(error, LockTimeoutError)
    assert error.hint is not None
    assert "pgwright inspect locks" in error.hint


def test_password_in_a_statement_is_masked(conn: Connection) -> None:
    error = refused(conn, "ALTER ROLE nobody_at_all PASSWORD 'hunter2-hunter2'")
    assert "hunter2" not in str(error)
    assert "****" in str(error)


def test_lost_connection(database: str) -> None:
    with connect(database, autocommit=True) as one, connect(database, autocommit=True) as two:
        two.execute("select pg_terminate_backend(%s)", [one.info.backend_pid])
        with pytest.raises(psycopg.Error) as caught:
            for _ in range(100):
                one.execute("select 1")
        error = statement_error(caught.value, "select 1", conn=one)
    if caught.value.sqlstate is None:
        assert isinstance(error, ConnectError)
    assert error.hint is not None
    assert "run" in error.hint

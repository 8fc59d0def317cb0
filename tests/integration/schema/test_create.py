"""`pgwright schema create`: builds where nothing is, repeats without harm, refuses another schema."""

from __future__ import annotations

import json
import uuid
from collections.abc import Iterator
from pathlib import Path

import psycopg
import pytest
from psycopg import sql

from tests.conftest import MakeDatabase
from tests.integration.schema.command import pgwright
from tests.integration.schema.test_report import CONFIG, MODELS
from tests.servers import databases
from tests.servers.running import Server

SCHEMA = """
CREATE SCHEMA shop;
CREATE EXTENSION IF NOT EXISTS pgcrypto;
CREATE TYPE shop.state AS ENUM ('open', 'paid');
CREATE TABLE shop.orders (id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY, state shop.state NOT NULL,
    total numeric CHECK (total BETWEEN 0 AND 1e6));
CREATE VIEW shop.open_orders AS SELECT o.id, o.total FROM shop.orders o WHERE o.state = 'open';
CREATE FUNCTION shop.touch() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RETURN NEW; END';
CREATE TRIGGER touch BEFORE UPDATE ON shop.orders FOR EACH ROW EXECUTE FUNCTION shop.touch();
COMMENT ON TABLE shop.orders IS 'orders';
"""


@pytest.fixture
def project(tmp_path: Path) -> Path:
    (tmp_path / "library_models.py").write_text(MODELS)
    (tmp_path / "pgwright.toml").write_text(CONFIG)
    (tmp_path / "schema.sql").write_text(SCHEMA)
    return tmp_path


@pytest.fixture
def missing(server_18: Server) -> Iterator[str]:
    """Return the URL of a database that does not exist yet; it is dropped in the end."""
    name = f"made-{uuid.uuid4().hex[:8]}"
    yield databases.at(server_18.url, name)
    with psycopg.connect(server_18.url, autocommit=True) as conn:
        conn.execute(sql.SQL("DROP DATABASE IF EXISTS {} WITH (FORCE)").format(sql.Identifier(name)))


def relations(url: str) -> set[str]:
    with psycopg.connect(url) as conn:
        rows = conn.execute(
            "SELECT c.oid::regclass::text FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace"
            " WHERE n.nspname IN ('public', 'shop') AND c.relkind IN ('r', 'v')"
        ).fetchall()
    return {name for (name,) in rows}


def test_every_version_is_built_and_built_again(
    each_server: Server, make_database: MakeDatabase, project: Path
) -> None:
    url = make_database(each_server)
    words = ("schema", "create", "schema.sql", "--no-owner")
    done = pgwright(*words, folder=project, DATABASE_URL=url)
    assert done.returncode == 0, done.stderr
    assert "the database is what it should be" in done.stdout
    assert relations(url) == {"shop.orders", "shop.open_orders"}
    again = pgwright(*words, folder=project, DATABASE_URL=url)
    assert (again.returncode, again.stdout) == (0, "nothing to do: the database is what it should be\n")
    with psycopg.connect(url) as conn:
        runs = conn.execute("SELECT status FROM pgwright.run").fetchall()
    assert runs == [("succeeded",)]


def test_models_into_a_database_that_is_made_first(missing: str, project: Path) -> None:
    refused = pgwright("schema", "create", folder=project, DATABASE_URL=missing)
    assert refused.returncode == 4
    assert "error[PW202]" in refused.stderr
    assert "--create-database" in refused.stderr
    done = pgwright("schema", "create", "--create-database", "--json", folder=project, DATABASE_URL=missing)
    assert done.returncode == 0, done.stderr
    assert json.loads(done.stdout)["remaining"] == []
    assert relations(missing) == {"author", "book"}
    again = pgwright("schema", "create", "--create-database", folder=project, DATABASE_URL=missing)
    assert again.stdout == "nothing to do: the database is what it should be\n"
    assert pgwright("schema", "diff", folder=project, DATABASE_URL=missing).returncode == 0


def test_a_database_that_holds_something_else_is_refused(database: str, project: Path) -> None:
    with psycopg.connect(database, autocommit=True) as conn:
        conn.execute(b"CREATE TABLE precious (id int); INSERT INTO precious VALUES (1)")
    done = pgwright("schema", "create", folder=project, DATABASE_URL=database)
    assert done.returncode == 3
    assert "error[PW306]" in done.stderr
    assert "table public.precious" in done.stderr
    assert relations(database) == {"precious"}
    with psycopg.connect(database) as conn:
        assert conn.execute("SELECT to_regnamespace('pgwright')").fetchone() == (None,)


def test_a_role_that_may_not_create_databases_is_told(server_18: Server, missing: str, project: Path) -> None:
    role = f"poor_{uuid.uuid4().hex[:8]}"
    with psycopg.connect(server_18.url, autocommit=True) as conn:
        conn.execute(f"CREATE ROLE {role} LOGIN PASSWORD 'sesame'".encode())
        try:
            place = missing.rpartition("@")[2]
            url = f"postgresql://{role}:sesame@{place}"
            done = pgwright("schema", "create", "--create-database", folder=project, DATABASE_URL=url)
        finally:
            conn.execute(f"DROP ROLE {role}".encode())
    assert done.returncode == 4
    assert "CREATEDB" in done.stderr
    assert "sesame" not in done.stderr


def test_models_that_do_not_import_change_nothing(database: str, project: Path) -> None:
    (project / "library_models.py").write_text("import nosuch_module\n")
    done = pgwright("schema", "create", folder=project, DATABASE_URL=database)
    assert done.returncode == 4
    assert "library_models.py:1" in done.stderr
    assert "nosuch_module" in done.stderr
    assert relations(database) == set()

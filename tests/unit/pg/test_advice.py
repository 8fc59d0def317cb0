"""Packages for extensions and GRANTs for refusals."""

from __future__ import annotations

import pytest

from pgwright.pg.extensions import created_extension, extension_of, package_for
from pgwright.pg.privileges import grant_for
from pgwright.pg.session import lock_key


@pytest.mark.parametrize(
    ("extension", "package"),
    [
        ("uuid-ossp", "postgresql-16 on Debian"),
        ("pgcrypto", "postgresql-contrib elsewhere"),
        ("postgis", "postgresql-16-postgis-3"),
        ("vector", "postgresql-16-pgvector"),
        ("timescaledb", "timescaledb-2-postgresql-16"),
        ("some_thing", "postgresql-16-some-thing"),
    ],
)
def test_package(extension: str, package: str) -> None:
    assert package in package_for(extension, 16)


def test_package_without_a_known_version_says_where_it_goes() -> None:
    assert package_for("postgis") == "postgresql-<major>-postgis-3"


@pytest.mark.parametrize(
    ("statement", "name"),
    [
        ('CREATE EXTENSION IF NOT EXISTS "uuid-ossp"', "uuid-ossp"),
        ("create extension PostGIS;", "postgis"),
        ("ALTER EXTENSION timescaledb UPDATE", "timescaledb"),
        ("CREATE TABLE extension (x int)", None),
    ],
)
def test_extension_named_by_a_statement(statement: str, name: str | None) -> None:
    assert created_extension(statement) == name


@pytest.mark.parametrize(
    ("name", "extension"),
    [
        ("uuid_generate_v4", "uuid-ossp"),
        ("public.citext", "citext"),
        ("time_bucket", "timescaledb"),
        ("now", None),
    ],
)
def test_extension_of_a_missing_name(name: str, extension: str | None) -> None:
    assert extension_of(name) == extension


@pytest.mark.parametrize(
    ("said", "sql", "grant"),
    [
        ("permission denied for table users", "SELECT 1", "GRANT SELECT ON users TO app"),
        ("permission denied for table Users", "delete from x", 'GRANT SELECT, DELETE ON "Users" TO app'),
        (
            "permission denied for schema public",
            "CREATE TABLE t ()",
            "GRANT USAGE, CREATE ON SCHEMA public TO app",
        ),
        ("permission denied for schema x", "SELECT 1", "GRANT USAGE ON SCHEMA x TO app"),
        ("permission denied for sequence s", "select nextval('s')", "GRANT USAGE ON SEQUENCE s TO app"),
        ("permission denied for database d", "CREATE SCHEMA s", "GRANT CREATE ON DATABASE d TO app"),
        ("permission denied for function f", "SELECT f()", "GRANT EXECUTE ON FUNCTION f TO app"),
        ("must be owner of table users", "ALTER TABLE users", "GRANT <owner> TO app"),
        ("permission denied to create database", "CREATE DATABASE d", "ALTER ROLE app CREATEDB"),
        ('permission denied to create extension "hstore"', "", 'CREATE EXTENSION IF NOT EXISTS "hstore"'),
    ],
)
def test_grant(said: str, sql: str, grant: str) -> None:
    advice = grant_for(said, sql, "app")
    assert advice is not None
    assert grant in advice


def test_no_grant_is_invented() -> None:
    assert grant_for("something new", "SELECT 1", "app") is None


def test_lock_keys_are_the_same_on_every_machine_and_differ_by_name() -> None:
    assert lock_key("migrate") == 125255205381892755
    assert all(-(2**63) <= lock_key(str(n)) < 2**63 for n in range(100))
    assert len({lock_key(str(n)) for n in range(1000)}) == 1000

"""Databases of one test: made fresh, dropped afterwards whatever still uses them."""

from __future__ import annotations

import secrets
from urllib.parse import urlsplit

import psycopg
from psycopg import sql

from .running import Server


def at(url: str, database: str) -> str:
    """Return `url` with another database."""
    return urlsplit(url)._replace(path=f"/{database}").geturl()


def create(server: Server, *, template: str = "template0") -> str:
    """Create a database of a random name from `template` and return its URL.

    Unlike ``template1``, nobody can be connected to ``template0``, not even TimescaleDB's launcher.
    """
    name = f"test_{secrets.token_hex(6)}"
    statement = sql.SQL("CREATE DATABASE {} TEMPLATE {}").format(
        sql.Identifier(name), sql.Identifier(template)
    )
    if server.version >= 15:
        # As versions before do it: without durability a copy of the files beats one through the WAL.
        statement += sql.SQL(" STRATEGY file_copy")
    with psycopg.connect(server.url, autocommit=True) as connection:
        connection.execute(statement)
    return at(server.url, name)


def drop(url: str) -> None:
    """Drop a database and end whoever is still connected to it."""
    name = urlsplit(url).path.lstrip("/")
    with psycopg.connect(at(url, "postgres"), autocommit=True) as connection:
        # DROP DATABASE ... WITH (FORCE) came with PostgreSQL 13; a template cannot be dropped.
        connection.execute(
            sql.SQL("ALTER DATABASE {} WITH IS_TEMPLATE false ALLOW_CONNECTIONS false").format(
                sql.Identifier(name)
            )
        )
        connection.execute(
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = %s", (name,)
        )
        # It waits up to 5 s for the terminated sessions to leave.
        connection.execute(sql.SQL("DROP DATABASE IF EXISTS {}").format(sql.Identifier(name)))

"""The servers that the other tests rely on are what they claim to be."""

from __future__ import annotations

import os
from pathlib import Path

import psycopg
import pytest
from psycopg import sql

from tests.conftest import MakeDatabase
from tests.servers import databases
from tests.servers.running import Server


def _one(url: str, query: str) -> object:
    with psycopg.connect(url) as connection:
        row = connection.execute(query.encode()).fetchone()
    assert row is not None
    return row[0]


def test_each_server_has_its_version_and_runs_without_root(each_server: Server) -> None:
    assert int(str(_one(each_server.url, "SHOW server_version_num"))) // 10000 == each_server.version
    assert _one(each_server.url, "SHOW fsync") == "off"
    assert _one(each_server.url, "SHOW listen_addresses") == "127.0.0.1"
    folder = Path(str(_one(each_server.url, "SHOW data_directory")))
    if os.geteuid() == 0:
        assert folder.stat().st_uid != 0


@pytest.mark.parametrize("extension", ["pg_stat_statements", "amcheck", "btree_gist", "pg_trgm", "pgcrypto"])
def test_each_server_has_the_contrib_modules(
    extension: str, each_server: Server, make_database: MakeDatabase
) -> None:
    with psycopg.connect(make_database(each_server)) as connection:
        connection.execute(sql.SQL("CREATE EXTENSION {}").format(sql.Identifier(extension)))


def test_databases_are_fresh_and_apart(server_18: Server, make_database: MakeDatabase) -> None:
    first, second = make_database(server_18), make_database(server_18)
    with psycopg.connect(first) as connection:
        connection.execute("CREATE TABLE only_here ()")
    assert _one(first, "SELECT to_regclass('only_here') IS NOT NULL") is True
    assert _one(second, "SELECT to_regclass('only_here') IS NOT NULL") is False


def test_a_database_in_use_is_dropped(server_18: Server) -> None:
    url = databases.create(server_18)
    with psycopg.connect(url) as held:
        databases.drop(url)
        with pytest.raises(psycopg.OperationalError):
            held.execute("SELECT 1")
    with pytest.raises(psycopg.OperationalError, match="does not exist"):
        psycopg.connect(url)


def test_timescale_is_the_apache_edition(timescale: str) -> None:
    assert _one(timescale, "SELECT current_setting('timescaledb.license')") == "apache"


def test_timescale_community_is_what_it_says(timescale_community: str) -> None:
    assert _one(
        timescale_community, "SELECT count(*) > 0 FROM pg_proc WHERE proname = 'add_compression_policy'"
    )

"""Rollups that know more than their rows, exported and imported: history stays what it was, or it is said."""

from __future__ import annotations

import json
from pathlib import Path

import psycopg
import pytest

from pgwright.timeseries.declare import Edit, declare
from pgwright.timeseries.run import Demand, run_policies
from tests.conftest import MakeDatabase
from tests.integration.cli.running import pgwright
from tests.integration.timeseries.test_carried import FILL, POLICIES, ask, prepare, require_kept
from tests.servers.running import Server

TABLES = ("readings", "hourly", "daily", "by_sensor")


@pytest.fixture
def source(make_database: MakeDatabase, server_18: Server) -> str:
    return prepare(make_database(server_18))


@pytest.fixture
def target(make_database: MakeDatabase, server_18: Server) -> str:
    """Return a database in which the same is declared and nothing was ever retired."""
    url = make_database(server_18)
    with psycopg.connect(url, autocommit=True) as conn:
        conn.execute(FILL.partition("INSERT")[0].encode())
        for table, policy in POLICIES:
            with conn.transaction():
                declare(conn, [Edit(table=table, policy=policy)])
    return url


def test_history_comes_along_in_a_folder(source: str, target: str, tmp_path: Path) -> None:
    folder = f"{tmp_path}/out/"
    assert pgwright("--url", source, "data", "export", *TABLES, "--output", folder).returncode == 0
    done = pgwright("--url", target, "data", "import", folder, "--yes")
    assert done.returncode == 0, done.stderr
    assert done.stderr.count("its rows from before") == 1
    assert not run_policies(target, Demand(force=True)).failed
    require_kept(source, target)


def test_what_loses_history_is_said(source: str, target: str, tmp_path: Path, database: str) -> None:
    # A file has no place for the moment, and says so on both ways.
    file = f"{tmp_path}/hourly.csv"
    done = pgwright("--url", source, "data", "export", "hourly", "--output", file)
    assert done.returncode == 0 and "a folder (--output FOLDER/)" in done.stderr
    done = pgwright("--url", target, "data", "import", file, "--yes")
    assert done.returncode == 0 and "public.hourly is computed from public.readings" in done.stderr
    # A folder has it, also for one rollup by itself; here nothing is declared yet, so it would be lost.
    folder = f"{tmp_path}/out/"
    done = pgwright("--url", source, "data", "export", "hourly", "--output", folder)
    assert done.returncode == 0 and "history" not in done.stderr
    floor = ask(source, "SELECT to_json(floor) #>> '{}' FROM pgwright.policy WHERE name = 'hourly'")
    (told,) = json.loads((tmp_path / "out" / "manifest.json").read_text())["files"]
    assert told["history_before"] == floor
    with psycopg.connect(database, autocommit=True) as conn:
        conn.execute("CREATE TABLE hourly (bucket timestamptz, sensor_id int, n bigint, total numeric)")
    done = pgwright("--url", database, "data", "import", folder, "--yes")
    assert done.returncode == 0 and "no rollup here fills public.hourly" in done.stderr

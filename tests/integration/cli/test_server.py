"""`pgwright server`, from the first start to the removal."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import psycopg
import pytest

Run = Callable[..., subprocess.CompletedProcess[str]]
# The workers share a home, and each may have a part of this module.
NAME = f"cli-test-{os.environ.get('PYTEST_XDIST_WORKER', 'alone')}"


def pgwright(*words: str, **environment: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "pgwright", *words],
        capture_output=True,
        text=True,
        env={**os.environ, **environment},
        stdin=subprocess.DEVNULL,
        timeout=120,
        check=False,
    )


@pytest.fixture(scope="module")
def server() -> Iterator[str]:
    done = pgwright("server", "start", NAME, "--json")
    assert done.returncode == 0, done.stderr
    facts = json.loads(done.stdout)
    assert facts["started"]
    assert facts["running"]
    yield NAME
    done = pgwright("server", "remove", NAME, "--yes")
    assert done.returncode == 0, done.stderr


def test_start_again_changes_nothing(server: str) -> None:
    done = pgwright("server", "start", server)
    assert done.returncode == 0
    assert f"server {server} was running already" in done.stdout
    assert f"export DATABASE_URL=$(pgwright server url {server})" in done.stdout


@pytest.mark.parametrize("options", [[], ["--socket"], ["-d", "template1"]])
def test_url_leads_there(server: str, options: list[str]) -> None:
    done = pgwright("server", "url", server, *options)
    with psycopg.connect(done.stdout.strip()) as conn:
        assert conn.info.dbname == ("template1" if "-d" in options else "postgres")
    assert (
        json.loads(pgwright("server", "url", server, *options, "--json").stdout)["url"] == done.stdout.strip()
    )


def test_url_without_password(server: str) -> None:
    password = psycopg.conninfo.conninfo_to_dict(pgwright("server", "url", server).stdout.strip())["password"]
    done = pgwright("server", "url", server, "--no-password")
    assert str(password) not in done.stdout
    assert "postgres@127.0.0.1" in done.stdout
    others = [
        pgwright("server", *words).stdout
        for words in (("status", server), ("list",), ("status", server, "--json"))
    ]
    assert str(password) not in "".join(others)


def test_status_and_list(server: str) -> None:
    done = pgwright("server", "status", server)
    assert done.returncode == 0
    assert "is running" in done.stdout
    assert "PostgreSQL 18" in done.stdout
    assert server in pgwright("server", "list").stdout
    assert server in [row["name"] for row in json.loads(pgwright("server", "list", "--json").stdout)]


def test_psql(server: str) -> None:
    done = pgwright("server", "psql", server, "-d", "template1", "--", "-Atc", "select current_database()")
    assert (done.returncode, done.stdout) == (0, "template1\n"), done.stderr


def test_psql_takes_options_of_psql_without_dashes_before(server: str) -> None:
    done = pgwright("server", "psql", server, "-Atc", "select 1")
    assert (done.returncode, done.stdout) == (0, "1\n"), done.stderr


def test_psql_s_exit_code_is_kept(server: str) -> None:
    assert pgwright("server", "psql", server, "-c", "select 1/0").returncode == 1


def test_removal_needs_a_yes(server: str) -> None:
    done = pgwright("server", "remove", server)
    assert done.returncode == 3
    assert "error[PW300]" in done.stderr
    assert "--yes" in done.stderr
    assert pgwright("server", "status", server).returncode == 0


def test_stop_and_start(server: str) -> None:
    assert "stopped" in pgwright("server", "stop", server).stdout
    assert "was not running" in pgwright("server", "stop", server).stdout
    status = pgwright("server", "status", server)
    assert status.returncode == 1
    assert f"pgwright server start {server}" in status.stdout
    psql = pgwright("server", "psql", server)
    assert psql.returncode == 4
    assert f"pgwright server start {server}" in psql.stderr
    assert pgwright("server", "start", server).returncode == 0


@pytest.mark.parametrize("words", [("stop",), ("url",), ("psql",)])
def test_server_that_does_not_exist(words: tuple[str, ...]) -> None:
    done = pgwright("server", *words, "nowhere")
    assert done.returncode == 2
    assert "there is no server named 'nowhere'" in done.stderr
    assert "pgwright server start nowhere" in done.stderr


def test_removing_what_does_not_exist_is_done_already() -> None:
    assert pgwright("server", "remove", "nowhere").returncode == 0


def test_database_url_of_the_server_is_a_project(server: str, tmp_path: Path) -> None:
    url = pgwright("server", "url", server).stdout.strip()
    code = (
        "from pgwright.cli.context import Invocation\n"
        "with Invocation().connect() as conn: print(conn.info.dbname)"
    )
    done = subprocess.run(
        [sys.executable, "-c", code],
        capture_output=True,
        text=True,
        cwd=tmp_path,
        env={**os.environ, "DATABASE_URL": url},
        check=False,
    )
    assert done.stdout == "postgres\n", done.stderr

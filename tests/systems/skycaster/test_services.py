"""`pgwright doctor` reaches what `.env` names: PostgreSQL and Redis."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import pytest

from pgwright.checks.status import read_status
from pgwright.cli.demo import _left_out
from pgwright.config import load_project
from pgwright.demo import systems
from pgwright.pg import connect
from tests.integration.cli.running import pgwright
from tests.servers import redis_server

from .system import FOLDER

DOCTOR = ("doctor", "--only", "server_unreachable", "--only", "service_unreachable", "--json")


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Return a folder with Skycaster's configuration, where a `.env` may be written."""
    monkeypatch.delenv("REDIS_URL", raising=False)
    shutil.copy(FOLDER / "pgwright.toml", tmp_path)
    return tmp_path


def doctor(folder: Path, environment: str) -> tuple[int, str, list[str]]:
    (folder / ".env").write_text(environment)
    done = pgwright(*DOCTOR, cwd=folder)
    found = json.loads(done.stdout)
    assert "hunter2" not in done.stdout + done.stderr
    message = found["error"]["message"] if "error" in found else ""
    return done.returncode, message, [f["message"] for f in found.get("findings", ())]


@pytest.mark.skipif(redis_server.program() is None, reason=redis_server.reason())
def test_both_are_reached(folder: Path, database: str) -> None:
    redis = folder / "redis"
    redis.mkdir()
    with redis_server.redis_server(redis, "requirepass hunter2") as server:
        both = f"DATABASE_URL={database}\nREDIS_URL=redis://:{{}}@127.0.0.1:{server.port}/0\n"
        assert doctor(folder, both.format("hunter2")) == (0, "", [])
        code, _, (message,) = doctor(folder, both.format("hunter22"))
    assert code == 1
    assert "does not accept the password of user default" in message
    code, _, (message,) = doctor(folder, both.format("hunter2"))
    assert (code, message) == (1, f"redis is not running: nothing listens at 127.0.0.1:{server.port}")


def test_missing_and_malformed_values_are_named(folder: Path, database: str) -> None:
    code, message, _ = doctor(folder, "REDIS_URL=redis://127.0.0.1:1\n")
    assert (code, message) == (2, "environment variable DATABASE_URL is not set")
    code, _, (said,) = doctor(folder, f"DATABASE_URL={database}\n")
    assert (code, "environment variable REDIS_URL is not set" in said) == (1, True)
    code, _, (said,) = doctor(folder, f"DATABASE_URL={database}\nREDIS_URL=http://:hunter2@h\n")
    assert (code, "begins with http://" in said) == (1, True)
    code, message, _ = doctor(folder, "DATABASE_URL=mysql://u:hunter2@h/d\nREDIS_URL=redis://127.0.0.1:1\n")
    assert (code, "not an address of a PostgreSQL database" in message) == (2, True)


def test_the_screen_of_the_demo_waits_for_no_service(database: str) -> None:
    project = load_project(FOLDER, environ={"DATABASE_URL": database})
    assert [service.name for service in project.services] == ["redis"]
    with connect(database, autocommit=True) as conn:
        report = read_status(conn, project, url=database).report
    assert "service_unreachable" not in {*report.checked, *(finding.check for finding in report.findings)}
    left_out = {system.name: _left_out(system) for system in systems(())}
    assert left_out == {"skycaster": " --skip service_unreachable", "airline": "", "aquamind": ""}

"""Building systems: order, progress, failures, kills; with a system of three files."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import psycopg
import pytest

from pgwright import server
from pgwright.demo import DemoError, Progress, System, build, require, systems
from pgwright.errors import UsageError
from tests.integration.cli.running import pgwright

CONFIG = """
[project]
name = "tiny"
migrations = "django"
[databases.default]
url = "${DATABASE_URL}"
[demo]
load = ["python", "load.py"]
"""
# What the loaders do, in small: one transaction, a mark, progress in lines of JSON.
LOAD = """
import json, os, time, psycopg
with psycopg.connect(os.environ["DATABASE_URL"]) as conn:
    conn.execute("LOCK TABLE t")
    if conn.execute("SELECT 1 FROM t").fetchone():
        print(json.dumps({"label": "rows", "done": 2, "total": 2}), flush=True)
        raise SystemExit
    print("words that are no progress", flush=True)
    print(json.dumps({"label": "rows", "done": 1, "total": 2}), flush=True)
    conn.execute("INSERT INTO t VALUES (1), (2)")
    time.sleep(float(os.environ.get("LC_PAUSE", "0")))
    print(json.dumps({"label": "rows", "done": 2, "total": 2}), flush=True)
"""
MIGRATE = """
import os, sys, psycopg
assert sys.argv[1] == "migrate", sys.argv
with psycopg.connect(os.environ["DATABASE_URL"]) as conn:
    conn.execute("CREATE TABLE IF NOT EXISTS t (a int)")
"""


@pytest.fixture(scope="module")
def home() -> Iterator[None]:
    """Keep this process's demo apart from those of other workers."""
    before = os.environ["PGWRIGHT_HOME"]
    os.environ["PGWRIGHT_HOME"] = f"{os.environ['PGWRIGHT_TEST_RUN']}/demo-{os.getpid()}"
    try:
        yield
        server.remove("demo")
    finally:
        os.environ["PGWRIGHT_HOME"] = before


def tiny(folder: Path, name: str, *, load: str = LOAD) -> System:
    place = folder / name
    place.mkdir()
    (place / "pgwright.toml").write_text(CONFIG)
    (place / "manage.py").write_text(MIGRATE)
    (place / "load.py").write_text(load)
    return System(name=name, folder=place, needs=())


def rows(url: str) -> object:
    with psycopg.connect(url) as conn:
        row = conn.execute("SELECT count(*) FROM t").fetchone()
        return row and row[0]


def test_build_twice(home: None, tmp_path: Path) -> None:
    chosen = [tiny(tmp_path, f"twice_{n}") for n in range(3)]
    said: list[Progress] = []
    for _ in range(2):
        said.clear()
        urls = build(chosen, said.append)
        assert {name: rows(url) for name, url in urls.items()} == {s.name: 2 for s in chosen}
        for system in chosen:
            mine = [p for p in said if p.system == system.name]
            assert (mine[0].label, mine[0].total) == ("migrations", None)
            assert (mine[-1].label, mine[-1].done, mine[-1].total) == ("rows", 2, 2)
    assert not list(tmp_path.rglob("__pycache__"))


def test_a_failure_names_the_program_and_ends_the_others(home: None, tmp_path: Path) -> None:
    slow = tiny(tmp_path, "failing_slow", load=LOAD.replace('float(os.environ.get("LC_PAUSE", "0"))', "60"))
    text = "import sys, os; print(os.environ['DATABASE_URL'], file=sys.stderr); sys.exit('no water')"
    broken = tiny(tmp_path, "failing_broken", load=text)
    started = time.monotonic()
    with pytest.raises(DemoError) as caught:
        build([slow, broken], lambda _: None)
    assert time.monotonic() - started < 50
    assert "failing_broken: python load.py failed (exit code 1)" in caught.value.message
    assert "no water" in (caught.value.detail or "")
    password = psycopg.conninfo.conninfo_to_dict(server.url("demo"))["password"]
    assert str(password) not in str(caught.value)
    # What was open is rolled back, and a mended system is completed.
    (broken.folder / "load.py").write_text(LOAD)
    (slow.folder / "load.py").write_text(LOAD)
    assert {rows(url) for url in build([slow, broken], lambda _: None).values()} == {2}


def test_kill_in_the_middle_then_again(home: None, tmp_path: Path) -> None:
    system = tiny(tmp_path, "killed")
    program = (
        "import sys\nfrom pathlib import Path\nfrom pgwright.demo import System, build\n"
        f"system = System(name='killed', folder=Path({str(system.folder)!r}), needs=())\n"
        "build([system], lambda said: print(said.label, said.done, flush=True))\n"
    )
    process = subprocess.Popen(
        [sys.executable, "-c", program],
        env={**os.environ, "LC_PAUSE": "3"},
        stdout=subprocess.PIPE,
        text=True,
    )
    assert process.stdout is not None
    watchdog = threading.Timer(60, process.kill)
    watchdog.start()
    for line in process.stdout:
        if line.startswith("rows 1"):
            process.send_signal(signal.SIGKILL)
            break
    process.wait()
    watchdog.cancel()
    process.stdout.close()
    # The loader that lost its reader ends, and its transaction with it; until then the next one waits.
    (url,) = build([system], lambda _: None).values()
    assert rows(url) == 2


def test_unknown_system_and_missing_package() -> None:
    with pytest.raises(UsageError, match="did you mean skycaster"):
        systems(["skycater"])
    with pytest.raises(DemoError, match="no_such_package") as caught:
        require([System(name="x", folder=Path(), needs=("json", "no_such_package"))])
    assert caught.value.hint == "run: pip install 'pgwright[demo]'"
    assert {s.name for s in systems()} == {"skycaster", "airline", "aquamind"}


def test_the_demo_of_one_system_shows_commands_that_work(home: None) -> None:
    done = pgwright("demo", "--only", "airline", timeout=600)
    assert done.returncode == 0, done.stderr
    assert "(head), none pending" in done.stdout
    commands = [line.strip() for line in done.stdout.splitlines() if line.startswith("  ")]
    shown = commands[commands.index(next(c for c in commands if c.startswith("export"))) :]
    clean = next(c for c in shown if "demo --clean" in c)
    prompt = next(c for c in shown if "server psql" in c)
    others = [c for c in shown if c not in (clean, prompt)]
    for command in others[1:]:
        script = f"{others[0]}\n{command}"
        ran = subprocess.run(["/bin/sh", "-c", script], capture_output=True, text=True, check=False)
        assert ran.returncode in (0, 1), f"{command}: {ran.stderr}"
        assert (ran.stdout + ran.stderr).strip(), command
    facts = json.loads(pgwright("demo", "--only", "airline", "--json", timeout=600).stdout)
    assert facts["systems"][0]["status"]["overview"]["size_bytes"] > 50_000_000
    ran = subprocess.run(["/bin/sh", "-c", clean], capture_output=True, text=True, check=False)
    assert "removed the demo's server" in ran.stdout
    assert not server.status("demo").exists

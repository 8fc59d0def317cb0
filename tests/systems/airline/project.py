"""Run the airline's commands as its users do: processes of their own, in its folder."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from collections.abc import Callable, Mapping
from pathlib import Path

FOLDER = Path(__file__).resolve().parents[3] / "systems" / "airline"
HEAD = "6b07c4f1a9de"
REVISIONS = (
    "b41f7c20d9e3",
    "2c9d05e8a716",
    "7e3a91b4c05d",
    "d08b62f5137a",
    "95e1c7a3f248",
    "41d6f3e09b8c",
    HEAD,
)
ALEMBIC = ("-m", "alembic")
SCRIPT = ("scripts/db.py",)
DEMO = ("-m", "app.demo")

Done = subprocess.CompletedProcess[str]


def environ(url: str | None, settings: Mapping[str, str] | None = None) -> dict[str, str]:
    """Return the environment of a process that uses `url` and `settings` and nothing of the user's own."""
    made = {
        "PATH": os.environ["PATH"],
        "PGWRIGHT_HOME": os.environ["PGWRIGHT_HOME"],  # that of this run of the tests
        "LC_ALL": "C.UTF-8",
        "PYTHONDONTWRITEBYTECODE": "1",
        "PYTHONWARNINGS": "error",
        **(settings or {}),
    }
    return made if url is None else {**made, "DATABASE_URL": url}


def run(
    url: str | None, *arguments: str, folder: Path = FOLDER, settings: Mapping[str, str] | None = None
) -> Done:
    """Run ``python arguments`` in `folder` without a terminal and return how it ended."""
    return subprocess.run(
        (sys.executable, *arguments),
        cwd=folder,
        env=environ(url, settings),
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        check=False,
        timeout=300,
    )


def succeed(
    url: str, *arguments: str, folder: Path = FOLDER, settings: Mapping[str, str] | None = None
) -> Done:
    """Run ``python arguments``, which must end with 0."""
    done = run(url, *arguments, folder=folder, settings=settings)
    assert done.returncode == 0, done.stdout + done.stderr
    return done


def start(url: str, *arguments: str) -> subprocess.Popen[str]:
    """Start ``python arguments`` and return the running process."""
    return subprocess.Popen(
        (sys.executable, *arguments),
        cwd=FOLDER,
        env=environ(url),
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


def wait_until(holds: Callable[[], bool], what: str, *, seconds: float = 60) -> None:
    """Return when `holds` does; fail after `seconds`."""
    deadline = time.monotonic() + seconds
    while not holds():
        assert time.monotonic() < deadline, f"not within {seconds} s: {what}"
        time.sleep(0.05)

"""Run AquaMind's manage.py as its users do: a process of its own, in its folder."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

FOLDER = Path(__file__).resolve().parents[3] / "systems" / "aquamind"


def environ(url: str, **settings: str) -> dict[str, str]:
    """Return the environment of a process that uses `url` and `settings` and nothing of the user's own."""
    return {
        "PATH": os.environ["PATH"],
        "PGWRIGHT_HOME": os.environ["PGWRIGHT_HOME"],  # that of this run of the tests
        "LC_ALL": "C.UTF-8",
        "PYTHONDONTWRITEBYTECODE": "1",
        "PYTHONWARNINGS": "error",
        "SECRET_KEY": "",
        "DEBUG": "false",
        "LOG_SQL": "false",
        "DATABASE_URL": url,
        **settings,
    }


def run(url: str, *arguments: str, **settings: str) -> subprocess.CompletedProcess[str]:
    """Run ``manage.py arguments`` and return how it ended, with both outputs as text."""
    return subprocess.run(
        (sys.executable, "manage.py", *arguments),
        cwd=FOLDER,
        env=environ(url, **settings),
        capture_output=True,
        text=True,
        check=False,
        timeout=300,
    )


def manage(url: str, *arguments: str, **settings: str) -> str:
    """Run ``manage.py arguments``, which must succeed, and return its standard output."""
    done = run(url, *arguments, **settings)
    assert done.returncode == 0, done.stderr
    return done.stdout

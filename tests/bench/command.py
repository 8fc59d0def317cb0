"""A Python program as users run it, with the seconds and the memory that it took."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from collections.abc import Mapping
from dataclasses import dataclass

from tests.peak import telling_peak, told_peak


@dataclass(frozen=True, kw_only=True)
class Ran:
    """Hold what a program took from its start to its end: wall seconds, peak memory in MB."""

    seconds: float
    peak: float


def run_python(*arguments: str, cwd: str | None = None, environment: Mapping[str, str] | None = None) -> Ran:
    """Run ``python arguments`` to its end. Raises `AssertionError` where that fails."""
    # As from a wheel, which pip compiles: the first run leaves bytecode for the others.
    inherited = {name: value for name, value in os.environ.items() if name != "PYTHONDONTWRITEBYTECODE"}
    started = time.perf_counter()
    done = subprocess.run(
        [sys.executable, *telling_peak(*arguments)],
        cwd=cwd,
        env={**inherited, **(environment or {})},
        capture_output=True,
        text=True,
        check=False,
    )
    seconds = time.perf_counter() - started
    if done.returncode:
        raise AssertionError(f"python {' '.join(arguments)}: {done.stderr}")
    return Ran(seconds=seconds, peak=told_peak(done.stderr) / 1024)

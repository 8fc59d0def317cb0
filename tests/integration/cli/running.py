"""Run the command line as its users do."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path


def pgwright(
    *words: str, cwd: Path | None = None, timeout: float = 120, **environment: str
) -> subprocess.CompletedProcess[str]:
    """Run one command in a process of its own and return what it printed."""
    return subprocess.run(
        [sys.executable, "-m", "pgwright", *words],
        capture_output=True,
        text=True,
        cwd=cwd,
        env={**os.environ, **environment},
        stdin=subprocess.DEVNULL,
        timeout=timeout,
        check=False,
    )

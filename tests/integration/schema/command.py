"""Run pgwright as its users do: a process of its own, in a folder of a project."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path


def pgwright(*words: str, folder: Path, **environment: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "pgwright", *words],
        cwd=folder,
        capture_output=True,
        text=True,
        env={**os.environ, "PYTHONDONTWRITEBYTECODE": "1", **environment},
        stdin=subprocess.DEVNULL,
        timeout=300,
        check=False,
    )

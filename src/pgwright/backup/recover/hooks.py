"""The team's own commands around a recovery: stop the application, start it again."""

from __future__ import annotations

import subprocess
from collections.abc import Sequence
from pathlib import Path

from pgwright.errors import RecoveryFailed
from pgwright.pg.redact import redact


def run_hook(command: Sequence[str], folder: Path, *, purpose: str) -> None:
    """Run a command of ``[backup]`` in the project's folder. Raises `RecoveryFailed` when it fails."""
    if not command:
        return
    try:
        done = subprocess.run(
            command, cwd=folder, stdin=subprocess.DEVNULL, capture_output=True, text=True, check=False
        )
        code, words = done.returncode, f"{done.stdout}{done.stderr}".strip()[-2000:]
    except OSError as error:
        code, words = -1, error.strerror or str(error)
    if code:
        raise RecoveryFailed(
            f"the command to {purpose} failed: {' '.join(command)}",
            detail=redact(words) or f"exit code {code}",
            hint=f"try it alone, or correct it below [backup] in {folder / 'pgwright.toml'}",
        )

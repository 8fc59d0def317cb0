"""What git knows of the project's files."""

from __future__ import annotations

import subprocess
from pathlib import Path

from pgwright.errors import UsageError


def changed_since(commit: str, root: Path) -> set[Path]:
    """Return the files below `root` that changed since a commit, and those that git does not know yet.

    Raises `UsageError` where there is no such commit, or no repository.
    """
    done = _git(root, "diff", "--name-only", "--diff-filter=AMR", "--end-of-options", commit, "--", ".")
    fresh = _git(root, "ls-files", "--others", "--exclude-standard", "--full-name", ".")
    top = _git(root, "rev-parse", "--show-toplevel")
    if done.returncode or top.returncode:
        raise UsageError(
            f"git knows no {commit} here",
            detail=(done.stderr or top.stderr).strip().partition("\n")[0],
            hint="name a branch or commit: pgwright migrate lint --since origin/main",
        )
    base = Path(top.stdout.strip())
    return {(base / line).resolve() for line in (done.stdout + fresh.stdout).splitlines()}


def prefix_of(root: Path) -> str:
    """Return what stands before a path of the project in its repository, ``systems/airline/``, or nothing."""
    try:
        return _git(root, "rev-parse", "--show-prefix").stdout.strip()
    except FileNotFoundError:
        return ""


def _git(root: Path, *words: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(["git", *words], cwd=root, capture_output=True, text=True, check=False)

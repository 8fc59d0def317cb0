"""Run the command line within this process: a fifth of the time, and the same output."""

from __future__ import annotations

import contextlib
import io
import os
import subprocess
from pathlib import Path
from unittest.mock import patch

from pgwright.cli import main


def pgwright(*words: str, cwd: Path, **environment: str) -> subprocess.CompletedProcess[str]:
    """Run one command in a folder, with these variables, and return what it printed."""
    out, err = io.StringIO(), io.StringIO()
    with (
        contextlib.chdir(cwd),
        patch.dict(os.environ, environment),
        contextlib.redirect_stdout(out),
        contextlib.redirect_stderr(err),
    ):
        code = main(list(words))
    return subprocess.CompletedProcess(words, code, out.getvalue(), err.getvalue())

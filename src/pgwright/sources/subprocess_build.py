"""Run the builder of a source in a process of its own.

Models are somebody else's code: in their own process they cannot meet another project's package of
the same name, leave settings configured, or keep memory.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

from pgwright.errors import SourceError
from pgwright.pg.redact import redact

URL_VARIABLE = "PGWRIGHT_SCRATCH_URL"
FAILURE_MARK = "pgwright-failure:"


def run_builder(module: str, argument: str, *, url: str, root: Path, spec: str) -> None:
    """Run ``python -m <module> <argument>`` in the project's folder with the scratch URL in the environment.

    Raises `SourceError` with the file, the line and the message of what went wrong.
    """
    environment = {**os.environ, URL_VARIABLE: url, "PYTHONDONTWRITEBYTECODE": "1"}
    # Settings commonly insist on this variable; which database they name does not matter here.
    environment.setdefault("DATABASE_URL", url)
    environment["PYTHONPATH"] = os.pathsep.join([str(root), *filter(None, [environment.get("PYTHONPATH")])])
    done = subprocess.run(
        [sys.executable, "-m", module, argument],
        cwd=root,
        env=environment,
        capture_output=True,
        text=True,
        check=False,
    )
    if done.returncode == 0:
        return
    for line in done.stderr.splitlines():
        if line.startswith(FAILURE_MARK):
            told = json.loads(line.removeprefix(FAILURE_MARK))
            raise SourceError(redact(told["message"]), detail=redact(told["detail"]), hint=told["hint"])
    tail = redact("\n".join(done.stderr.strip().splitlines()[-5:]))
    raise SourceError(
        f"{spec} could not be built",
        detail=tail or f"the process ended with code {done.returncode} and said nothing",
        hint=f"try it alone: python -c 'import {argument.partition(':')[0]}'",
    )

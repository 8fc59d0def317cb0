"""Build a source in a process of its own.

Models are somebody else's code: in their own process they cannot meet another project's package of
the same name, leave settings configured, or keep memory. Importing them takes longest, so the process
starts before there is a database, and is told the URL over its standard input when there is one.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING

from pgwright.errors import SourceError
from pgwright.pg.redact import redact

if TYPE_CHECKING:
    from pgwright.server.scratch import ScratchDatabase

FAILURE_MARK = "pgwright-failure:"
# Settings insist on a database while models are imported; which one does not matter to them.
NO_DATABASE = "postgresql://nobody@localhost/none"


class BuilderProcess:
    """Be ``python -m <module> <argument>``, run in the project's folder: it imports, waits, and builds."""

    def __init__(self, module: str, argument: str, *, root: Path, spec: str) -> None:
        environment = {**os.environ, "PYTHONDONTWRITEBYTECODE": "1"}
        environment.setdefault("DATABASE_URL", NO_DATABASE)
        inherited = filter(None, [environment.get("PYTHONPATH")])
        environment["PYTHONPATH"] = os.pathsep.join([str(root), *inherited])
        self._argument, self._spec = argument, spec
        self._process = subprocess.Popen(
            [sys.executable, "-m", module, argument],
            cwd=root,
            env=environment,
            stdin=subprocess.PIPE,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.PIPE,
            text=True,
        )

    def build(self, place: ScratchDatabase) -> None:
        """Have the models built in the scratch database.

        Raises `SourceError` with the file, the line and the message of what went wrong.
        """
        _, said = self._process.communicate(place.url)
        if self._process.returncode == 0:
            return
        for line in said.splitlines():
            if line.startswith(FAILURE_MARK):
                told = json.loads(line.removeprefix(FAILURE_MARK))
                raise SourceError(redact(told["message"]), detail=redact(told["detail"]), hint=told["hint"])
        tail = redact("\n".join(said.strip().splitlines()[-5:]))
        raise SourceError(
            f"{self._spec} could not be built",
            detail=tail or f"the process ended with code {self._process.returncode} and said nothing",
            hint=f"try it alone: python -c 'import {self._argument.partition(':')[0]}'",
        )

    def close(self) -> None:
        """End the process where it still waits or works."""
        if self._process.returncode is None:
            self._process.kill()
            self._process.communicate()

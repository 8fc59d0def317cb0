"""An SQL file as a source: run by psql, so that everything pg_dump and psql accept is understood."""

from __future__ import annotations

import os
import re
import subprocess
from pathlib import Path

from pgwright.errors import SourceError
from pgwright.pg.address import parse_address
from pgwright.pg.redact import redact
from pgwright.server.binaries import embedded_binaries
from pgwright.server.scratch import ScratchDatabase

_PLACE = re.compile(
    r"psql:(?P<file>.*?):(?P<line>\d+): (?P<severity>ERROR|FATAL):\s*(?P<message>.*)", re.DOTALL
)


def build(spec: str, *, place: ScratchDatabase, root: Path) -> None:
    """Run the file against the scratch database; the first error stops it.

    `spec` is a path, relative to `root`. Raises `SourceError` with file, line and PostgreSQL's message.
    """
    path = root / spec
    if not path.is_file():
        raise SourceError(f"there is no file {path}", hint="name an SQL file that exists, as file:schema.sql")
    binaries = embedded_binaries()
    psql = binaries.program("psql")
    environment = {**os.environ, **binaries.environment(), **parse_address(place.url).environ()}
    text = path.read_text(encoding="utf-8", errors="surrogateescape")
    spelt = " ".join(place.spelt(text))
    given = str(path) if spelt == text else "-"
    done = subprocess.run(
        [
            str(psql),
            "--no-psqlrc",
            "--quiet",
            "-v",
            "ON_ERROR_STOP=1",
            "-f",
            given,
        ],
        env={**environment, "PGOPTIONS": "-c client_min_messages=warning -c check_function_bodies=off"},
        input=spelt if spelt != text else "",
        capture_output=True,
        encoding="utf-8",
        errors="surrogateescape",
        check=False,
        cwd=path.parent,
    )
    if done.returncode != 0:
        raise _error(path, redact(done.stderr))


def _error(path: Path, output: str) -> SourceError:
    match = _PLACE.search(output)
    if match is None:
        return SourceError(f"{path} does not load", detail=output.strip() or None)
    first, _, rest = match["message"].strip().partition("\n")
    return SourceError(
        f"{path} does not load: line {match['line']}: {first}",
        detail=rest.strip().removeprefix("DETAIL:").strip() or None,
        hint=f"mend line {match['line']}, then try it alone: psql -v ON_ERROR_STOP=1 -f {path}",
    )

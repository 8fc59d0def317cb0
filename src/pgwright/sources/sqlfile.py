"""An SQL file as a source: run by psql, so that everything pg_dump and psql accept is understood."""

from __future__ import annotations

import os
import re
import shlex
import subprocess
from dataclasses import dataclass
from pathlib import Path

from pgwright.errors import SourceError
from pgwright.pg.address import parse_address
from pgwright.pg.extensions import package_for
from pgwright.pg.redact import redact
from pgwright.server.binaries import embedded_binaries
from pgwright.server.scratch import ScratchDatabase, ensure_roles
from pgwright.sources.surroundings import without_databases, without_roles
from pgwright.storage.nearby import missing_file

_PLACE = re.compile(
    r"psql:(?P<file>[^\n]*?):(?P<line>\d+): (?P<severity>ERROR|FATAL):\s*(?P<message>.*)", re.DOTALL
)

_SHOWN = re.compile(r"^LINE (?P<line>\d+): (?P<text>.*)$", re.MULTILINE)
_NO_EXTENSION = re.compile(r'extension "(?P<name>[^"]+)" is not available')


def prepare(spec: str, *, root: Path) -> SqlFile:
    """Return the file at `spec`, a path relative to `root`. Raises `UsageError` where there is none."""
    path = root / spec
    if not path.is_file():
        raise missing_file(path)
    return SqlFile(path=path)


@dataclass(frozen=True, kw_only=True)
class SqlFile:
    """Be a file that psql can run."""

    path: Path

    def build(self, place: ScratchDatabase) -> None:
        """Run the file against the scratch database; the first error stops it.

        Raises `SourceError` with file, line and PostgreSQL's message.
        """
        _run(self.path, place)

    def close(self) -> None:
        """Do nothing: a file holds nothing."""


def _run(path: Path, place: ScratchDatabase) -> None:
    binaries = embedded_binaries()
    psql = binaries.program("psql")
    environment = {**os.environ, **binaries.environment(), **parse_address(place.url).environ()}
    text = _read(path)
    spelt = _adapted(text, path, place)
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
        raise _error(path, redact(done.stderr), place)


def _read(path: Path) -> str:
    content = path.read_bytes()
    if content.startswith(b"PGDMP"):
        raise SourceError(
            f"{path} is an archive of pg_dump, not SQL",
            hint=f"write its schema as SQL: pg_restore --schema-only --file schema.sql {path}",
        )
    if content.startswith((b"\x1f\x8b", b"\x28\xb5\x2f\xfd")):
        raise SourceError(
            f"{path} is compressed", hint="unpack it first, with gunzip or zstd -d, and name the SQL file"
        )
    return content.decode("utf-8", errors="surrogateescape")


def _adapted(text: str, path: Path, place: ScratchDatabase) -> str:
    """Return the SQL as it can be run in a scratch database, with the lines that it had.

    Roles outlive the database, and two files that are built at once may make the same: those that it makes
    are on the embedded scratch server then.
    """
    adapted = without_databases(" ".join(place.spelt(text)), file=str(path))
    if not place.embedded:
        return adapted
    adapted, roles = without_roles(adapted)
    if roles:
        ensure_roles(place.url, roles)
    return adapted


def _error(path: Path, output: str, place: ScratchDatabase) -> SourceError:
    match = _PLACE.search(output)
    if match is None:
        return SourceError(f"{path} does not load", detail=output.strip() or None)
    first, _, rest = match["message"].strip().partition("\n")
    # What it read from its standard input, or from the file itself, is that file; anything else it included.
    included = (path.parent / match["file"]).resolve()
    here = included if included != path.resolve() and included.is_file() else path
    line = _line(here, int(match["line"]), rest)
    where = f"line {line}" if here is path else f"{here}, line {line}"
    missing = _NO_EXTENSION.search(first)
    if missing:
        name, major = missing["name"], place.server_version // 10000
        package = f"{name} is in {package_for(name, major)}"
        return SourceError(
            f"{path} does not load: {where}: the scratch server has no extension {name}",
            detail=f"the embedded server does not come with it; for your own PostgreSQL {major}, {package}"
            if place.embedded
            else f"on the machine of the scratch server, {package}",
            hint='set scratch = "postgresql://…" under [project] in pgwright.toml to a server that has it'
            if place.embedded
            else "install it there, then run the command again",
        )
    return SourceError(
        f"{path} does not load: {where}: {first}",
        detail=rest.strip().removeprefix("DETAIL:").strip() or None,
        hint=f"mend {where}, then try it alone: psql -v ON_ERROR_STOP=1 -f {shlex.quote(str(path))}",
    )


def _line(path: Path, last: int, rest: str) -> int:
    """Return the line of the mistake: psql tells the last one of the statement, PostgreSQL shows the text."""
    shown = _SHOWN.search(rest)
    if shown is None:
        return last
    text = shown["text"].removeprefix("...").removesuffix("...").strip()
    lines = path.read_text(encoding="utf-8", errors="surrogateescape").split("\n")[:last]
    first = int(shown["line"])
    # The nearest that can be so far from the statement's beginning.
    found = (n for n in range(last, first - 1, -1) if n <= len(lines) and text in lines[n - 1])
    return next(found, last)

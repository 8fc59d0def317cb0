"""The schema as pg_dump writes it, entry by entry, with what each needs first."""

from __future__ import annotations

import os
import re
import subprocess
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from pgwright.errors import CopyFailed
from pgwright.pg.address import parse_address
from pgwright.pg.redact import redact
from pgwright.server.binaries import Binaries, embedded_binaries

_ENTRY = re.compile(
    r"^--\n-- TOC entry (?P<id>\d+) \(class \d+ OID (?P<oid>\d+)\)\n"
    r"(?:-- Dependencies:(?P<needs>[ \d]*)\n)?"
    r"-- Name: (?P<name>.*?); Type: (?P<type>[A-Z ]+); Schema: (?P<schema>.*?); Owner: .*\n"
    r"(?:-- Data Pos: \d+\n)?--\n",
    re.MULTILINE,
)
# Debian's 17.12 keeps a note of its own among the options of columns, which no other server takes.
_DEBIANS_NOTE = re.compile(r"^ALTER TABLE ONLY .* ALTER COLUMN .* SET \(pg_attver=[^,)]*\);\n", re.MULTILINE)
FOLLOWING = "pgwright_copy_"  # begins the names of what keeps a copy up to date
_END = "\n--\n-- PostgreSQL database dump complete\n"


@dataclass(frozen=True, kw_only=True)
class Entry:
    """Hold one object of a dump: pg_dump's number, its type (``INDEX``), its name, OID on the source, SQL.

    `needs` are the numbers of entries that come first.
    """

    id: int
    oid: int
    type: str
    name: str
    schema: str = ""
    needs: tuple[int, ...] = ()
    sql: str


@dataclass(frozen=True, kw_only=True)
class Dumped:
    """Hold a schema in the order of its making: what comes before the rows, and what after them."""

    before: tuple[Entry, ...]
    after: tuple[Entry, ...]


def dump_schema(url: str, snapshot: str, options: Sequence[str], *, owners: bool, privileges: bool) -> Dumped:
    """Return the schema of the database at `url` as of `snapshot`, read by pg_dump with more `options`.

    `owners` and `privileges` tell whether the entries set them.

    Raises `CopyFailed` with pg_dump's own words.
    """
    binaries = embedded_binaries()
    with tempfile.TemporaryDirectory(prefix="pgwright-copy-") as folder:
        archive = Path(folder) / "schema.dump"
        run_program(
            binaries,
            url,
            [
                "pg_dump",
                "--format=custom",
                "--section=pre-data",
                "--section=post-data",
                "--no-tablespaces",
                "--no-subscriptions",
                f"--snapshot={snapshot}",
                *options,
                f"--file={archive}",
            ],
        )
        without = [
            f"--no-{name}" for name, kept in (("owner", owners), ("privileges", privileges)) if not kept
        ]
        read = ["pg_restore", "--verbose", *without, "--file=-"]
        before, after = (
            _entries(run_program(binaries, "", [*read, f"--section={section}", str(archive)]))
            for section in ("pre-data", "post-data")
        )
        return Dumped(before=before, after=after)


def run_program(binaries: Binaries, url: str, command: Sequence[str]) -> str:
    """Run one of PostgreSQL's programs against `url`, and return what it printed.

    Address and password travel in the environment, where other users cannot read them.
    """
    program, *arguments = command
    done = subprocess.run(
        [binaries.program(program), *arguments],
        env=program_environment(binaries, url),
        capture_output=True,
        encoding="utf-8",
        errors="replace",
        check=False,
    )
    if done.returncode != 0:
        raise CopyFailed(
            f"{program} failed",
            detail=redact(done.stderr.strip()[-2000:]) or f"it ended with code {done.returncode}",
            hint="mend what it says, then run the same command again",
        )
    return done.stdout


def program_environment(binaries: Binaries, url: str) -> dict[str, str]:
    """Return the environment in which a client program connects to `url`, password included.

    HOME stays the user's: ~/.pgpass and ~/.pg_service.conf are there.
    """
    home = {"HOME": os.environ.get("HOME", "/")}
    return {**os.environ, **binaries.environment(), **home, **parse_address(url).environ()}


def _entries(script: str) -> tuple[Entry, ...]:
    script = script.rpartition(_END)[0] or script
    heads = list(_ENTRY.finditer(script))
    ends = [head.start() for head in heads[1:]] + [len(script)]
    return tuple(
        Entry(
            id=int(head["id"]),
            oid=int(head["oid"]),
            type=head["type"],
            name=head["name"],
            schema=head["schema"],
            needs=tuple(int(number) for number in (head["needs"] or "").split()),
            sql=_DEBIANS_NOTE.sub("", script[head.end() : end]).strip(),
        )
        for head, end in zip(heads, ends, strict=False)
        if not (head["type"].startswith("PUBLICATION") and head["name"].startswith(FOLLOWING))
    )

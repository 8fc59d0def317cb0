"""Load a dump into a database through pg_restore and psql."""

from __future__ import annotations

import os
import re
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from pgwright.backup.programs import client_environment, newest_programs
from pgwright.backup.repository.manifest import Content, Manifest, Role, StoredFile
from pgwright.backup.repository.repository import Repository
from pgwright.backup.repository.streams import NO_SPACE, Told, feed, output_of
from pgwright.backup.restore.rewriting import rewritten
from pgwright.errors import PgwrightError, RestoreFailed
from pgwright.pg.address import Address
from pgwright.server import Binaries

Progress = Callable[[str, int, int], None]

# pg_dump 17 writes a setting that older servers do not know; everything else that fails counts.
_HARMLESS = re.compile(r'unrecognized configuration parameter "transaction_timeout"')
_NEW_SETTING = re.compile(rb"^SET transaction_timeout = 0;$", re.MULTILINE)
_KNOWN_FROM = 17
_HEAD = 8192  # bytes in which pg_dump's settings stand
# TimescaleDB says itself that these entries of its catalog may be there already.
_EXTENSION_THERE = re.compile(r'extension "timescaledb" (has already been loaded|already exists)')


@dataclass(frozen=True, kw_only=True)
class Loader:
    """Load the files of one backup into the database at `address`, which runs `major`."""

    repository: Repository
    backup: Manifest
    address: Address
    major: int
    jobs: int = 1
    owner: bool = True
    roles: tuple[tuple[str, str], ...] = ()
    told: Told = field(default_factory=lambda: Told(None, "", 0))

    def load(self, content: Content) -> None:
        """Load everything, or one half. Raises `RestoreFailed`, `BackupDamaged` or `WrongKey`."""
        backup = self.backup
        for file in backup.of(Role.SQL):
            self._script(self._text(file))
        for file in backup.of(Role.WHOLE):
            self._whole(file, content)
        schemas = backup.of(Role.SCHEMA)
        if schemas and content is not Content.DATA:
            self._schema(schemas[0], "pre-data")
        if content is not Content.SCHEMA:
            # Largest first, so that the longest does not begin last.
            data = sorted(backup.of(Role.DATA), key=lambda file: file.plain_size, reverse=True)
            with ThreadPoolExecutor(max_workers=self.jobs) as pool:
                list(pool.map(lambda file: self._restore(file, ("--data-only",)), data))
        if schemas and content is not Content.DATA:
            self._schema(schemas[0], "post-data")

    def _whole(self, file: StoredFile, content: Content) -> None:
        half = {Content.ALL: (), Content.SCHEMA: ("--schema-only",), Content.DATA: ("--data-only",)}[content]
        if not self._as_sql or content is Content.DATA:
            self._restore(file, half)
            return
        self._script(self._archive_text(file, ("--section=pre-data",)))
        if content is Content.ALL:
            self._restore(file, ("--section=data",))
        self._script(self._archive_text(file, ("--section=post-data",)))

    def _schema(self, file: StoredFile, section: str) -> None:
        if self._as_sql:
            self._script(self._archive_text(file, (f"--section={section}",)))
            return
        # Small, and seekable, so that pg_restore can build indexes in several sessions; in memory only.
        with in_memory(self.repository.read(self.backup.id, file)) as path:
            jobs = ("--jobs", str(self.jobs)) if section == "post-data" and self.jobs > 1 else ()
            self._run_restore((f"--section={section}", *jobs, path), ())

    def _restore(self, file: StoredFile, options: Sequence[str]) -> None:
        self._run_restore(options, self.told.passing(self.repository.read(self.backup.id, file)))

    def _run_restore(self, options: Sequence[str], chunks: Iterable[bytes]) -> None:
        programs = self.programs
        command: list[str | Path] = [
            programs.program("pg_restore"),
            "--no-password",
            f"--dbname={self._dbname()}",
        ]
        command += self._ownership() + list(options)
        descriptors = _descriptors(options)
        code, words = feed(command, chunks, environment=self._environment(), pass_fds=descriptors)
        wrong = serious(words)
        if wrong or (code and not _HARMLESS.search(words) and not _EXTENSION_THERE.search(words)):
            raise explained("pg_restore", wrong or words)

    def _script(self, chunks: Iterable[bytes]) -> None:
        run_script(self.programs, self._environment(), chunks)

    def _text(self, file: StoredFile) -> Iterator[bytes]:
        text = self.told.passing(self.repository.read(self.backup.id, file))
        return self._rewritten(for_server(text, self.major))

    def _archive_text(self, file: StoredFile, options: Sequence[str]) -> Iterator[bytes]:
        """Yield an archive, or a section of it, as SQL with its roles mapped."""
        chunks = self.repository.read(self.backup.id, file)
        return self._rewritten(self._sql(chunks, options))

    def _sql(self, chunks: Iterator[bytes], options: Sequence[str]) -> Iterator[bytes]:
        return archive_sql(self.programs, chunks, (*self._ownership(), *options), major=self.major)

    def _rewritten(self, chunks: Iterator[bytes]) -> Iterator[bytes]:
        return rewritten(chunks, self.roles, notes=self._notes)

    @property
    def _notes(self) -> bool:
        return any(facts.column_notes for facts in self.backup.databases)

    @property
    def _as_sql(self) -> bool:
        """Tell whether definitions must pass as text, to be changed on their way."""
        return bool(self.roles) or self._notes

    def _ownership(self) -> list[str]:
        return [] if self.owner else ["--no-owner", "--no-privileges"]

    def _dbname(self) -> str:
        return self.address.dbname

    def _environment(self) -> dict[str, str]:
        return client_environment(self.programs, self.address)

    @property
    def programs(self) -> Binaries:
        """Return the programs: new enough for the server and for the one that wrote the archives."""
        return newest_programs(max(self.major, int(self.backup.program.split(".")[0])))


def archive_sql(
    programs: Binaries, chunks: Iterable[bytes], options: Sequence[str], *, major: int
) -> Iterator[bytes]:
    """Yield what pg_restore makes of an archive as SQL for a server of `major`."""
    command: list[str | Path] = [programs.program("pg_restore"), *options, "--file=-"]
    text = output_of(
        command,
        environment=client_environment(programs),
        given=chunks,
        pass_fds=_descriptors(options),
        explain=explained,
    )
    return for_server(text, major)


def listing(programs: Binaries, chunks: Iterable[bytes]) -> str:
    """Return the table of contents of an archive."""
    command: list[str | Path] = [programs.program("pg_restore"), "--list"]
    found = output_of(command, environment=client_environment(programs), given=chunks, explain=explained)
    return b"".join(found).decode()


def run_script(
    programs: Binaries, environment: dict[str, str], chunks: Iterable[bytes], *, whole: bool = False
) -> None:
    """Feed SQL to psql, which stops at the first error; `whole` makes it one transaction."""
    command: list[str | Path] = [
        programs.program("psql"),
        "--no-psqlrc",
        "--quiet",
        "--no-password",
        "-v",
        "ON_ERROR_STOP=1",
    ]
    command += ["--single-transaction"] if whole else []
    command += ["--file=-", "--output=/dev/null"]
    code, words = feed(command, chunks, environment=environment)
    if code:
        raise explained("psql", words)


def serious(words: str) -> str:
    """Return the errors of pg_restore, each with the statement behind it, without the harmless ones."""
    blocks = re.split(r"(?m)^(?=pg_restore: (?:from TOC|error:|while))", words)
    errors = [
        block.strip()
        for block in blocks
        if "error:" in block and not _HARMLESS.search(block) and not _EXTENSION_THERE.search(block)
    ]
    return "\n".join(errors)[:4000]


def explained(program: str, words: str) -> PgwrightError:
    """Return the error for a program that could not restore."""
    lines = [line for line in words.splitlines() if line.strip()]
    if NO_SPACE in words:
        return RestoreFailed(
            "the disk of the server is full",
            detail="\n".join(
                [*lines[:5], "what was restored so far was taken back; the old data is as it was"]
            ),
            hint="free some space there, then run the same command again",
        )
    return RestoreFailed(
        f"{program} could not restore the backup",
        detail="\n".join(lines[:20]) or "it said nothing",
        hint="mend what the first error names, then run the same command again",
    )


@contextmanager
def in_memory(chunks: Iterable[bytes]) -> Iterator[str]:
    """Hold a small stream in an anonymous file and yield a path that a child process can open."""
    descriptor = os.memfd_create("pgwright")
    with os.fdopen(descriptor, "wb", buffering=0) as file:
        for chunk in chunks:
            file.write(chunk)
        file.seek(0)
        yield f"/dev/fd/{descriptor}"


def _descriptors(options: Iterable[str]) -> tuple[int, ...]:
    found = (re.search(r"/dev/fd/(\d+)$", option) for option in options)
    return tuple(int(match[1]) for match in found if match)


def for_server(chunks: Iterable[bytes], major: int) -> Iterator[bytes]:
    """Yield the SQL of a dump without the setting in its first lines that servers before 17 do not know."""
    waiting = iter(chunks)
    if major < _KNOWN_FROM:
        head = b""
        for chunk in waiting:
            head += chunk
            if len(head) > _HEAD:
                break
        yield _NEW_SETTING.sub(b"", head[:_HEAD], count=1) + head[_HEAD:]
    yield from waiting

"""Recover a server to a moment: into a new data directory, as a server beside the old one.

The new server is an instance like the embedded ones, but only its own account reaches it, over a Unix
socket: no application finds it by mistake. It archives nothing, so that it cannot write into the archive of
the server that it comes from.
"""

from __future__ import annotations

import os
import secrets
import shutil
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from pathlib import Path
from typing import Protocol

from pgwright import server
from pgwright.backup import task
from pgwright.backup.programs import installed_programs, newest_programs
from pgwright.backup.recover.plan import BEFORE_TARGET, CONSISTENT, Target
from pgwright.backup.recover.settings import aim, configure
from pgwright.errors import PgwrightError, RecoveryFailed, UnsupportedServerError, UsageError
from pgwright.pg.address import parse_address
from pgwright.pg.connect import connect
from pgwright.server import Binaries
from pgwright.server.account import Account
from pgwright.server.cluster import log_tail
from pgwright.server.instance import Record, instance_directory, save_record
from pgwright.server.lifecycle import prepare_home
from pgwright.server.paths import make_directory, socket_directory

_SAYS_NOTHING = 12  # and older: that a recovery ended before its target
_STOP = "recovery stopping "  # what it says of one that did not

Progress = Callable[[str, int, int], None]
# Looks at a server that only reads, given the URL of its database postgres.
Look = Callable[[str], None]


@dataclass(frozen=True, kw_only=True)
class Recovered:
    """Describe the new server: how to reach it, and where recovery ended.

    `last_commit` is the time of the last transaction that came back; None when none did after the backup.
    """

    name: str
    url: str
    data_dir: Path
    end_lsn: str
    last_commit: datetime | None
    timeline: int
    databases: tuple[str, ...]


class Source(Protocol):
    """Give the files of a server of version `major`, and lead the new server to its WAL."""

    @property
    def target(self) -> Target:
        """Return where recovery is to end."""

    @property
    def major(self) -> int:
        """Return the major version that the files belong to."""

    @property
    def bytes(self) -> int:
        """Return about how much disk the new server needs."""

    def fill(
        self, draft: Path, account: Account, programs: Binaries, progress: Progress | None
    ) -> Mapping[str, str]:
        """Put the files below ``draft/data`` and return the settings that the server cannot start without."""

    def restore_command(self, directory: Path) -> str:
        """Return the command that fetches a file of WAL, once the draft has become `directory`."""

    def reason(self, log: str) -> str:
        """Return why recovery did not get there, from the end of the server's log."""


def recover(
    source: Source,
    *,
    name: str,
    database: str = "postgres",
    home: Path | None = None,
    timeout: float = 86400,
    progress: Progress | None = None,
) -> Recovered:
    """Fetch a server's files, replay to the target, promote. The old server is not touched.

    `name` is that of the new instance, which must not exist; what a recovery that was killed left of it is
    removed. Raises `RecoveryFailed` with the end of the new server's log; nothing is left then but that log
    in the message.
    """
    directory = instance_directory(name, home)
    if directory.exists() and not task.is_leftover(name, home):
        raise UsageError(
            f"there is a server named {name} already",
            detail=f"in {directory}; nothing was changed",
            hint=f"choose another --name, or remove that one: pgwright server remove {name}",
        )
    with task.working_on(name, home):
        return build(source, name=name, database=database, home=home, timeout=timeout, progress=progress)


def build(
    source: Source,
    *,
    name: str,
    database: str = "postgres",
    home: Path | None = None,
    timeout: float = 86400,
    look: Look | None = None,
    progress: Progress | None = None,
) -> Recovered:
    """Do the same for a task that holds the name already.

    `look` sees the server as its backup left it, before it replays what came later.
    """
    programs = server_programs(source.major)
    directory = instance_directory(name, home)
    account = prepare_home(directory.parent)
    _require_disk(directory, source)
    runner = _Runner(source=source, name=name, account=account, programs=programs, home=home, timeout=timeout)
    try:
        runner.prepare(progress)
        if look is not None:
            runner.run(replace(CONSISTENT, timeline=source.target.timeline), readable=True)
            url = url_of_postgres(server.url(name, home=home))
            look(url)
            goes_on = _is_in_recovery(url)
            server.stop(name, home=home)
            if not goes_on:
                # A server that cannot let sessions read yet, as with many open subtransactions, does not
                # pause at its target: it is promoted there, and replays nothing more.
                server.remove(name, home=home)
                runner.prepare(progress)
        runner.run(source.target)
        shutil.rmtree(directory / "wal", ignore_errors=True)
        return _described(name, server.url(name, database, home=home), directory / "data", database)
    except BaseException:
        task.clear(name, home)
        raise


def server_programs(major: int) -> Binaries:
    """Return programs of exactly the version that the files belong to. Raises `UnsupportedServerError`."""
    embedded = newest_programs(0)
    if embedded.major == major:
        return embedded
    own = installed_programs(major, "postgres", "pg_ctl")
    if own is None:
        raise UnsupportedServerError(
            f"a base backup of PostgreSQL {major} needs PostgreSQL {major} to run",
            detail=f"here is {embedded.version}; nothing was changed",
            hint=f"do it on the server's machine, or after: apt-get install postgresql-{major}; "
            "PGWRIGHT_BINARIES names programs in another place",
        )
    return own


def _require_disk(directory: Path, source: Source) -> None:
    free = shutil.disk_usage(directory.parent).free
    if free < source.bytes:
        raise RecoveryFailed(
            f"recovery needs about {source.bytes >> 20:,} MB; free in {directory.parent}: {free >> 20:,} MB",
            detail="nothing was changed",
            hint="free some space, or set PGWRIGHT_HOME to a folder on a larger disk",
        )


@dataclass(frozen=True, kw_only=True)
class _Runner:
    """Make a server of a source's files, and have it replay the WAL up to a target."""

    source: Source
    name: str
    account: Account
    programs: Binaries
    home: Path | None
    timeout: float

    @property
    def directory(self) -> Path:
        return instance_directory(self.name, self.home)

    def prepare(self, progress: Progress | None) -> None:
        """Put the files in place and make them an instance, with the settings that it needs to start."""
        directory, account = self.directory, self.account
        draft = task.draft_of(self.name, self.home)
        make_directory(draft, mode=0o700, owner=account)
        found = self.source.fill(draft, account, self.programs, progress)
        configure(draft / "data", self.source.restore_command(directory), directory, account)
        draft.chmod(0o711 if account.is_other else 0o700)
        if account.is_other:
            os.chown(draft, os.geteuid(), os.getegid())
        draft.rename(directory)
        settings = {**found, "listen_addresses": ""}
        record = Record(port=0, password=secrets.token_urlsafe(24), settings=settings)
        save_record(directory, record, socket_directory(directory, account))

    def run(self, target: Target, *, readable: bool = False) -> None:
        aim(self.directory / "data", target.settings, self.account, readable=readable)
        try:
            server.start(
                self.name,
                binaries=None if self.programs == newest_programs(0) else self.programs,
                home=self.home,
                timeout=self.timeout,
            )
        except PgwrightError as error:
            raise self._not_there(target, error.detail or error.message) from error
        self._await(target)
        self._require_stop(target)

    def _await(self, target: Target) -> None:
        """Wait until the server takes connections: it counts as started while it still replays."""
        deadline = time.monotonic() + self.timeout
        # Asking by connecting would fill its log with refusals.
        while not _is_ready(self.directory / "data"):
            if not server.is_running(self.name, home=self.home):
                raise self._not_there(target, log_tail(self.directory / "server.log"))
            if time.monotonic() > deadline:
                raise RecoveryFailed(f"recovery to {target} takes longer than {self.timeout:.0f} s")
            time.sleep(0.05)

    def _require_stop(self, target: Target) -> None:
        """Raise where the WAL ended before the target: PostgreSQL 12 opens the server all the same."""
        log = self.directory / "server.log"
        if (
            self.source.major > _SAYS_NOTHING
            or not target.is_moment
            or _STOP in log.read_text("utf-8", "replace")
        ):
            return
        raise self._not_there(target, f"recovery ended {BEFORE_TARGET}\n{log_tail(log)}")

    def _not_there(self, target: Target, log: str) -> RecoveryFailed:
        return RecoveryFailed(
            f"recovery to {target} did not get there",
            detail=self.source.reason(log),
            hint="choose an earlier moment, or --latest; the old server was not touched",
        )


def _is_ready(data: Path) -> bool:
    """Tell whether the server says so: it is "standby" as long as it replays."""
    try:
        lines = (data / "postmaster.pid").read_text(encoding="utf-8").splitlines()
    except OSError:
        return False
    return len(lines) > 7 and lines[7].strip() == "ready"


def url_of_postgres(url: str) -> str:
    """Return the address of the database that every server has."""
    return parse_address(url).with_database("postgres").text


def _is_in_recovery(url: str) -> bool:
    with connect(url, autocommit=True) as conn:
        return conn.execute("SELECT pg_is_in_recovery()").fetchone() == (True,)


def _described(name: str, url: str, data_dir: Path, database: str) -> Recovered:
    with connect(url_of_postgres(url), autocommit=True) as conn:
        # The new timeline branches off where recovery ended.
        row = conn.execute(
            "SELECT timeline_id, pg_last_xact_replay_timestamp(), pg_current_wal_lsn()::text "
            "FROM pg_control_checkpoint()"
        ).fetchone()
        assert row is not None
        found = conn.execute("SELECT datname FROM pg_database WHERE NOT datistemplate ORDER BY 1").fetchall()
        for setting in ("restore_command", "hot_standby"):
            conn.execute(f"ALTER SYSTEM RESET {setting}".encode())
    databases = tuple(row[0] for row in found)
    if database not in databases:
        url = url_of_postgres(url)
    return Recovered(
        name=name,
        url=url,
        data_dir=data_dir,
        end_lsn=row[2],
        last_commit=row[1],
        timeline=row[0],
        databases=databases,
    )

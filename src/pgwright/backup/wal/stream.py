"""Receive WAL as the server writes it, through pg_receivewal, and archive each segment that is complete.

The server keeps, by a replication slot, what was not received yet: nothing is lost while this is down. The
segment that is being written is archived as well from time to time, as ``.partial``, so that a loss of the
server costs seconds and not a whole segment.
"""

from __future__ import annotations

import hashlib
import subprocess
import tempfile
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from pgwright.backup.programs import client_environment, newest_programs
from pgwright.backup.recover.plan import segment_bytes
from pgwright.backup.repository.repository import Repository
from pgwright.backup.repository.streams import said
from pgwright.backup.wal.archive import PARTIAL, Archive
from pgwright.backup.wal.lsn import HISTORY, SEGMENT
from pgwright.errors import BackupFailed
from pgwright.pg.address import Address, parse_address
from pgwright.pg.connect import connect
from pgwright.server import Binaries
from pgwright.server.paths import locked, make_directory, state_home

SLOT = "pgwright_wal"
_POLL_SECONDS = 0.5
_PARTIAL_SECONDS = 10.0
_RETRY_SECONDS = 5.0


def stream_wal(
    repository: Repository,
    url: str,
    *,
    slot: str = SLOT,
    archived: Callable[[str], None] = lambda _: None,
    warned: Callable[[str], None] = lambda _: None,
    until: Callable[[], bool] = lambda: False,
) -> None:
    """Receive and archive WAL until `until` returns True, which is asked twice a second.

    Complete segments wait, unencrypted, in a private folder of this machine until they are archived. Where
    pg_receivewal ends, because the server was restarted or the disk is full, `warned` is told why, and it is
    started again. Raises the errors of the storage.
    """
    repository.encryption.check()
    address = parse_address(url)
    programs, size = _programs(url)
    spool = _Spool(
        archive=Archive(repository=repository, size=size),
        folder=_folder(repository, address, slot),
        archived=archived,
    )
    with locked(spool.folder / ".lock", timeout=0, purpose="receiving WAL into the same archive"):
        _make_slot(url, slot)
        command: list[str | Path] = [programs.program("pg_receivewal"), f"--directory={spool.folder}"]
        command += [f"--slot={slot}", "--no-password", "--synchronous", "--no-loop"]
        environment = client_environment(programs, address)
        last = ""
        while not until():
            spool.mend()
            why = _received(command, environment, spool, until)
            if until():
                break
            # The same again every few seconds would only hide what is new.
            if why != last:
                warned(f"{why}; trying again every {_RETRY_SECONDS:.0f} s, the server keeps WAL in the slot")
            last = why
            _wait(_RETRY_SECONDS, until)


@dataclass(frozen=True, kw_only=True)
class _Spool:
    """Be the folder into which pg_receivewal writes, and archive from there."""

    archive: Archive
    folder: Path
    archived: Callable[[str], None]

    def mend(self) -> None:
        """Remove what a full disk left: pg_receivewal goes on with no file that it did not finish making.

        Nothing was received into it yet.
        """
        for path in self.folder.glob(f"*{PARTIAL}"):
            if path.stat().st_size not in (0, self.archive.size):
                path.unlink()

    def ship(self) -> None:
        """Archive what is complete, and delete it only then."""
        for path in sorted(self.folder.iterdir()):
            if SEGMENT.fullmatch(path.name) or HISTORY.fullmatch(path.name):
                new = self.archive.put(path)
                path.unlink()
                if new:
                    self.archived(path.name)

    def ship_partial(self) -> None:
        """Archive what there is of the segment that is being received."""
        for path in self.folder.glob(f"*{PARTIAL}"):
            if SEGMENT.fullmatch(path.name.removesuffix(PARTIAL)):
                self.archive.put(path)


def _received(
    command: Sequence[str | Path], environment: Mapping[str, str], spool: _Spool, until: Callable[[], bool]
) -> str:
    """Run pg_receivewal and archive what it writes until it ends, and return why it did."""
    with tempfile.TemporaryFile() as words:
        process = subprocess.Popen(
            command, env=dict(environment), stdin=subprocess.DEVNULL, stdout=words, stderr=words
        )
        partial_at = time.monotonic()
        try:
            while process.poll() is None and not until():
                spool.ship()
                if time.monotonic() - partial_at > _PARTIAL_SECONDS:
                    spool.ship_partial()
                    partial_at = time.monotonic()
                time.sleep(_POLL_SECONDS)
        finally:
            process.terminate()
            process.wait()
            spool.ship()
            spool.ship_partial()
        return said(words).replace("pg_receivewal: ", "").replace("\n", "; ") or "pg_receivewal ended"


def _wait(seconds: float, until: Callable[[], bool]) -> None:
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline and not until():
        time.sleep(_POLL_SECONDS)


def _programs(url: str) -> tuple[Binaries, int]:
    with connect(url, autocommit=True) as conn:
        row: tuple[Any, ...] | None = conn.execute("SHOW wal_segment_size").fetchone()
        assert row
        return newest_programs(conn.info.server_version // 10000), segment_bytes(row[0])


def _folder(repository: Repository, address: Address, slot: str) -> Path:
    key = hashlib.sha256(f"{repository.url} {address.place} {slot}".encode()).hexdigest()[:12]
    make_directory(state_home())
    make_directory(state_home() / "wal")
    return make_directory(state_home() / "wal" / key)


def _make_slot(url: str, slot: str) -> None:
    """Make the slot where it is missing. It keeps WAL from now on, not only from the first connection on."""
    import psycopg  # noqa: PLC0415

    with connect(url, autocommit=True) as conn:
        if conn.execute("SELECT 1 FROM pg_replication_slots WHERE slot_name = %s", (slot,)).fetchone():
            return
        try:
            conn.execute("SELECT pg_create_physical_replication_slot(%s, true)", (slot,))
        except psycopg.Error as error:
            raise BackupFailed(
                f"the replication slot {slot} cannot be made",
                detail=str(error.diag.message_primary or error),
                hint="the role needs REPLICATION, pg_hba.conf a line for replication, and "
                "max_replication_slots room for one more",
            ) from error

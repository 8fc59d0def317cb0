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
from collections.abc import Callable
from pathlib import Path
from typing import Any

from pgwright.backup.lsn import HISTORY, SEGMENT
from pgwright.backup.programs import client_environment, newest_programs
from pgwright.backup.recovery import segment_bytes
from pgwright.backup.repository import Repository
from pgwright.backup.streams import feed, said
from pgwright.backup.wal import PARTIAL, Archive
from pgwright.errors import BackupFailed
from pgwright.pg.address import Address, parse_address
from pgwright.pg.connect import connect
from pgwright.server import Binaries
from pgwright.server.paths import locked, make_directory, state_home

SLOT = "pgwright_wal"
_POLL_SECONDS = 0.5
_PARTIAL_SECONDS = 10.0


def stream_wal(
    repository: Repository,
    url: str,
    *,
    slot: str = SLOT,
    archived: Callable[[str], None] | None = None,
    until: Callable[[], bool] = lambda: False,
) -> None:
    """Receive and archive WAL until `until` returns True, which is asked twice a second.

    Complete segments wait, unencrypted, in a private folder of this machine until they are archived.
    Raises `BackupFailed` when pg_receivewal ends, and the errors of the storage.
    """
    repository.encryption.check()
    address = parse_address(url)
    programs, size = _programs(url)
    archive = Archive(repository=repository, size=size)
    spool = _spool(repository, address, slot)
    with locked(spool / ".lock", timeout=0, purpose="receiving WAL into the same archive"):
        _make_slot(programs, address, slot)
        command: list[str | Path] = [
            programs.program("pg_receivewal"),
            f"--directory={spool}",
            f"--slot={slot}",
        ]
        with tempfile.TemporaryFile() as words:
            process = subprocess.Popen(
                [*command, "--no-password", "--synchronous"],
                env=client_environment(programs, address),
                stdin=subprocess.DEVNULL,
                stdout=words,
                stderr=words,
            )
            try:
                _archive_while_running(process, archive, spool, archived, until)
            finally:
                process.terminate()
                process.wait()
                _ship(archive, spool, archived)
                _ship_partial(archive, spool)
            if not until():
                raise BackupFailed(
                    "pg_receivewal ended",
                    detail=said(words) or "it said nothing",
                    hint="the server keeps WAL in the slot; start it again when the cause is mended",
                )


def _programs(url: str) -> tuple[Binaries, int]:
    with connect(url, autocommit=True) as conn:
        row: tuple[Any, ...] | None = conn.execute("SHOW wal_segment_size").fetchone()
        assert row
        return newest_programs(conn.info.server_version // 10000), segment_bytes(row[0])


def _spool(repository: Repository, address: Address, slot: str) -> Path:
    key = hashlib.sha256(f"{repository.url} {address.place} {slot}".encode()).hexdigest()[:12]
    make_directory(state_home())
    make_directory(state_home() / "wal")
    return make_directory(state_home() / "wal" / key)


def _make_slot(programs: Binaries, address: Address, slot: str) -> None:
    command: list[str | Path] = [
        programs.program("pg_receivewal"),
        f"--slot={slot}",
        "--create-slot",
        "--if-not-exists",
    ]
    code, words = feed([*command, "--no-password"], (), environment=client_environment(programs, address))
    if code:
        raise BackupFailed(
            f"the replication slot {slot} cannot be made",
            detail=words,
            hint="the role needs REPLICATION, pg_hba.conf a line for replication, and max_replication_slots "
            "room for one more",
        )


def _archive_while_running(
    process: subprocess.Popen[bytes],
    archive: Archive,
    spool: Path,
    archived: Callable[[str], None] | None,
    until: Callable[[], bool],
) -> None:
    partial_at = time.monotonic()
    while process.poll() is None and not until():
        _ship(archive, spool, archived)
        if time.monotonic() - partial_at > _PARTIAL_SECONDS:
            _ship_partial(archive, spool)
            partial_at = time.monotonic()
        time.sleep(_POLL_SECONDS)


def _ship(archive: Archive, spool: Path, archived: Callable[[str], None] | None) -> None:
    """Archive what is complete, and delete it only then."""
    for path in sorted(spool.iterdir()):
        if SEGMENT.fullmatch(path.name) or HISTORY.fullmatch(path.name):
            new = archive.put(path)
            path.unlink()
            if new and archived:
                archived(path.name)


def _ship_partial(archive: Archive, spool: Path) -> None:
    for path in spool.glob(f"*{PARTIAL}"):
        if SEGMENT.fullmatch(path.name.removesuffix(PARTIAL)):
            archive.put(path)

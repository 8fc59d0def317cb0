"""Large objects of a copy, with owners, privileges and comments, by pg_dump and pg_restore."""

from __future__ import annotations

import subprocess
import tempfile
import time
from contextlib import suppress
from pathlib import Path
from typing import IO, Any

from psycopg import Connection, sql

from pgwright.errors import CopyFailed
from pgwright.pg.address import parse_address
from pgwright.server.binaries import embedded_binaries
from pgwright.transfer.copy.dump import program_environment
from pgwright.transfer.copy.record import doing
from pgwright.verify.side import Side

_CHUNK = 1 << 16
_RESTORES = (
    b"FROM pg_catalog.pg_stat_activity WHERE datname = pg_catalog.current_database()"
    b" AND application_name = 'pg_restore' AND usename = current_user"
)


def copy_large_objects(source: Side, urls: tuple[str, str], target: Connection[Any], run: str) -> None:
    """Bring all large objects, in one transaction of the target.

    What a killed attempt left is removed first. Raises `CopyFailed` with what the programs said.
    """
    if source.fetch(sql.SQL("SELECT EXISTS (SELECT FROM pg_catalog.pg_largeobject_metadata)")) == [(False,)]:
        return
    item = "large objects"
    marked = target.execute(
        "SELECT FROM pgwright.copy_item WHERE run = %s AND item = %s", [run, item]
    ).fetchone()
    if marked is not None:
        return
    _end_restores(target)
    target.execute(b"SELECT count(pg_catalog.lo_unlink(oid)) FROM pg_catalog.pg_largeobject_metadata")
    binaries = embedded_binaries()
    dump: list[Path | str] = [
        binaries.program("pg_dump"),
        "--format=custom",
        "--compress=none",
        "--section=data",
        "--large-objects",
        "--exclude-table-data=*.*",
        f"--snapshot={source.snapshot}",
    ]
    restore: list[Path | str] = [
        binaries.program("pg_restore"),
        "--single-transaction",
        "--exit-on-error",
        f"--dbname={parse_address(urls[1]).dbname}",
    ]
    with (
        tempfile.TemporaryFile() as said,
        subprocess.Popen(
            dump, env=program_environment(binaries, urls[0]), stdout=subprocess.PIPE, stderr=said
        ) as reading,
        subprocess.Popen(
            restore,
            env=program_environment(binaries, urls[1]),
            stdin=subprocess.PIPE,
            stdout=subprocess.DEVNULL,
            stderr=said,
        ) as writing,
    ):
        assert reading.stdout is not None and writing.stdin is not None
        with suppress(BrokenPipeError):  # pg_restore has ended, and has said why
            last = _passed_on(reading.stdout, writing.stdin)
            if reading.wait() == 0:
                _await_restore(target, writing)
                writing.stdin.write(last)
        with suppress(BrokenPipeError):
            writing.stdin.close()
        reading.stdout.close()
        writing.wait()
        said.seek(0)
        text = said.read()[-2000:].decode(errors="replace").strip()
    if reading.returncode or writing.returncode:
        raise CopyFailed(
            "the large objects could not be copied",
            detail=text,
            hint="mend that, then go on with: pgwright copy SRC DST --resume",
        )
    with doing(target, run, item):
        pass


def _passed_on(archive: IO[bytes], to: IO[bytes]) -> bytes:
    """Pass an archive on but for its last byte, without which it cannot be restored; return that."""
    held = b""
    while block := archive.read(_CHUNK):
        to.write(held + block[:-1])
        held = block[-1:]
    to.flush()
    return held


def _await_restore(target: Connection[Any], program: subprocess.Popen[bytes]) -> None:
    """Wait until the session of pg_restore can be seen, so that whoever goes on after a kill can end it."""
    while program.poll() is None and not target.execute(b"SELECT " + _RESTORES).fetchall():
        time.sleep(0.02)


def _end_restores(target: Connection[Any]) -> None:
    """End the pg_restore of a killed attempt: it outlives its parent, and would commit meanwhile."""
    while target.execute(b"SELECT pg_catalog.pg_terminate_backend(pid) " + _RESTORES).fetchall():
        time.sleep(0.05)

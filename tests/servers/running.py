"""One running server per version and test run, shared by all its workers.

The process that the user started makes a folder for the run and holds a lock in it.
Workers start servers there when a test first asks, one after the other. The first
process stops them all at the end, and at the start removes folders of runs that died.
"""

from __future__ import annotations

import fcntl
import os
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from pgwright.server import Binaries, embedded_binaries, instances, remove, start, url

from .builds import VERSIONS, Build, Missing, find

_PREFIX = "pgwright-tests"
_MEMORY = Path("/dev/shm")  # noqa: S108 - what is put there gets a random name
_ROOM = 6 * 1024**3  # bytes; the servers of a whole run take less than two thirds of it
_RUN = "PGWRIGHT_TEST_RUN"
_SETTINGS = {
    "shared_buffers": "32MB",
    "max_connections": "100",
    "max_prepared_transactions": "10",
    "wal_level": "logical",
}


@dataclass(frozen=True, kw_only=True)
class Server:
    """Describe a running server; `url` leads its superuser to the database ``postgres``.

    `bindir` is None for a server that was given and not started here.
    """

    version: int
    origin: str
    url: str
    bindir: Path | None
    timescale: bool = False

    def __str__(self) -> str:
        return f"PostgreSQL {self.version} ({self.origin})"


@contextmanager
def run_folder() -> Iterator[Path]:
    """Make the folder of this run and, at the end, stop every server in it and remove it."""
    _remove_abandoned()
    folder = Path(tempfile.mkdtemp(prefix=f"{_PREFIX}-{os.getuid()}-", dir=_place()))
    folder.chmod(0o755)  # servers of root belong to another user, which must get in
    with (folder / "alive").open("w") as alive:
        fcntl.flock(alive, fcntl.LOCK_EX)
        os.environ[_RUN] = str(folder)
        os.environ["PGWRIGHT_HOME"] = str(folder / "home")
        try:
            yield folder
        finally:
            _remove(folder)


def _place() -> Path:
    """Return a folder in memory where there is room.

    A database is a thousand small files, made and dropped by the hundred; ext4 looks at every file that was
    deleted in the last seconds before it makes a new one.
    """
    try:
        usable = os.access(_MEMORY, os.W_OK) and not os.statvfs(_MEMORY).f_flag & os.ST_NOEXEC
        roomy = usable and min(shutil.disk_usage(_MEMORY).free, _available()) > _ROOM
    except OSError:
        roomy = False
    return _MEMORY if roomy else Path(tempfile.gettempdir())


def _available() -> int:
    """Return the bytes of memory that programs can still have."""
    (line,) = (line for line in Path("/proc/meminfo").read_text().splitlines() if "MemAvailable" in line)
    return int(line.split()[1]) * 1024


def _remove_abandoned() -> None:
    """Stop the servers of runs that ended without doing so: their lock is free."""
    pattern = f"{_PREFIX}-{os.getuid()}-*"
    for folder in (*Path(tempfile.gettempdir()).glob(pattern), *_MEMORY.glob(pattern)):
        try:
            # The name can be guessed: what others put there is left alone.
            if folder.is_symlink() or folder.stat().st_uid != os.getuid():
                continue
            with (folder / "alive").open("r") as alive:
                fcntl.flock(alive, fcntl.LOCK_EX | fcntl.LOCK_NB)
                _remove(folder)
        except OSError:
            continue


def _remove(folder: Path) -> None:
    home = folder / "home"
    for instance in instances(home=home):
        remove(instance, home=home)
    shutil.rmtree(folder, ignore_errors=True)


@cache
def running(version: int) -> Server | Missing:
    """Return the server of `version`, started by the first that asks; or why there is none."""
    if version == VERSIONS[-1]:
        build = Build(version=version, origin="embedded", bindir=embedded_binaries().bin_dir)
    else:
        found = find(version)
        if isinstance(found, Missing):
            return found
        build = found
    preload = "timescaledb,pg_stat_statements" if build.timescale else "pg_stat_statements"
    settings = {**_SETTINGS, "shared_preload_libraries": preload}
    if build.timescale:
        settings["timescaledb.telemetry_level"] = "off"
    home = Path(os.environ[_RUN]) / "home"
    instance = start(
        f"pg{version}",
        home=home,
        binaries=Binaries(bin_dir=build.bindir),
        durable=False,
        settings=settings,
    )
    return Server(
        version=version,
        origin=build.origin,
        url=url(instance),
        bindir=build.bindir,
        timescale=build.timescale,
    )

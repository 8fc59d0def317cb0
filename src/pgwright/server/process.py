"""The server's main process: found by its pid file, but believed only when it proves to be ours.

A pid file outlives kill -9, and the number in it may meanwhile belong to another
process. What counts is a live process that works in the data directory.
"""

from __future__ import annotations

import contextlib
import os
import signal
import subprocess
import time
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from pgwright.server.account import Account, run_as

_PROC = Path("/proc")
_POLL_SECONDS = 0.01
_PROCESSES_WORKING_IN = """
for process in /proc/[0-9]*; do
    if [ "$(readlink "$process/cwd" 2>/dev/null)" = "$1" ]; then echo "${process#/proc/}"; fi
done
"""
# Above every system's largest process number, so that it never names a process.
_NO_PROCESS = 2**31 - 2


@dataclass(frozen=True, kw_only=True)
class Postmaster:
    """Hold what a running server wrote into its ``postmaster.pid``."""

    pid: int
    started_at: datetime
    port: int
    ready: bool


def postmaster(data_dir: Path) -> Postmaster | None:
    """Return the live server of a data directory, or None when it has none."""
    lines = _pid_lines(data_dir)
    if lines is None or not _works_in(lines[0], data_dir):
        return None
    # The file grows line by line while the server starts: port is the 4th line, state the 8th.
    started = int(lines[2]) if len(lines) > 2 and lines[2].isdigit() else 0
    port = int(lines[3]) if len(lines) > 3 and lines[3].isdigit() else 0
    state = lines[7].strip() if len(lines) > 7 else ""
    return Postmaster(
        pid=int(lines[0]),
        started_at=datetime.fromtimestamp(started, UTC),
        port=port,
        ready=state in {"ready", "standby"},
    )


def wait_ready(data_dir: Path, *, timeout: float) -> Postmaster | None:
    """Wait until the server of a data directory accepts connections.

    Returns None as soon as there is no live server, and the server as it is
    (perhaps still recovering) after `timeout` seconds.
    """
    deadline = time.monotonic() + timeout
    while True:
        found = postmaster(data_dir)
        if found is None or found.ready or time.monotonic() > deadline:
            return found
        time.sleep(_POLL_SECONDS)


def signal_and_wait(pid: int, data_dir: Path, signum: signal.Signals, *, timeout: float) -> bool:
    """Send a signal to a server and tell whether it was gone within `timeout` seconds."""
    deadline = time.monotonic() + timeout
    with contextlib.suppress(ProcessLookupError):
        os.kill(pid, signum)
    while _works_in(str(pid), data_dir):
        if time.monotonic() > deadline:
            return False
        time.sleep(_POLL_SECONDS)
    return True


def disown_pid_file(data_dir: Path, uid: int) -> None:
    """Make a stale pid file name no process, when its number was given to another process.

    PostgreSQL refuses to start while the number names any process of its user.
    Deleting the file would also delete the key of the shared memory by which
    PostgreSQL sees that processes of the killed server still work on the files;
    so only the number is changed. A file without a number (the disk was full) has
    no key either and is deleted. Call it only under the instance's lock.
    """
    path = data_dir / "postmaster.pid"
    lines = _pid_lines(data_dir)
    if lines is None:
        path.unlink(missing_ok=True)
        return
    if _works_in(lines[0], data_dir):
        return
    text = "\n".join([str(_NO_PROCESS), *lines[1:]]) + "\n"
    descriptor = os.open(path, os.O_WRONLY | os.O_NOFOLLOW)
    with os.fdopen(descriptor, "w", encoding="utf-8") as file:
        if os.fstat(file.fileno()).st_uid == uid:
            file.truncate()
            file.write(text)


def clear_sockets(socket_dir: Path) -> None:
    """Delete the sockets that a killed server left in its own folder.

    Their lock files hold the same stale number as the pid file, but no key of
    shared memory. Call it only under the instance's lock, with no server running.
    """
    for leftover in socket_dir.glob(".s.PGSQL.*"):
        leftover.unlink(missing_ok=True)


def end_orphans(data_dir: Path, account: Account) -> tuple[int, ...]:
    """End processes of a server that lost its main process, and return their numbers.

    After kill -9 of the main process the others end by themselves, but one that
    runs a long statement does so only after it; until then no new server can
    start on the files. Does nothing where the system has no ``/proc``.
    """
    if not _PROC.is_dir():
        return ()
    # The account looks for itself: root in a container may not read other users' working directories.
    found = run_as(
        account,
        ["/bin/sh", "-c", _PROCESSES_WORKING_IN, "sh", str(data_dir)],
        environment={"PATH": os.defpath},
        timeout=30,
    )
    orphans = tuple(int(line) for line in found.stdout.split() if line.isdigit())
    for pid in orphans:
        for signum in (signal.SIGQUIT, signal.SIGKILL):
            with contextlib.suppress(ProcessLookupError):
                os.kill(pid, signum)
            if _ended(pid, timeout=2):
                break
    return orphans


def _ended(pid: int, *, timeout: float) -> bool:
    deadline = time.monotonic() + timeout
    while _is_alive(pid):
        if time.monotonic() > deadline:
            return False
        time.sleep(_POLL_SECONDS)
    return True


def _pid_lines(data_dir: Path) -> list[str] | None:
    try:
        lines = (data_dir / "postmaster.pid").read_text(encoding="utf-8", errors="replace").splitlines()
    except OSError:
        return None
    return lines if lines and lines[0].strip().isdigit() else None


def _is_alive(pid: int) -> bool:
    """Tell whether a process runs; one that ended but was not waited for does not.

    Containers often have no process that waits for orphans, and then these stay
    in the process table for ever.
    """
    try:
        os.kill(pid, 0)
        if _PROC.is_dir():
            state = (_PROC / str(pid) / "stat").read_text(encoding="utf-8", errors="replace")
            return state.rpartition(")")[2].split()[0] not in {"Z", "X"}
    except PermissionError:
        return True
    except (OSError, IndexError, OverflowError):
        return False
    return True


def _works_in(pid: str, data_dir: Path) -> bool:
    """Tell whether a live main process of a server belongs to a data directory.

    It was started with the directory in its arguments and has it as its working
    directory; root in a container may read only the former.
    """
    number = int(pid)
    if not _is_alive(number):
        return False
    process = _PROC / str(number)
    try:
        if _PROC.is_dir():
            arguments = (process / "cmdline").read_bytes().split(b"\0")
            try:
                return (process / "cwd").samefile(data_dir) and b"postgres" in arguments[0]
            except PermissionError:
                return os.fsencode(data_dir) in arguments
    except OSError:
        return False
    finished = subprocess.run(
        ["ps", "-o", "command=", "-p", str(number)], capture_output=True, text=True, check=False
    )
    return str(data_dir) in finished.stdout

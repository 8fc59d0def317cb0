"""What the fetchers share: running programs, and cache entries that are whole or absent."""

from __future__ import annotations

import fcntl
import shutil
import subprocess
import tempfile
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path

from .builds import cached, caches


class FetchError(Exception):
    """Say in one line why something could not be fetched."""


def run(
    command: Sequence[str | Path],
    *,
    cwd: Path | None = None,
    env: Mapping[str, str] | None = None,
    timeout: int = 600,
) -> str:
    """Run `command` and return its standard output.

    Raises:
        FetchError: the program is missing, failed, or took more than `timeout` seconds.
    """
    name = Path(command[0]).name
    try:
        done = subprocess.run(
            command,
            cwd=cwd,
            env=env,
            timeout=timeout,
            check=False,
            capture_output=True,
            text=True,
            errors="replace",
        )
    except FileNotFoundError:
        raise FetchError(f"{name} is not installed") from None
    except subprocess.TimeoutExpired:
        raise FetchError(f"{name} did not finish within {timeout} s") from None
    if done.returncode != 0:
        words = (done.stderr.strip() or done.stdout.strip() or "no message").splitlines()
        told = next((line for line in words if "error" in line.lower() or line.startswith("E:")), words[-1])
        raise FetchError(f"{name} failed: {told.strip()[:200]}")
    return done.stdout


@contextmanager
def locked(name: str) -> Iterator[None]:
    """Hold the preparation lock `name`, so that two runs at once do the work once."""
    caches()[0].mkdir(parents=True, exist_ok=True)
    with (caches()[0] / f"{name}.lock").open("w") as handle:
        fcntl.flock(handle, fcntl.LOCK_EX)
        yield


def entry(name: str, build: Callable[[Path], None]) -> Path:
    """Return the cache entry `name`, calling `build` with an empty folder to make it.

    The folder gets its name only when `build` has returned: an interrupted run
    leaves a folder of another name, which the next one removes.
    """
    if found := cached(name):
        return found
    with locked(name):
        if found := cached(name):
            return found
        cache = caches()[0]
        for leftover in cache.glob(f".{name}.*"):
            shutil.rmtree(leftover, ignore_errors=True)
        work = Path(tempfile.mkdtemp(prefix=f".{name}.", dir=cache))
        try:
            work.chmod(0o755)  # servers are started by another user than root
            build(work)
            work.rename(cache / name)
        except BaseException:
            shutil.rmtree(work, ignore_errors=True)
            raise
        return cache / name

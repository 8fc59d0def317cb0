"""Homes for servers of these tests alone, and Python processes that can be killed."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

import pytest

from pgwright.server import instances, remove
from pgwright.server.account import Account, can_reach, server_account

_PATIENCE_SECONDS = 30
Spawn = Callable[..., "subprocess.Popen[str]"]


def until(condition: Callable[[], object], what: str) -> None:
    """Wait for a condition; fail, naming what was waited for, when it does not come about."""
    deadline = time.monotonic() + _PATIENCE_SECONDS
    while not condition():
        assert time.monotonic() < deadline, f"waited in vain for {what}"
        time.sleep(0.002)


@contextmanager
def fresh_home() -> Iterator[Path]:
    """Make an empty home that a server's account can enter; remove it and its servers at the end."""
    folder = Path(tempfile.mkdtemp(prefix="pgwright-home-", dir=os.environ["PGWRIGHT_TEST_RUN"]))
    folder.chmod(0o755)
    path = folder / "home"
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("PGWRIGHT_HOME", str(path))
        try:
            yield path
        finally:
            for instance in instances(home=path):
                remove(instance)
            shutil.rmtree(folder)


@pytest.fixture
def home() -> Iterator[Path]:
    """Return an empty home of the test's own."""
    with fresh_home() as path:
        yield path


@pytest.fixture
def spawn() -> Iterator[Spawn]:
    """Return a function that runs Python code in a process of its own, with the present environment."""
    started: list[subprocess.Popen[str]] = []

    def run(code: str) -> subprocess.Popen[str]:
        process = subprocess.Popen(
            [sys.executable, "-c", code],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )
        started.append(process)
        return process

    yield run
    for process in started:
        process.kill()
        process.communicate()


@pytest.fixture
def ordinary_user() -> tuple[Account, Callable[[str, Mapping[str, str]], subprocess.CompletedProcess[str]]]:
    """Return an account other than root and a function that runs Python code as it."""
    if os.geteuid() != 0:
        pytest.skip("these tests run as an ordinary user already")
    account = server_account()
    version = f"python{sys.version_info.major}.{sys.version_info.minor}"
    candidates = (
        Path(sys.executable).resolve(),
        Path("/usr/local/bin") / version,
        Path("/usr/bin") / version,
    )
    found = next((path for path in candidates if path.is_file() and can_reach(account, path.parent)), None)
    folders = [entry for entry in sys.path if entry and Path(entry).is_dir()]
    own = [entry for entry in folders if "site-packages" in entry or entry.endswith("src")]
    if found is None or not all(can_reach(account, Path(entry)) for entry in own):
        pytest.skip(f"user {account.name} cannot enter the folders of {version} and of its packages")
    python = str(found)

    def run(code: str, variables: Mapping[str, str]) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [python, "-c", code],
            env={
                "PATH": os.defpath,
                "PYTHONPATH": os.pathsep.join(own),
                "PYTHONDONTWRITEBYTECODE": "1",
                **variables,
            },
            cwd="/",
            user=account.uid,
            group=account.gid,
            extra_groups=(),
            capture_output=True,
            text=True,
            check=False,
        )

    return account, run

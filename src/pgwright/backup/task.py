"""Servers that a task is making, and what is left of them when the task was killed.

As long as it works, a task holds a lock on a file that bears the server's name; the system releases it when
the process dies. A file that is there and not locked therefore names a leftover.
"""

from __future__ import annotations

import contextlib
import secrets
import shutil
from collections.abc import Iterator
from pathlib import Path

from pgwright import server
from pgwright.errors import ServerError
from pgwright.server.instance import instance_directory
from pgwright.server.lifecycle import prepare_home
from pgwright.server.paths import locked

_MARK = ".task"


@contextlib.contextmanager
def working_on(name: str, home: Path | None = None) -> Iterator[None]:
    """Hold a server's name for the block, free of what a killed task left. Raises `ServerError` when held."""
    directory = instance_directory(name, home)
    prepare_home(directory.parent)
    mark = _mark(directory)
    was_there = mark.exists()
    with locked(mark, timeout=0, purpose=f"working on the server {name}"):
        if was_there:
            clear(name, home)
        try:
            yield
        finally:
            mark.unlink(missing_ok=True)


def draft_of(name: str, home: Path | None = None) -> Path:
    """Return the folder in which a server is made ready before it has its name."""
    directory = instance_directory(name, home)
    return directory.with_name(f".making-{name}")


def is_leftover(name: str, home: Path | None = None) -> bool:
    """Tell whether a server of that name is what a killed task left, or what one is making just now."""
    return _mark(instance_directory(name, home)).exists()


@contextlib.contextmanager
def temporary(prefix: str, home: Path | None = None) -> Iterator[str]:
    """Give a name for a server that goes after the block, with whatever killed tasks left of its like."""
    for mark in _mark(instance_directory(f"{prefix}any", home)).parent.glob(f"{prefix}*{_MARK}"):
        # One that is held belongs to a task that lives.
        left = mark.name.removesuffix(_MARK)
        with contextlib.suppress(ServerError), working_on(left, home):
            _forget(left, home)
    name = f"{prefix}{secrets.token_hex(4)}"
    with working_on(name, home):
        try:
            yield name
        finally:
            _forget(name, home)


def clear(name: str, home: Path | None = None) -> None:
    """Remove what there is of a server that could not be made."""
    server.remove(name, home=home)
    shutil.rmtree(draft_of(name, home), ignore_errors=True)


def _forget(name: str, home: Path | None) -> None:
    """Remove a server whose name nobody will use again, and with it the lock that others might wait for."""
    clear(name, home)
    _mark(instance_directory(name, home)).with_suffix(".lock").unlink(missing_ok=True)


def _mark(directory: Path) -> Path:
    return directory.parent.parent / "locks" / f"{directory.name}{_MARK}"

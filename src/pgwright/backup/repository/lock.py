"""One writer at a time in a repository, on any store whose listing is never stale.

A writer puts a claim of its own into `locks/`, then looks for others. Both do that in this order, so of two
at least one sees the other, and the one with the larger name gives way. A claim is renewed while its holder
lives; its age is the difference between two times of the store's own clock, so that no machine's clock
matters. Where a claim comes from this machine, the process itself is asked.
"""

from __future__ import annotations

import contextlib
import json
import os
import secrets
import socket
import threading
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from pgwright.errors import PgwrightError, RepositoryLocked
from pgwright.storage import Store

FOLDER = "locks/"
_RENEW_SECONDS = 20.0
_STALE_SECONDS = 120.0
_YIELD_SECONDS = 3.0


@dataclass(frozen=True, kw_only=True)
class Claim:
    """Say who writes."""

    name: str
    deed: str
    host: str
    boot: str
    pid: int
    started: str

    def is_gone(self) -> bool:
        """Tell whether the process is known to have ended; False where it runs elsewhere."""
        return self.boot == _boot() and _started(self.pid) != self.started

    def __str__(self) -> str:
        return f"{self.deed}, process {self.pid} on {self.host}"


@contextlib.contextmanager
def writing(store: Store, deed: str) -> Iterator[None]:
    """Be the only writer of a repository for the block; `deed` is what others read about it.

    Claims of writers that have died are removed. Raises `RepositoryLocked`.
    """
    name = f"{FOLDER}{secrets.token_hex(8)}.json"
    pid = os.getpid()
    claim = Claim(
        name=name, deed=deed, host=socket.gethostname(), boot=_boot(), pid=pid, started=_started(pid) or ""
    )
    store.create(name, _encode(claim))
    stop = threading.Event()
    renewer = threading.Thread(target=_renew, args=(store, claim, stop), daemon=True)
    try:
        _await_others(store, claim)
        renewer.start()
        yield
    finally:
        stop.set()
        if renewer.is_alive():
            renewer.join()
        with contextlib.suppress(PgwrightError):
            store.delete(name)


def _await_others(store: Store, own: Claim) -> None:
    deadline = time.monotonic() + _YIELD_SECONDS
    while others := _living(store, own):
        # The larger name gives way at once, the smaller waits for it to be gone.
        if own.name > min(other.name for other in others) or time.monotonic() > deadline:
            raise RepositoryLocked(
                f"another pgwright is writing to {store.url}",
                detail=f"{others[0]}; nothing was changed",
                hint="wait until it has ended; if it was killed on another machine, for two minutes",
            )
        time.sleep(0.2)


def _living(store: Store, own: Claim) -> list[Claim]:
    """Return the claims of others that live, and remove those that do not."""
    entries = {entry.name: entry for entry in store.list(FOLDER)}
    now = entries[own.name].modified if own.name in entries else None
    found = []
    for name, entry in entries.items():
        if name == own.name:
            continue
        claim = _read(store, name)
        stale = now is not None and (now - entry.modified).total_seconds() > _STALE_SECONDS
        if claim is None:
            continue
        if claim.is_gone() or stale:
            store.delete(name)
        else:
            found.append(claim)
    return found


def _renew(store: Store, claim: Claim, stop: threading.Event) -> None:
    while not stop.wait(_RENEW_SECONDS):
        # One failure is no reason to give up: the claim is good for several of these.
        with contextlib.suppress(PgwrightError):
            store.put(claim.name, _encode(claim))


def _encode(claim: Claim) -> bytes:
    return (json.dumps({**claim.__dict__}, indent=1) + "\n").encode()


def _read(store: Store, name: str) -> Claim | None:
    try:
        fields: dict[str, Any] = json.loads(store.read(name))
        return Claim(**{**fields, "name": name})
    except (PgwrightError, ValueError, TypeError):
        return None  # released meanwhile, or no claim at all


def _boot() -> str:
    """Return what tells this run of this machine from others: process numbers are unique within it."""
    try:
        boot = Path("/proc/sys/kernel/random/boot_id").read_text().strip()
        # Containers share the kernel but not the numbers of processes.
        return f"{boot} {Path('/proc/self/ns/pid').readlink()}"
    except OSError:
        return f"{socket.gethostname()} {time.time():.0f}"


def _started(pid: int) -> str | None:
    """Return when a process began, in the kernel's ticks; None where there is none or it has ended."""
    try:
        fields = (Path("/proc") / str(pid) / "stat").read_text().rpartition(")")[2].split()
    except OSError:
        return None
    return None if fields[0] in {"Z", "X"} else fields[19]

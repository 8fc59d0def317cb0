"""Archive the WAL of a server for a test, and recover it."""

from __future__ import annotations

import secrets
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from typing import Any

from pgwright import server
from pgwright.backup.recover.plan import Target, plan_recovery
from pgwright.backup.recover.recover import Recovered, recover
from pgwright.backup.recover.unpack import Planned
from pgwright.backup.repository.repository import Repository
from pgwright.backup.wal.stream import stream_wal


@contextmanager
def streaming(repository: Repository, url: str) -> Iterator[None]:
    """Archive the server's WAL while the block runs."""
    stop = threading.Event()
    failures: list[BaseException] = []

    def run() -> None:
        try:
            stream_wal(repository, url, slot="tested", until=stop.is_set)
        except BaseException as error:
            failures.append(error)

    thread = threading.Thread(target=run)
    thread.start()
    try:
        yield
    finally:
        stop.set()
        thread.join()
    assert not failures, failures


@contextmanager
def recovered(repository: Repository, target: Target, **options: Any) -> Iterator[Recovered]:
    name = f"again-{secrets.token_hex(3)}"
    try:
        yield recover(source_of(repository, target, **options), name=name)
    finally:
        with suppress(Exception):
            server.remove(name)


def source_of(repository: Repository, target: Target, **options: Any) -> Planned:
    return Planned(repository=repository, plan=plan_recovery(repository, target, **options))

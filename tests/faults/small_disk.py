"""A database on a file system of its own, so small that it gets full."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import psycopg
import pytest

from tests.servers import databases
from tests.servers.running import Server


@contextmanager
def small_disk(server: Server, *, megabytes: int) -> Iterator[tuple[str, Callable[[], int]]]:
    """Make a database whose tables go to a file system of its own; gives its URL and what enlarges it."""
    if os.geteuid() != 0:
        pytest.skip("only root can mount a small file system")
    url = databases.create(server)
    with psycopg.connect(url, autocommit=True) as conn:
        row = conn.execute("SELECT current_setting('data_directory'), current_database()").fetchone()
        assert row is not None
        data, name = Path(row[0]), row[1]
        place = data.parent / f"small_{name}"
        place.mkdir()
        owner = data.stat()
        options = f"size={megabytes}m,uid={owner.st_uid},gid={owner.st_gid},mode=700"
        if subprocess.run(["mount", "-t", "tmpfs", "-o", options, "tmpfs", place], check=False).returncode:
            databases.drop(url)
            pytest.skip("this machine does not allow mounts")
        conn.execute(f"CREATE TABLESPACE {name} LOCATION '{place}'".encode())
        conn.execute(f"ALTER DATABASE {name} SET default_tablespace = {name}".encode())
    try:
        yield url, lambda: subprocess.check_call(["mount", "-o", "remount,size=200m", place])
    finally:
        databases.drop(url)
        with psycopg.connect(server.url, autocommit=True) as conn:
            conn.execute(f"DROP TABLESPACE {name}".encode())
        subprocess.run(["umount", place], check=True)

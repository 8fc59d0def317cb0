"""How long a backup takes beside what PostgreSQL's own program takes for the same, in turns."""

from __future__ import annotations

import os
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import psycopg
import pyrage

from pgwright import server
from pgwright.backup.create.base import create_base
from pgwright.backup.create.logical import DumpOptions, create_dump
from pgwright.backup.programs import client_environment, newest_programs
from pgwright.backup.repository.encryption import Encryption
from pgwright.backup.repository.repository import Repository, open_repository
from pgwright.pg.address import parse_address
from tests.peak import telling_peak, told_peak

ROWS = int(os.environ.get("PGWRIGHT_BENCH_BACKUP_ROWS", "6000000"))
ROUNDS = 3
LARGE = 2 << 30  # bytes of the database of which 1 % changes
_TABLES = """
CREATE TABLE one AS SELECT g AS id, g % 97 AS kind, md5(g::text) AS note, g * 1.1 AS price,
    timestamptz '2020-01-01' + g * interval '1 s' AS at FROM generate_series(1, {half}) g;
CREATE TABLE two AS SELECT * FROM one;
CREATE INDEX ON one (id); CREATE INDEX ON two (id);
"""


def measure() -> Iterator[tuple[str, float]]:
    """Yield ratios to pg_dump and to a full base backup, and the peak memory in MB."""
    name = "bench-backup"
    instance = server.start(name, durable=False, settings={"summarize_wal": "on", "max_wal_size": "4GB"})
    url = server.url(instance)
    try:
        with psycopg.connect(url, autocommit=True) as conn:
            conn.execute(_TABLES.format(half=ROWS // 2).encode())
            conn.execute("VACUUM ANALYZE")
        with tempfile.TemporaryDirectory() as folder:
            yield from _dumps(url, Path(folder))
            yield "peak", _peak(url, Path(folder))
            yield from _incremental(url, Path(folder))
    finally:
        server.remove(name)


def _dumps(url: str, folder: Path) -> Iterator[tuple[str, float]]:
    key = str(pyrage.x25519.Identity.generate().to_public())
    repository = open_repository(str(folder / "repository"), Encryption(recipients=(key,)))
    custom = ["--format=custom", "--compress=zstd:3", f"--file={folder / 'peer.dump'}"]
    yield (
        "dump",
        _ratio(
            lambda: _pg_dump(url, custom),
            lambda: _create(repository, url, DumpOptions()),
        ),
    )
    plain = open_repository(str(folder / "plain"))

    def directory() -> None:
        shutil.rmtree(folder / "peer", ignore_errors=True)
        _pg_dump(url, ["--format=directory", "--compress=zstd:3", "--jobs=2", f"--file={folder / 'peer'}"])

    yield (
        "parallel",
        _ratio(directory, lambda: _create(plain, url, DumpOptions(form="parallel", jobs=2))),
    )


def _peak(url: str, folder: Path) -> float:
    words = ("-m", "pgwright", "backup", "create", "--format", "parallel", "--jobs", "2")
    command = [sys.executable, *telling_peak(*words, "--repository", str(folder / "plain"))]
    environment = {**os.environ, "DATABASE_URL": url}
    done = subprocess.run(command, env=environment, cwd=folder, capture_output=True, text=True, check=True)
    return told_peak(done.stderr) / 1024


def _incremental(url: str, folder: Path) -> Iterator[tuple[str, float]]:
    repository = open_repository(str(folder / "base"))
    with psycopg.connect(url, autocommit=True) as conn:
        while _size(conn) < LARGE:
            conn.execute("INSERT INTO two SELECT * FROM one")
        conn.execute("VACUUM")
    began = time.monotonic()
    full = create_base(repository, url)
    whole = time.monotonic() - began
    with psycopg.connect(url, autocommit=True) as conn:
        # One percent of all rows, in one place.
        conn.execute(
            "UPDATE one SET kind = -1 "
            "WHERE id <= ((SELECT count(*) FROM one) + (SELECT count(*) FROM two)) / 100"
        )
    began = time.monotonic()
    changed = create_base(repository, url, incremental=True)
    yield "incremental time", (time.monotonic() - began) / whole
    yield "incremental size", changed.size / full.size


def _size(conn: psycopg.Connection) -> int:
    found = conn.execute("SELECT pg_database_size(current_database())").fetchone()
    assert found is not None
    return int(found[0])


def _create(repository: Repository, url: str, options: DumpOptions) -> None:
    made = create_dump(repository, url, options)
    repository.remove(made.id)


def _pg_dump(url: str, options: list[str]) -> None:
    programs = newest_programs(0)
    environment = client_environment(programs, parse_address(url))
    subprocess.run([programs.program("pg_dump"), *options], env=environment, check=True)


def _ratio(base: Callable[[], None], ours: Callable[[], None]) -> float:
    return statistics.median(_seconds(ours) / _seconds(base) for _ in range(ROUNDS))


def _seconds(work: Callable[[], None]) -> float:
    started = time.monotonic()
    work()
    return time.monotonic() - started

"""How long a copy of a database takes beside pg_dump into psql and, where it is installed, pgcopydb.

All ways run in turns on one server that holds both sides, and each round is told on stderr.
"""

from __future__ import annotations

import os
import shutil
import statistics
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator, Mapping
from functools import partial

import psycopg

from pgwright import server
from pgwright.backup.programs import client_environment, newest_programs
from pgwright.pg.address import parse_address
from tests.bench.spent import Spent, spent
from tests.peak import telling_peak, told_peak
from tests.servers import databases

SCALE = int(os.environ.get("PGWRIGHT_BENCH_COPY_SCALE", "100"))  # pgbench's: 100,000 rows each
ROUNDS = int(os.environ.get("PGWRIGHT_BENCH_ROUNDS", "3"))
JOBS = "2"
_WIDE_ROWS_PER_SCALE = 20_000
WIDE = """
CREATE TABLE wide AS SELECT g::bigint AS id, md5(g::text)::uuid AS token, g % 1000 AS kind, g * 0.37 AS price,
    'user' || g || '@example.com' AS email, repeat(md5(g::text), 4) AS note, g % 3 = 0 AS active,
    timestamptz '2020-01-01' + g * interval '7 s' AS made, date '2020-01-01' + g % 2000 AS due,
    random(0.0, 1e6)::float8 AS score, jsonb_build_object('n', g, 'tags', ARRAY['a', 'b']) AS more
FROM generate_series(1, {rows}) g;
ALTER TABLE wide ADD PRIMARY KEY (id);
CREATE UNIQUE INDEX ON wide (email);
CREATE INDEX ON wide (made);
CREATE INDEX ON wide (kind, price);
"""


def measure() -> Iterator[tuple[str, float]]:
    """Yield ratios of wall and CPU time to each peer, and the peak memory in MB."""
    rounds = []
    for found in _rounds():
        rounds.append(found)
        told = (f"{way} {took.wall:.1f} s ({took.cpu:.1f} s of CPU)" for way, took in found.items())
        print(", ".join(told), file=sys.stderr, flush=True)
    for ours in ("copy", "verified"):
        for peer in rounds[0].keys() - {ours}:
            yield f"{ours} to {peer}", statistics.median(f[ours].wall / f[peer].wall for f in rounds)
            yield f"{ours} to {peer}, CPU", statistics.median(f[ours].cpu / f[peer].cpu for f in rounds)
    yield "peak", max(found[ours].peak for found in rounds for ours in ("copy", "verified"))


def _rounds() -> Iterator[Mapping[str, Spent]]:
    name = "bench-copy"
    settings = {"max_wal_size": "8GB", "shared_buffers": "256MB", "maintenance_work_mem": "256MB"}
    url = server.url(server.start(name, durable=False, settings=settings))
    try:
        source, target = databases.at(url, "source"), databases.at(url, "target")
        _make(url, source)
        for _ in range(ROUNDS):
            found = {}
            for way, work in _WAYS.items():
                if way == "pgcopydb" and shutil.which("pgcopydb") is None:
                    continue
                _execute(url, "DROP DATABASE IF EXISTS target", "CREATE DATABASE target", "CHECKPOINT")
                found[way] = spent(url, partial(work, source, target))
            yield found
    finally:
        server.remove(name)


def _make(url: str, source: str) -> None:
    _execute(url, "CREATE DATABASE source")
    programs = newest_programs(0)
    subprocess.run(
        [programs.program("pgbench"), "--initialize", "--quiet", f"--scale={SCALE}"],
        env=client_environment(programs, parse_address(source)),
        stderr=subprocess.DEVNULL,
        check=True,
    )
    _execute(source, *WIDE.format(rows=SCALE * _WIDE_ROWS_PER_SCALE).split(";\n")[:-1], "VACUUM ANALYZE")


def _pipe(source: str, target: str) -> None:
    programs = newest_programs(0)
    with subprocess.Popen(
        [programs.program("pg_dump")],
        env=client_environment(programs, parse_address(source)),
        stdout=subprocess.PIPE,
    ) as reading:
        subprocess.run(
            [programs.program("psql"), "--quiet", "--no-psqlrc", "--set=ON_ERROR_STOP=1"],
            env=client_environment(programs, parse_address(target)),
            stdin=reading.stdout,
            stdout=subprocess.DEVNULL,
            check=True,
        )
    _execute(target, "ANALYZE")  # as the others do


def _pgcopydb(source: str, target: str) -> None:
    programs = newest_programs(0)
    environment = client_environment(programs)
    with tempfile.TemporaryDirectory() as folder:
        done = subprocess.run(
            [
                *(shutil.which("pgcopydb") or "pgcopydb", "clone", f"--dir={folder}/work"),
                *(f"--table-jobs={JOBS}", f"--index-jobs={JOBS}", "--split-tables-larger-than=64MB"),
                "--use-copy-binary",
            ],
            env={
                **environment,
                "PATH": f"{programs.bin_dir}:{os.environ['PATH']}",
                "PGCOPYDB_SOURCE_PGURI": source,
                "PGCOPYDB_TARGET_PGURI": target,
            },
            capture_output=True,
            text=True,
            check=False,
        )
    if done.returncode:
        raise AssertionError(done.stderr)


def _pgwright(*more: str) -> Callable[[str, str], float]:
    def copy(source: str, target: str) -> float:
        done = subprocess.run(
            [sys.executable, *telling_peak("-m", "pgwright", "copy", source, target, "--jobs", JOBS, *more)],
            capture_output=True,
            text=True,
            check=False,
        )
        if done.returncode:
            raise AssertionError(done.stderr)
        return told_peak(done.stderr) / 1024

    return copy


_WAYS: Mapping[str, Callable[[str, str], float | None]] = {
    "pipe": _pipe,
    "pgcopydb": _pgcopydb,
    "copy": _pgwright("--yes", "--no-verify"),
    "verified": _pgwright("--yes"),
}


def _execute(url: str, *statements: str) -> None:
    with psycopg.connect(url, autocommit=True) as conn:
        for statement in statements:
            conn.execute(statement.encode())

"""The measures: what is run, how often, and the limit that it has to keep."""

from __future__ import annotations

import math
import os
import resource
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from functools import partial
from pathlib import Path

import psycopg
import sqlalchemy

from pgwright.sources.database import read_catalog
from tests.bench import backups, batches, contents, copies, files, parquet, timeseries
from tests.bench.migrating import noticed, overhead
from tests.servers import databases
from tests.servers.builds import VERSIONS
from tests.servers.running import Server, running

ROOT = Path(__file__).parent.parent.parent
SYSTEMS = ("skycaster", "airline", "aquamind")
TABLES = 1000
INDEXES_PER_TABLE = 4  # and the one of the primary key
CONFIG = """
[project]
name = "bench"
[databases.default]
url = "${DATABASE_URL}"
environment = "test"
"""
MANY_TABLES = """
DO $$
BEGIN
    FOR n IN 1..{tables} LOOP
        EXECUTE format(
            'CREATE TABLE t%s (id bigint PRIMARY KEY, a integer NOT NULL, b text,'
            ' c timestamptz DEFAULT now(), parent bigint REFERENCES t%s)', n, greatest(n - mod(n, 10), 1));
        FOR m IN 1..{indexes} LOOP
            EXECUTE format('CREATE INDEX t%s_i%s ON t%s (a, b, c)', n, m, n);
        END LOOP;
        IF n % 100 = 0 THEN COMMIT; END IF;
    END LOOP;
END $$
"""


@dataclass(frozen=True, kw_only=True)
class Measured:
    """Hold one result, in `unit`, and the limit that it must not pass."""

    what: str
    value: float
    unit: str
    limit: float
    at_least: bool = False

    @property
    def kept(self) -> bool:
        return self.value >= self.limit if self.at_least else self.value <= self.limit


def version() -> Iterator[Measured]:
    """Time ``pgwright --version``."""
    seconds = _median(11, lambda: _pgwright("--version"))
    yield Measured(what="pgwright --version", value=seconds * 1000, unit="ms", limit=100)


def status() -> Iterator[Measured]:
    """Time ``pgwright status`` on a database on loopback."""
    url = databases.create(_server())
    with tempfile.TemporaryDirectory() as folder:
        config = (
            '[project]\nname = "bench"\n[databases.default]\nurl = "${DATABASE_URL}"\nenvironment = "test"\n'
        )
        (Path(folder) / "pgwright.toml").write_text(config)
        environment = {"DATABASE_URL": url}
        seconds = _median(7, lambda: _pgwright("status", cwd=folder, environment=environment, codes={0, 1}))
    databases.drop(url)
    yield Measured(what="pgwright status on loopback", value=seconds * 1000, unit="ms", limit=400)


def catalog() -> Iterator[Measured]:
    """Time the reading of a large catalog, and compare it with SQLAlchemy's reflection of the same."""
    url = databases.create(_server())
    engine = sqlalchemy.create_engine(url.replace("postgresql://", "postgresql+psycopg://"))
    ours, times = [], []
    with psycopg.connect(url, autocommit=True) as connection, engine.connect() as theirs:
        connection.execute(MANY_TABLES.format(tables=TABLES, indexes=INDEXES_PER_TABLE).encode())
        connection.execute("ANALYZE")
        # In turns, over sessions that are open: other work on the machine, or its end, meets both alike.
        for _ in range(7):
            ours.append(_seconds(lambda: read_catalog(connection, source="bench")))
            times.append(_seconds(lambda: sqlalchemy.MetaData().reflect(theirs)) / ours[-1])
        kinds = [identity.kind for identity in read_catalog(connection, source="bench").objects]
    if kinds.count("table") != TABLES or kinds.count("index") != TABLES * INDEXES_PER_TABLE:
        raise AssertionError("the catalog is not complete")
    engine.dispose()
    databases.drop(url)
    yield Measured(
        what="catalog of 1,000 tables, 5,000 indexes", value=statistics.median(ours), unit="s", limit=1.5
    )
    yield Measured(
        what="times faster than SQLAlchemy's reflection",
        value=statistics.median(times),
        unit="",
        limit=5,
        at_least=True,
    )


def validate() -> Iterator[Measured]:
    """Time ``pgwright schema validate`` on each of the systems, on a database without drift."""
    for system in SYSTEMS:
        url = databases.create(_server())
        environment = {"DATABASE_URL": url, "REDIS_URL": "redis://127.0.0.1:1"}
        folder = str(ROOT / "systems" / system)
        _pgwright("schema", "create", cwd=folder, environment=environment)
        seconds = _median(5, partial(_pgwright, "schema", "validate", cwd=folder, environment=environment))
        databases.drop(url)
        yield Measured(what=f"pgwright schema validate, {system}", value=seconds, unit="s", limit=1)


def demo() -> Iterator[Measured]:
    """Time ``pgwright demo`` from nothing, and take the peak memory of its largest process."""
    with tempfile.TemporaryDirectory() as folder:
        Path(folder).chmod(0o755)
        environment = {"PGWRIGHT_HOME": f"{folder}/home"}
        started = time.monotonic()
        try:
            _pgwright("demo", cwd=folder, environment=environment)
            seconds = time.monotonic() - started
        finally:
            _pgwright("demo", "--clean", "--yes", cwd=folder, environment=environment)
    # Linux counts in kilobytes. Only programs that were waited for count: PostgreSQL's servers do not.
    megabytes = resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss / 1024
    yield Measured(what="pgwright demo", value=seconds, unit="s", limit=90)
    yield Measured(what="peak memory of pgwright demo", value=megabytes, unit="MB", limit=300)


def planning() -> Iterator[Measured]:
    """Time planning between two schemas of 500 tables with 300 differences, and take its peak memory."""
    done = subprocess.run(
        [sys.executable, "-m", "tests.bench.planning"], capture_output=True, text=True, check=False
    )
    if done.returncode != 0:
        raise AssertionError(done.stderr)
    found = {name: float(value) for name, value in (line.split() for line in done.stdout.splitlines())}
    yield Measured(what="planning, 500 tables, 300 differences (CPU)", value=found["plan"], unit="s", limit=3)
    yield Measured(what="the same with rehearsal", value=found["rehearsed"], unit="s", limit=10)
    yield Measured(what="peak memory of planning", value=found["peak"], unit="MB", limit=300)
    # Ten times as many tables: n * log(n) allows log(5000) / log(500) times as much again.
    limit = 10 * math.log(5000) / math.log(500)
    yield Measured(what="times as long for ten times the tables", value=found["growth"], unit="", limit=limit)


def copying() -> Iterator[Measured]:
    """Copy a database of 12,000,000 rows, in turns with pg_dump into psql and with pgcopydb."""
    found = dict(copies.measure())
    limits = {
        "copy to pipe": ("copy, to pg_dump into psql", 0.77),
        "copy to pgcopydb": ("copy, to pgcopydb in binary", 1.0),
        "verified to pgcopydb": ("copy with verify, to pgcopydb", 1.25),
    }
    for name, (what, limit) in limits.items():
        if name in found:
            yield Measured(what=what, value=found[name], unit="", limit=limit)
    yield Measured(what="peak memory of a copy", value=found["peak"], unit="MB", limit=250)


def verify() -> Iterator[Measured]:
    """Compare tables of 10,000,000 rows, interleaved with the server's own record hash on both sides."""
    found = dict(contents.measure(_server()))
    yield Measured(what="verify, equal, by record hash", value=found["equal"], unit="", limit=1.2)
    yield Measured(what="verify, 1,000 rows differ", value=found["different"], unit="", limit=2)
    yield Measured(what="peak memory of verify", value=found["peak"], unit="MB", limit=250)


def backup() -> Iterator[Measured]:
    """Compare backups with pg_dump, and an incremental base backup with a full one."""
    found = dict(backups.measure())
    yield Measured(what="backup with zstd and age, to pg_dump -Fc", value=found["dump"], unit="", limit=1.15)
    yield Measured(what="backup with 2 jobs, to pg_dump -Fd -j 2", value=found["parallel"], unit="", limit=1)
    yield Measured(what="peak memory of a backup", value=found["peak"], unit="MB", limit=200)
    changed = {part: 100 * found[f"incremental {part}"] for part in ("time", "size")}
    yield Measured(what="incremental after 1 % changed, time", value=changed["time"], unit="%", limit=40)
    yield Measured(what="incremental after 1 % changed, size", value=changed["size"], unit="%", limit=10)


def imports() -> Iterator[Measured]:
    """Time imports of 1,000,000 rows, half of them conflicting, beside an upsert by hand and Django's."""
    url = databases.create(_server())
    found = files.imports(url)
    databases.drop(url)
    yield Measured(what="import, times the sorted upsert by hand", value=found["good"], unit="", limit=1.3)
    yield Measured(what="the same with bad rows and a reject file", value=found["bad"], unit="", limit=1.3)
    what = "times faster than Django's bulk_create"
    yield Measured(what=what, value=found["django"], unit="", limit=5, at_least=True)
    yield Measured(what="peak memory of an import", value=found["peak"], unit="MB", limit=250)


def batching() -> Iterator[Measured]:
    """Export and import 100,000 of AquaMind's batches, by whole commands, beside dumpdata and loaddata."""
    found = dict(batches.measure(_server()))
    for what, name in (
        ("pgwright data export, times faster than dumpdata", "alone"),
        ("export_batches, the same without Django's start", "export"),
        ("import_batches, times faster than loaddata", "import"),
    ):
        yield Measured(what=what, value=found[name], unit="", limit=10, at_least=True)
    yield Measured(what="peak memory of these", value=found["peak"], unit="MB", limit=250)


def parquets() -> Iterator[Measured]:
    """Export 2,000,000 wide rows to Parquet, in turns with ADBC and with psycopg and pyarrow."""
    url = databases.create(_server())
    found = dict(parquet.measure(url))
    databases.drop(url)
    yield Measured(
        what="Parquet export, to the better of its peers", value=found["ratio"], unit="", limit=1.2
    )
    yield Measured(what="peak memory of a Parquet export", value=found["peak"], unit="MB", limit=250)


def migrating() -> Iterator[Measured]:
    """Run 300 revisions with Alembic alone and with pgwright."""
    urls = [databases.create(_server()) for _ in range(6)]
    found = overhead(urls)
    for url in urls:
        databases.drop(url)
    yield Measured(what="300 revisions: time against Alembic's", value=100 * found.wall, unit="%", limit=120)
    yield Measured(what="migrate status with 300 revisions", value=found.status * 1000, unit="ms", limit=1000)


def migrating_live() -> Iterator[Measured]:
    """Migrate a table of 1,000,000 rows while 50 sessions write to it."""
    url = databases.create(_server())
    found = noticed(url)
    databases.drop(url)
    what = f"longest of {found.writes} writes during an upgrade"
    yield Measured(what=what, value=found.longest * 1000, unit="ms", limit=2000)
    yield Measured(what="writes that failed during it", value=found.failed, unit="", limit=0)


def rollups() -> Iterator[Measured]:
    """Compare COPY with and without a rollup, and a refresh with those of PostgreSQL and TimescaleDB."""
    url = databases.create(_server())
    copying, refreshing = timeseries.copying(url), timeseries.refreshing(url)
    databases.drop(url)
    yield Measured(what="COPY of 1,000,000 rows, with a rollup", value=copying, unit="", limit=1.35)
    what = "times faster than REFRESH MATERIALIZED VIEW"
    yield Measured(what=what, value=refreshing, unit="", limit=20, at_least=True)
    given = os.environ.get("PGWRIGHT_TEST_TIMESCALE_URL")
    if given:
        other = Server(version=0, origin="", url=given, bindir=None, timescale=True)
        ours, theirs = databases.create(other), databases.create(other)
        ratio = timeseries.against_community(ours, theirs)
        databases.drop(ours)
        databases.drop(theirs)
        yield Measured(what="times as long as a continuous aggregate", value=ratio, unit="", limit=1.5)


def retention() -> Iterator[Measured]:
    """Compare the retirement of a month of 5,000,000 rows with DELETE, while others write."""
    found = timeseries.retiring()
    what = "times faster than DELETE, until the room is free"
    yield Measured(what=what, value=found.whole, unit="", limit=100, at_least=True)
    what = "the same, until the rows are gone from the table"
    yield Measured(what=what, value=found.detached, unit="", limit=100, at_least=True)
    yield Measured(what="times as long as DROP TABLE alone", value=found.bare, unit="", limit=1.5)
    yield Measured(what="longest write meanwhile", value=found.longest * 1000, unit="ms", limit=100)


def policy_status() -> Iterator[Measured]:
    """Time the status of a time series of 5,000 partitions."""
    url = databases.create(_server())
    seconds = timeseries.status(url)
    databases.drop(url)
    yield Measured(what="policy status, 5,000 chunks", value=seconds, unit="s", limit=1)


MEASURES: Mapping[str, Callable[[], Iterator[Measured]]] = {
    "version": version,
    "status": status,
    "catalog": catalog,
    "validate": validate,
    "planning": planning,
    "demo": demo,
    "imports": imports,
    "copying": copying,
    "verify": verify,
    "backup": backup,
    "batches": batching,
    "parquet": parquets,
    "migrating": migrating,
    "migrating_live": migrating_live,
    "rollups": rollups,
    "retention": retention,
    "policy_status": policy_status,
}


def _server() -> Server:
    server = running(VERSIONS[-1])
    assert isinstance(server, Server)
    return server


def _median(times: int, work: Callable[[], object]) -> float:
    return statistics.median(_seconds(work) for _ in range(times))


def _seconds(work: Callable[[], object]) -> float:
    started = time.perf_counter()
    work()
    return time.perf_counter() - started


def _pgwright(
    *arguments: str,
    cwd: str | None = None,
    environment: Mapping[str, str] | None = None,
    codes: frozenset[int] | set[int] = frozenset({0}),
) -> None:
    # As from a wheel, which pip compiles: the first run leaves bytecode for the others.
    inherited = {name: value for name, value in os.environ.items() if name != "PYTHONDONTWRITEBYTECODE"}
    done = subprocess.run(
        [Path(sys.executable).with_name("pgwright"), *arguments],
        cwd=cwd,
        env={**inherited, **(environment or {})},
        capture_output=True,
        text=True,
        check=False,
    )
    if done.returncode not in codes:
        raise AssertionError(f"pgwright {' '.join(arguments)}: {done.stderr or done.stdout}")

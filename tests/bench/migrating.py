"""What running migrations through pgwright costs, and what writers notice of it."""

from __future__ import annotations

import os
import resource
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from statistics import median

import psycopg

REVISIONS = 300
ROWS = 1_000_000
WRITERS = 50
_INI = "[alembic]\nscript_location = %(here)s/alembic\nprepend_sys_path = %(here)s\npath_separator = os\n"
_ENV = """
import os
from alembic import context
from sqlalchemy import create_engine
from sqlalchemy.pool import NullPool

url = os.environ["DATABASE_URL"].replace("postgresql://", "postgresql+psycopg://")
with create_engine(url, poolclass=NullPool).connect() as connection:
    context.configure(connection=connection, transaction_per_migration=True)
    with context.begin_transaction():
        context.run_migrations()
"""
_REVISION = """
import sqlalchemy as sa
from alembic import op
revision, down_revision = {id!r}, {down!r}
def upgrade():
{body}
def downgrade():
    pass
"""
# A column, an index, a NOT NULL, a foreign key and an enum value, each as it is done on a live table.
_LIVE = (
    'op.execute("ALTER TABLE readings ADD COLUMN note text")',
    'with op.get_context().autocommit_block():\n        op.execute("CREATE INDEX CONCURRENTLY '
    'readings_value ON readings (value)")',
    'op.execute("ALTER TABLE readings ADD CONSTRAINT value_there CHECK (value IS NOT NULL) NOT VALID")',
    'op.execute("ALTER TABLE readings VALIDATE CONSTRAINT value_there")',
    'op.execute("ALTER TABLE readings ALTER value SET NOT NULL")\n'
    '    op.execute("ALTER TABLE readings DROP CONSTRAINT value_there")',
    'op.execute("ALTER TABLE readings ADD CONSTRAINT of_sensor FOREIGN KEY (sensor) REFERENCES sensors '
    'NOT VALID")',
    'op.execute("ALTER TABLE readings VALIDATE CONSTRAINT of_sensor")',
    "op.execute(\"ALTER TYPE quality ADD VALUE 'doubtful'\")",
)
_READINGS = f"""
CREATE TYPE quality AS ENUM ('good', 'bad');
CREATE TABLE sensors (id int PRIMARY KEY);
INSERT INTO sensors SELECT generate_series(1, 1000);
CREATE TABLE readings (id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY, sensor int NOT NULL, value float8,
    state quality NOT NULL DEFAULT 'good');
INSERT INTO readings (sensor, value) SELECT 1 + i % 1000, i FROM generate_series(1, {ROWS}) AS i;
"""


@dataclass(frozen=True, kw_only=True)
class Overhead:
    """Compare both ways over `REVISIONS` revisions: wall and CPU time as shares of Alembic's own; seconds."""

    wall: float
    cpu: float
    status: float


@dataclass(frozen=True, kw_only=True)
class Noticed:
    """Say what the writers noticed: the longest write in seconds, how many failed, how many there were."""

    longest: float
    failed: int
    writes: int


def overhead(again: Sequence[str]) -> Overhead:
    """Run all revisions with Alembic and with pgwright, in turns, each time into a fresh database.

    `again` are the URLs of more databases, two for each turn.
    """
    with tempfile.TemporaryDirectory() as folder:
        _project(Path(folder), [_table(n) for n in range(REVISIONS)])
        # The revisions are compiled once; whoever came first would pay for it.
        _timed(folder, again[0], "-m", "alembic", "history")
        walls, cpus = [], []
        for theirs, ours in zip(again[::2], again[1::2], strict=True):
            plain = _timed(folder, theirs, "-m", "alembic", "upgrade", "head")
            own = _timed(folder, ours, "-m", "pgwright", "migrate", "upgrade")
            walls.append(own[0] / plain[0])
            cpus.append(own[1] / plain[1])
        seconds = median(_timed(folder, again[1], "-m", "pgwright", "migrate", "status")[0] for _ in range(5))
    return Overhead(wall=median(walls), cpu=median(cpus), status=seconds)


def noticed(url: str) -> Noticed:
    """Migrate a large table under writers and return what they noticed."""
    with psycopg.connect(url, autocommit=True) as conn:
        conn.execute(_READINGS.encode())
    stop = threading.Event()
    times: list[float] = []
    failures: list[str] = []
    threads = [threading.Thread(target=_write, args=(url, n, stop, times, failures)) for n in range(WRITERS)]
    for thread in threads:
        thread.start()
    try:
        with tempfile.TemporaryDirectory() as folder:
            _project(Path(folder), list(_LIVE))
            _timed(folder, url, "-m", "pgwright", "migrate", "upgrade")
    finally:
        stop.set()
        for thread in threads:
            thread.join()
    return Noticed(longest=max(times), failed=len(failures), writes=len(times))


def _write(url: str, n: int, stop: threading.Event, times: list[float], failures: list[str]) -> None:
    with psycopg.connect(url, autocommit=True) as conn:
        conn.prepare_threshold = None
        while not stop.wait(0.02):
            started = time.perf_counter()
            try:
                with conn.transaction():
                    conn.execute("INSERT INTO readings (sensor, value) VALUES (%s, 1)", (1 + n,))
                    conn.execute("UPDATE readings SET value = value + 1 WHERE id = %s", (1 + n * 997,))
            except psycopg.Error as exc:
                failures.append(str(exc))
            times.append(time.perf_counter() - started)


def _project(folder: Path, bodies: list[str]) -> None:
    versions = folder / "alembic" / "versions"
    versions.mkdir(parents=True)
    (folder / "alembic.ini").write_text(_INI)
    (folder / "alembic" / "env.py").write_text(_ENV)
    (folder / "pgwright.toml").write_text(
        '[project]\nname = "bench"\nmigrations = "alembic:alembic.ini"\n'
        '[databases.default]\nurl = "${DATABASE_URL}"\nenvironment = "test"\n'
    )
    down = None
    for n, body in enumerate(bodies):
        (versions / f"r{n:04}.py").write_text(_REVISION.format(id=f"r{n:04}", down=down, body=f"    {body}"))
        down = f"r{n:04}"


def _table(n: int) -> str:
    return (
        f'op.create_table("t{n}", sa.Column("id", sa.BigInteger, primary_key=True),'
        f' sa.Column("a", sa.Text), sa.Column("b", sa.Integer))\n    op.create_index("t{n}_a", "t{n}", ["a"])'
    )


def _timed(folder: str, url: str, *words: str) -> tuple[float, float]:
    """Return wall and CPU seconds of a command, children included."""
    before, started = resource.getrusage(resource.RUSAGE_CHILDREN), time.perf_counter()
    subprocess.run(
        [sys.executable, *words],
        cwd=folder,
        env={**os.environ, "DATABASE_URL": url},
        check=True,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    wall, after = time.perf_counter() - started, resource.getrusage(resource.RUSAGE_CHILDREN)
    return wall, after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime

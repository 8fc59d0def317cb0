"""Measures of tables over time: what rollups cost writers, what refreshes, retention and status take."""

from __future__ import annotations

import os
import tempfile
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import psycopg

from pgwright import server
from pgwright.model.names import QualifiedName
from pgwright.model.policy import Policy, Retain, Rollup, TimeSeries
from pgwright.timeseries.declare import Edit, declare
from pgwright.timeseries.run import Demand, run_policies
from pgwright.timeseries.status import policy_status

TABLE = QualifiedName("public", "readings")
SCHEMA = """
DROP TABLE IF EXISTS readings CASCADE;
CREATE TABLE readings (sensor_id integer NOT NULL, at timestamptz NOT NULL, value double precision,
    PRIMARY KEY (sensor_id, at));
CREATE INDEX readings_at ON readings (at)
"""
AGGREGATES = {"n": "count(*)", "total": "sum(value)", "highest": "max(value)"}
HOURLY = Rollup("hourly", bucket="1 hour", group_by="sensor_id", aggregates=AGGREGATES)
FRESH = (
    "SELECT date_trunc('hour', at), sensor_id, count(*), sum(value), max(value) FROM readings GROUP BY 1, 2"
)


# Two connections write: each rows of its own, since one moment may be the same for both.
WRITE = "INSERT INTO readings VALUES (pg_backend_pid(), clock_timestamp(), 1)"


def _declare(url: str, *policies: Policy) -> None:
    with psycopg.connect(url) as conn:
        declare(conn, [Edit(table=TABLE, policy=policy) for policy in policies])


def _seconds(work: Any) -> float:
    started = time.perf_counter()
    work()
    return time.perf_counter() - started


def copying(url: str, rows: int = 1_000_000, rounds: int = 3) -> float:
    """Return how many times as long COPY of `rows` takes with one rollup as without."""
    start = datetime(2026, 1, 1, tzinfo=UTC)
    lines = (f"{n % 1000}\t{start + timedelta(seconds=n // 1000)}\t{n % 97}\n" for n in range(rows))
    data = "".join(lines).encode()

    def copy() -> None:
        with (
            psycopg.connect(url, autocommit=True) as conn,
            conn.cursor().copy("COPY readings FROM STDIN") as stream,
        ):
            for at in range(0, len(data), 1 << 20):
                stream.write(data[at : at + (1 << 20)])

    taken: dict[bool, list[float]] = {False: [], True: []}
    for _ in range(rounds):
        for rollup, times in taken.items():
            with psycopg.connect(url, autocommit=True) as conn:
                conn.execute(SCHEMA)
                conn.execute("DROP SCHEMA IF EXISTS pgwright CASCADE")
            _declare(url, TimeSeries("at", "1 month"), *([HOURLY] if rollup else []))
            with psycopg.connect(url, autocommit=True) as conn:
                conn.execute("CHECKPOINT")
            times.append(_seconds(copy))
    return min(taken[True]) / min(taken[False])


def fill(url: str, rows: int) -> None:
    """Fill a time series with `rows` in 1,000 hours of 100 sensors, and its rollup."""
    with psycopg.connect(url, autocommit=True) as conn:
        conn.execute(SCHEMA)
    _declare(url, TimeSeries("at", "1 month"))
    with psycopg.connect(url, autocommit=True) as conn:
        conn.execute(
            "INSERT INTO readings SELECT i %% 100, "
            "date_trunc('hour', now()) - i / %(hour)s * interval '1 hour' "
            "+ i %% %(hour)s / 100 * interval '10 seconds', i %% 97 "
            "FROM generate_series(0, %(rows)s - 1) AS i",
            {"hour": rows // 1000, "rows": rows},
        )
        conn.execute("VACUUM ANALYZE readings")
    _declare(url, HOURLY)


def change(conn: psycopg.Connection) -> None:
    """Change one row in each of ten hours, which are 1 % of the buckets.

    In a transaction each: of one transaction, TimescaleDB notes no more than the first and the last moment.
    """
    for hour in range(0, 1000, 100):
        conn.execute(
            "UPDATE readings SET value = value + 1 WHERE sensor_id = 7 "
            "AND at = date_trunc('hour', now()) - make_interval(hours => %s)",
            (hour,),
        )


def refreshing(url: str, rows: int = 10_000_000, rounds: int = 3) -> float:
    """Return how many times as long REFRESH MATERIALIZED VIEW takes as the refresh of a rollup."""
    fill(url, rows)
    refresh = Demand(tasks=("refresh",), force=True)
    run_policies(url, refresh)
    ours, theirs = [], []
    with psycopg.connect(url, autocommit=True) as conn:
        conn.execute(f"CREATE MATERIALIZED VIEW fresh AS {FRESH}".encode())
        for _ in range(rounds):
            change(conn)
            ours.append(_seconds(lambda: run_policies(url, refresh)))
            theirs.append(_seconds(lambda: conn.execute("REFRESH MATERIALIZED VIEW fresh")))
        _require_fresh(conn)
    return min(theirs) / min(ours)


def _require_fresh(conn: psycopg.Connection) -> None:
    """Fail unless the rollup holds what its rows add up to."""
    differ = conn.execute(f"SELECT count(*) FROM (TABLE hourly EXCEPT ({FRESH})) AS d".encode()).fetchone()
    if differ != (0,):
        raise AssertionError(f"{differ} rows of the rollup are not those of a fresh one")


def against_community(url: str, community: str, rows: int = 10_000_000, rounds: int = 3) -> float:
    """Return how many times as long a refresh takes at `url` as that of a continuous aggregate."""
    fill(url, rows)
    run_policies(url, Demand(tasks=("refresh",), force=True))
    with psycopg.connect(community, autocommit=True) as conn:
        conn.execute("CREATE EXTENSION IF NOT EXISTS timescaledb")
    fill(community, rows)
    ours, theirs = [], []
    with (
        psycopg.connect(url, autocommit=True) as here,
        psycopg.connect(community, autocommit=True) as there,
    ):
        there.execute("CALL refresh_continuous_aggregate('hourly', NULL, NULL)")
        for _ in range(rounds):
            change(here)
            change(there)
            ours.append(_seconds(lambda: run_policies(url, Demand(tasks=("refresh",), force=True))))
            theirs.append(
                _seconds(lambda: there.execute("CALL refresh_continuous_aggregate('hourly', NULL, NULL)"))
            )
        for conn in (here, there):
            _require_fresh(conn)
    return min(ours) / min(theirs)


@contextmanager
def _writing(url: str, waits: list[float]) -> Iterator[None]:
    """Write current rows all the while, and note how long each write took."""
    end = threading.Event()

    def write() -> None:
        with psycopg.connect(url, autocommit=True) as conn:
            while not end.is_set():
                waits.append(_seconds(lambda: conn.execute(WRITE)))
                time.sleep(0.005)

    threads = [threading.Thread(target=write) for _ in range(2)]
    for thread in threads:
        thread.start()
    try:
        yield
    finally:
        end.set()
        for thread in threads:
            thread.join()


@contextmanager
def _durable() -> Iterator[str]:
    """Lead to a server on a disk that waits for it at each commit: a DELETE's log is half of its cost."""
    with tempfile.TemporaryDirectory(dir="/var/tmp") as home:
        Path(home).chmod(0o755)  # a server of root belongs to another user, which must get in
        settings = {"max_wal_size": "4GB"}
        instance = server.start("bench-retention", home=Path(home), durable=True, settings=settings)
        try:
            yield server.url(instance)
        finally:
            server.remove("bench-retention", home=Path(home))


def _make_cold(conn: psycopg.Connection, *tables: str) -> None:
    """Write tables to disk and let the system forget them: a month that is retired was not read for long."""
    conn.execute("CHECKPOINT")
    files = conn.execute(
        "SELECT current_setting('data_directory') || '/' || pg_relation_filepath(r) FROM ("
        "SELECT unnest(%(tables)s::regclass[]) AS r UNION ALL SELECT indexrelid FROM pg_index "
        "WHERE indrelid = ANY (%(tables)s::regclass[])) AS t",
        {"tables": list(tables)},
    ).fetchall()
    for (file,) in files:
        descriptor = os.open(file, os.O_RDONLY)
        os.fsync(descriptor)
        os.posix_fadvise(descriptor, 0, 0, os.POSIX_FADV_DONTNEED)
        os.close(descriptor)


@dataclass(frozen=True, kw_only=True)
class Retired:
    """Hold how many times faster a month is retired than deleted, and a writer's longest wait in seconds.

    `whole` is the run until the room of the rows is free again, `detached` until they are gone from the
    table, which is all that DELETE does. `bare` tells how many times as long as DROP TABLE alone the run
    takes: freeing so many blocks takes the system its time.
    """

    whole: float
    detached: float
    bare: float
    longest: float


@contextmanager
def _noticing(url: str, gone: list[float]) -> Iterator[None]:
    """Note when the old partition is no part of its table any more."""
    asked = "SELECT count(*) FROM pg_class WHERE relname = 'readings_old' AND relispartition"

    def look() -> None:
        with psycopg.connect(url, autocommit=True) as conn:
            while conn.execute(asked).fetchone() != (0,):
                time.sleep(0.0005)
            gone.append(time.perf_counter())

    thread = threading.Thread(target=look)
    thread.start()
    yield
    thread.join()


def retiring(rows: int = 5_000_000) -> Retired:
    """Retire a month, and delete the same one, beside the same sessions that write with each commit on disk.

    Both have the same rows and indexes, unread for long.
    """
    with _durable() as url, psycopg.connect(url, autocommit=True) as conn:
        conn.execute(SCHEMA)
        _declare(url, TimeSeries("at", "1 month"), Retain("6 months"))
        run_policies(url)  # the first of many: the others find a ledger
        month = "date_trunc('month', now(), 'UTC') - interval '{} months'"
        conn.execute("DROP TABLE readings_history")
        make = "CREATE TABLE readings_old PARTITION OF readings FOR VALUES FROM (%L) TO (%L)"
        text = f"DO $$ BEGIN EXECUTE format('{make}', {month.format(12)}, {month.format(11)}); END $$"
        conn.execute(text.encode())
        conn.execute(
            f"INSERT INTO readings SELECT i % 1000, {month.format(12)} + i / 1000 * interval '8 minutes', i "
            f"FROM generate_series(0, {rows} - 1) AS i".encode()
        )
        for twin in ("deleted", "dropped"):
            conn.execute(f"CREATE TABLE {twin} (LIKE readings INCLUDING ALL)".encode())
            conn.execute(f"INSERT INTO {twin} SELECT * FROM readings_old".encode())
        conn.execute("VACUUM ANALYZE deleted, dropped, readings_old")
        _make_cold(conn, "deleted", "dropped", "readings_old")
        waits: list[float] = []
        done: list[Any] = []
        gone: list[float] = []
        with _writing(url, []):
            delete = b"DELETE FROM deleted WHERE at < now() - interval '6 months'"
            deleting = _seconds(lambda: conn.execute(delete))
        conn.execute("CHECKPOINT")
        with _writing(url, []):
            bare = _seconds(lambda: conn.execute("DROP TABLE dropped"))
        with _writing(url, waits), _noticing(url, gone):
            time.sleep(0.5)
            began = time.perf_counter()
            retiring = _seconds(lambda: done.append(run_policies(url, Demand(tasks=("retire",)))))
            time.sleep(0.5)
    if not any("dropped readings_old" in o.said for o in done[0].outcomes):
        raise AssertionError(f"nothing was dropped: {done[0].outcomes}")
    return Retired(
        whole=deleting / retiring,
        detached=deleting / (gone[0] - began),
        bare=retiring / bare,
        longest=max(waits),
    )


def status(url: str, chunks: int = 5000) -> float:
    """Return the seconds that the status of a time series of so many partitions takes."""
    with psycopg.connect(url, autocommit=True) as conn:
        conn.execute(SCHEMA)
    _declare(url, TimeSeries("at", "1 day"), HOURLY)
    with psycopg.connect(url, autocommit=True) as conn:
        conn.execute("DROP TABLE readings_history")
        conn.execute(
            "DO $$ DECLARE lower timestamptz := date_trunc('day', now(), 'UTC'); BEGIN "
            f"FOR n IN 1..{chunks} LOOP EXECUTE format('CREATE TABLE readings_n%s PARTITION OF readings "
            "FOR VALUES FROM (%L) TO (%L)', n, lower - interval '1 day', lower); "
            "lower := lower - interval '1 day'; "
            "IF n % 100 = 0 THEN COMMIT; END IF; END LOOP; END $$".encode()
        )

    def ask() -> None:
        # In a new session, as a command does: what it has to learn of so many relations counts.
        with psycopg.connect(url, autocommit=True) as conn:
            policy_status(conn)

    return min(_seconds(ask) for _ in range(3))

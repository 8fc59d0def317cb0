"""What is read of tables, indexes, sessions and settings, on every version."""

from __future__ import annotations

import time
from collections.abc import Callable

import psycopg
import pytest

from pgwright.observe.activity import activity
from pgwright.observe.extensions import extensions
from pgwright.observe.indexes import indexes
from pgwright.observe.locks import locks
from pgwright.observe.overview import overview
from pgwright.observe.settings import settings
from pgwright.observe.slots import slots
from pgwright.observe.tables import tables
from tests.servers.running import Server

SETUP = """
CREATE TABLE log (at date, note text, PRIMARY KEY (at)) PARTITION BY RANGE (at);
CREATE TABLE log_1 PARTITION OF log FOR VALUES FROM ('2026-01-01') TO ('2026-02-01');
CREATE TABLE log_2 PARTITION OF log FOR VALUES FROM ('2026-02-01') TO ('2026-03-01');
INSERT INTO log SELECT '2026-01-01'::date + n, repeat('x', 50) FROM generate_series(0, 57) n;
CREATE TABLE big AS SELECT n AS a, repeat('y', 100) AS b FROM generate_series(1, 3000) n;
CREATE INDEX big_a ON big (a);
CREATE TABLE untouched (a int);
CREATE MATERIALIZED VIEW view_of_big AS SELECT count(*) FROM big;
ANALYZE big; ANALYZE log;
"""


@pytest.fixture
def filled(each_server: Server, make_database: Callable[[Server], str]) -> psycopg.Connection:
    conn = psycopg.connect(make_database(each_server), autocommit=True)
    conn.execute(SETUP.encode())
    return conn


def test_tables(filled: psycopg.Connection) -> None:
    with filled as conn:
        deadline = time.monotonic() + 15
        # Before 15 a collector of its own gets the statistics, a moment later.
        while (found := {table.name: table for table in tables(conn)})["big"].last_analyze is None:
            assert time.monotonic() < deadline
            time.sleep(0.05)
        log, big = found["log"], found["big"]
        assert (log.kind, log.partitions) == ("partitioned table", 2)
        assert found["log_1"].partition_of == "log"
        assert log.total_bytes == found["log_1"].total_bytes + found["log_2"].total_bytes > 0
        assert log.estimated_rows == 58
        assert (big.estimated_rows, found["untouched"].estimated_rows) == (3000, None)
        assert found["view_of_big"].kind == "materialized view"
        for table in found.values():
            assert table.total_bytes == table.table_bytes + table.index_bytes + table.toast_bytes
        assert next(t.name for t in tables(conn)) == "big"
        assert len(tables(conn)) == len(found)
        assert "log_1" not in {t.name for t in tables(conn, partitions=False)}


def test_indexes(filled: psycopg.Connection) -> None:
    with filled as conn:
        found = {index.name: index for index in indexes(conn)}
        assert found["big_a"].valid and not found["big_a"].is_unique
        assert found["big_a"].definition == "CREATE INDEX big_a ON public.big USING btree (a)"
        assert found["log_1_pkey"].is_primary
        assert found["log_1_pkey"].constraint == "log_1_pkey"


def test_overview(filled: psycopg.Connection) -> None:
    with filled as conn, psycopg.connect(conn.info.dsn, password=conn.info.password) as other:
        other.execute("SELECT 1")
        found = overview(conn)
        assert found.database == conn.info.dbname
        assert found.size_bytes > 1_000_000
        assert found.connections_here == 2
        assert found.sees_all and not found.in_recovery and found.tls is None
        assert found.oldest_transaction_pid is not None
        assert found.xid_age > 0 and found.xid_limit > 0


def test_activity_shows_the_other_session_with_passwords_masked(filled: psycopg.Connection) -> None:
    with filled as conn:
        with psycopg.connect(conn.info.dsn, password=conn.info.password, application_name="shop") as other:
            other.execute("SELECT 1 AS \"ALTER ROLE x PASSWORD 'hidden-word'\"")
            pid = other.info.backend_pid
            (mine,) = (s for s in activity(conn) if s.pid == pid)
            assert (mine.application, mine.state, mine.database) == (
                "shop",
                "idle in transaction",
                conn.info.dbname,
            )
            assert mine.query and "hidden-word" not in mine.query
            assert conn.info.backend_pid not in {s.pid for s in activity(conn)}
        kinds = {s.kind for s in activity(conn, background=True)}
        assert "checkpointer" in kinds


def test_settings_extensions_slots_locks(filled: psycopg.Connection) -> None:
    with filled as conn:
        changed = {s.name: s for s in settings(conn)}
        assert changed["fsync"].value == "off"
        assert "work_mem" not in changed
        assert "work_mem" in {s.name for s in settings(conn, everything=True)}
        assert [e.name for e in extensions(conn)] == ["plpgsql"]
        assert {"plpgsql", "pg_trgm"} <= {e.name for e in extensions(conn, available=True)}
        assert [s for s in locks(conn) if s.database == conn.info.dbname] == []
        name = f"slot_{conn.info.backend_pid}"
        conn.execute("SELECT pg_create_physical_replication_slot(%s, true)", [name])
        (mine,) = (s for s in slots(conn) if s.name == name)
        conn.execute("SELECT pg_drop_replication_slot(%s)", [name])
        assert not mine.active
        assert mine.retained_bytes is not None

"""Old rows of tables that are no time series are deleted one by one, beside those who write."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor

import psycopg

from pgwright.model.names import QualifiedName
from pgwright.model.policy import Retain
from pgwright.timeseries.declare import Edit, declare
from pgwright.timeseries.run import run_policies
from tests.integration.diff.ways import until


def test_a_deadlock_over_old_rows_is_tried_again(database: str) -> None:
    touch = "UPDATE events SET n = 0 WHERE n = %s"
    with psycopg.connect(database, autocommit=True) as conn, psycopg.connect(database) as other:
        conn.execute("CREATE TABLE events (n integer, at timestamptz)")
        conn.execute("INSERT INTO events SELECT i, now() - interval '1 year' FROM generate_series(1, 9) AS i")
        events = QualifiedName("public", "events")
        declare(conn, [Edit(table=events, policy=Retain("1 month", column="at"))])
        other.execute("SET deadlock_timeout = '1min'")  # so that it is the other one whom the server ends
        other.execute(touch, (9,))
        with ThreadPoolExecutor(1) as pool:
            running = pool.submit(run_policies, database)
            until(
                lambda: conn.execute(
                    "SELECT 1 FROM pg_stat_activity WHERE wait_event_type = 'Lock' "
                    "AND datname = current_database()"
                ).fetchone(),
                "a batch that waits for the last row",
            )
            other.execute(touch, (1,))
            other.rollback()
            assert running.result().failed == ()
        assert conn.execute("SELECT count(*) FROM events").fetchone() == (0,)

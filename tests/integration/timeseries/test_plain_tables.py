"""Tables that are no time series: old rows go one by one, and one that a rollup fills loses nothing."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor

import psycopg

from pgwright.model.names import QualifiedName
from pgwright.model.policy import Retain, Rollup
from pgwright.timeseries.declare import Edit, declare
from pgwright.timeseries.run import Demand, run_policies
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


def test_a_table_with_rows_of_its_own_loses_none_to_a_rollup(database: str) -> None:
    with psycopg.connect(database, autocommit=True) as conn:
        conn.execute("CREATE TABLE orders (product int, amount int NOT NULL)")
        conn.execute("INSERT INTO orders VALUES (1, 5)")
        conn.execute("CREATE TABLE totals (product int PRIMARY KEY, total bigint)")
        rollup = Rollup("totals", group_by="product", aggregates={"total": "sum(amount)"})
        orders = QualifiedName("public", "orders")
        for known, kept in ((1, ""), (2, "_2")):
            conn.execute("INSERT INTO totals VALUES (7, %s)", (known,))
            with conn.transaction():
                plan = declare(conn, [Edit(table=orders, policy=rollup)])
            told = [h for s in plan.steps for h in s.hazards if "the first refresh deletes rows" in h.message]
            assert "kept in pgwright.public_totals_before" in told[0].message
            assert not run_policies(database, Demand(force=True)).failed
            assert conn.execute("SELECT * FROM totals").fetchall() == [(1, 5)]
            query = f"SELECT total FROM pgwright.public_totals_before{kept} WHERE product = 7"
            assert conn.execute(query.encode()).fetchall() == [(known,)]
            # Made whole again, it has rows of its own only.
            conn.execute("DROP TABLE pgwright.public_totals_log")
            with conn.transaction():
                declare(conn, [Edit(table=orders, policy=rollup)])
            with conn.transaction():
                declare(conn, [Edit(table=orders, policy=rollup, gone=True)])
        assert conn.execute("SELECT to_regclass('pgwright.public_totals_before_3')").fetchone() == (None,)

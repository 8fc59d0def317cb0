"""Queries that are sent together: results one at a time, failures, and the connection afterwards."""

from __future__ import annotations

import psycopg
import pytest
from psycopg import errors
from psycopg.pq import TransactionStatus

from pgwright.pg.pipeline import keep_plans, pipeline

_SLOW = "SELECT pg_sleep(30)"


def test_results_in_any_order_and_left_untaken(database: str) -> None:
    queries = {
        "words": "SELECT word, length(word) AS length FROM unnest(%(words)s::text[]) AS word",
        "many": "SELECT n, repeat('x', 1000) AS text FROM generate_series(1, 5000) AS n",
        "nothing": "SELECT 1 AS one WHERE false",
        "untaken": "SELECT n FROM generate_series(1, 100000) AS n",
    }
    with psycopg.connect(database, autocommit=True) as conn, conn.transaction():
        with pipeline(conn, queries, {"words": ["it's", 'a "%s"']}) as results:
            assert results.take("nothing") == []
            assert [(row.word, row.length) for row in results.take("words")] == [("it's", 4), ('a "%s"', 6)]
            assert [row.n for row in results.take("many")] == list(range(1, 5001))
        assert conn.info.transaction_status == TransactionStatus.INTRANS
        assert conn.execute("SELECT 2").fetchone() == (2,)


def test_more_than_the_buffers_between_hold_goes_both_ways(database: str) -> None:
    """The server stops reading while nobody takes its results."""
    queries = {str(n): f"SELECT repeat('x', 2000000) AS text -- {'y' * 500000}" for n in range(20)}
    with psycopg.connect(database) as conn, pipeline(conn, queries, {}) as results:
        assert {len(results.take(name)[0].text) for name in queries} == {2000000}


def test_a_failure_is_raised_where_its_result_is_taken(database: str) -> None:
    queries = {"good": "SELECT 1 AS n", "bad": "SELECT 1 / 0 AS n", "after": "SELECT 2 AS n", "slow": _SLOW}
    with psycopg.connect(database, autocommit=True) as conn:
        with (
            pytest.raises(errors.DivisionByZero),
            conn.transaction(),
            pipeline(conn, queries, {}) as results,
        ):
            assert results.take("good")[0].n == 1
            results.take("after")
        assert conn.info.transaction_status == TransactionStatus.IDLE
        assert conn.execute("SELECT 3").fetchone() == (3,)


def test_a_connection_that_is_lost(database: str) -> None:
    with psycopg.connect(database, autocommit=True) as other, psycopg.connect(database) as conn:
        pid = conn.info.backend_pid
        with (
            pytest.raises(psycopg.OperationalError),
            pipeline(conn, {"a": "SELECT 1", "b": _SLOW}, {}) as results,
        ):
            other.execute("SELECT pg_terminate_backend(%s)", (pid,))
            results.take("b")
        assert conn.closed


def test_plans_are_kept_and_made_anew_when_they_are_gone(database: str) -> None:
    def ask(n: int) -> list[int]:
        with pipeline(conn, {"n": "SELECT %(n)s AS n", "more": "SELECT %(n)s + 1 AS n"}, {"n": n}) as results:
            return [results.take(name)[0].n for name in ("more", "n")]

    def kept() -> set[str]:
        return {name for (name,) in conn.execute("SELECT name FROM pg_prepared_statements")}

    with psycopg.connect(database, autocommit=True) as conn, conn.transaction():
        assert ask(1) == [2, 1] and not kept()
        keep_plans(conn)
        assert ask(1) == [2, 1]
        first = kept()
        assert len(first) == 2
        assert ask(1) == [2, 1] and kept() == first
        assert ask(5) == [6, 5]  # other texts take the place of the first
        assert len(kept()) == 2 and not kept() & first
        conn.execute("DEALLOCATE ALL")
        assert ask(5) == [6, 5] and len(kept()) == 2
        with (
            pytest.raises(errors.UndefinedTable),
            conn.transaction(),
            pipeline(conn, {"n": "SELECT 7 AS n", "bad": "SELECT n FROM nowhere"}, {}),
        ):
            pass
        assert ask(8) == [9, 8]

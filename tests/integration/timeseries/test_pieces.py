"""The pieces of a time series: how many rows they have, where the server knows, and the newest of them."""

from __future__ import annotations

from typing import Any

import psycopg
import pytest

from pgwright.model.names import QualifiedName
from pgwright.model.policy import TimeSeries
from pgwright.timeseries.chunks import chunks, holdings, newest_chunks
from pgwright.timeseries.declare import Edit, declare
from tests.integration.diff.ways import until

READINGS, EVENTS = QualifiedName("public", "readings"), QualifiedName("public", "events")


@pytest.mark.parametrize("server", ["server_12", "server_18", "timescale", "timescale_community"])
def test_rows_are_unknown_where_nobody_counted_them(
    server: str, request: pytest.FixtureRequest, make_database: Any
) -> None:
    found = request.getfixturevalue(server)
    url = found if isinstance(found, str) else make_database(found)
    with psycopg.connect(url, autocommit=True) as conn:
        for table in (EVENTS, READINGS):
            conn.execute(f"CREATE TABLE {table} (id integer, at timestamptz, PRIMARY KEY (id, at))".encode())
            with conn.transaction():
                declare(conn, [Edit(table=table, policy=TimeSeries("at", "1 day"))])
        # A hypertable has no chunks yet; its own setting is theirs. Autovacuum would count the rows.
        for piece in [c.name for c in chunks(conn, "readings")] or ["readings"]:
            conn.execute(f"ALTER TABLE {piece} SET (autovacuum_enabled = off)".encode())
        with psycopg.connect(url) as other:  # which tells the statistics all when it ends
            other.execute("INSERT INTO readings SELECT i, now() FROM generate_series(1, 70) AS i")
        until(lambda: 70 in {c.rows for c in chunks(conn)}, "what the statistics count")
        # As after a crash, or where the files were copied: no statistics.
        conn.execute("SELECT pg_stat_reset()")
        until(lambda: [c for c in chunks(conn, "readings") if c.rows is None], "rows that nobody counted")
        (written,) = (c for c in chunks(conn, "readings") if c.rows != 0)
        assert written.rows is None and written.bytes > 8000
        total = {h.table: h.rows for h in holdings(conn)}
        assert total == {"public.events": 0, "public.readings": None}
        conn.execute("ANALYZE readings")
        assert sum(c.rows or 0 for c in chunks(conn)) == 70
        assert {h.table: h.rows for h in holdings(conn)} == {"public.events": 0, "public.readings": 70}


def test_only_the_newest_are_measured(database: str) -> None:
    with psycopg.connect(database, autocommit=True) as conn:
        for table in (EVENTS, READINGS):
            conn.execute(f"CREATE TABLE {table} (id integer, at timestamptz, PRIMARY KEY (id, at))".encode())
            with conn.transaction():
                declare(conn, [Edit(table=table, policy=TimeSeries("at", "1 day"))])
        everything = tuple(reversed(chunks(conn)))
        assert newest_chunks(conn).chunks == everything and newest_chunks(conn).more == 0
        for limit in (1, len(everything) // 2, len(everything) // 2 + 1, len(everything)):
            found = newest_chunks(conn, limit=limit)
            assert found.chunks == everything[:limit] and found.more == len(everything) - limit

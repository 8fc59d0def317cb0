"""How long it takes to compare two tables of ten million rows, equal and with a thousand rows changed."""

from __future__ import annotations

import os
import resource
import statistics
import sys
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor

import psycopg

from pgwright.verify.contents import Scope, verify_databases
from tests.bench.spent import spent
from tests.servers import databases
from tests.servers.running import Server

ROWS = int(os.environ.get("PGWRIGHT_BENCH_ROWS", "10000000"))
CHANGED = 1000
ROUNDS = 3
TABLE = """
CREATE TABLE accounts AS
SELECT g AS id, g % 100 AS branch, 0 AS balance, rpad('', 80, 'x') || g AS filler,
    timestamptz '2020-01-01' + g * interval '1 second' AS at
FROM generate_series(1, {rows}) g;
ALTER TABLE accounts ADD PRIMARY KEY (id);
"""
BASE = "SELECT sum(hash_record_extended(t, 0)) FROM accounts t"


def measure(server: Server) -> Iterator[tuple[str, float]]:
    """Yield ratios to the server's own record hash on both sides at once, and the peak memory in MB."""
    a, b = databases.create(server), databases.create(server)
    for url in (a, b):
        _execute(url, TABLE.format(rows=ROWS))
        _execute(url, "VACUUM ANALYZE accounts")
    yield "equal", _ratio(a, lambda: _base(a, b), lambda: _verify(a, b, 0))
    _execute(b, f"UPDATE accounts SET balance = 1 WHERE id % {ROWS // CHANGED} = 7")
    yield "different", _ratio(a, lambda: _base(a, b), lambda: _verify(a, b, CHANGED))
    yield "peak", resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    for url in (a, b):
        databases.drop(url)


def _ratio(url: str, base: Callable[[], None], ours: Callable[[], None]) -> float:
    ratios = []
    for _ in range(ROUNDS):
        found = {name: spent(url, work) for name, work in (("ours", ours), ("record hash", base))}
        told = (f"{name} {took.wall:.1f} s ({took.cpu:.1f} s of CPU)" for name, took in found.items())
        print(", ".join(told), file=sys.stderr, flush=True)
        ratios.append(found["ours"].wall / found["record hash"].wall)
    return statistics.median(ratios)


def _base(a: str, b: str) -> None:
    with ThreadPoolExecutor(2) as pool:
        list(pool.map(lambda url: _execute(url, BASE), (a, b)))


def _verify(a: str, b: str, different: int) -> None:
    (table,) = verify_databases(a, b, Scope(schemas=False, limit=2 * CHANGED)).tables
    if len(table.rows) != different:
        raise AssertionError(f"{len(table.rows)} rows were named, not {different}")


def _execute(url: str, statements: str) -> None:
    with psycopg.connect(url, autocommit=True) as connection:
        for statement in filter(str.strip, statements.split(";\n")):
            connection.execute(statement.encode())

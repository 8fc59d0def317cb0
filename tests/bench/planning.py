"""How long planning takes, with and without rehearsal, how it grows, and how much memory it needs."""

from __future__ import annotations

import resource
import time
from collections.abc import Iterator
from dataclasses import dataclass

import psycopg

from pgwright.diff.planner import make_plan
from pgwright.diff.rehearse import rehearse, require_success
from pgwright.model.catalog import Catalog
from pgwright.server import scratch_database
from pgwright.sources.database import read_catalog

SIZE = 500
GROWTH = 10
# Nine of ten tables have a trigger; foreign keys lead to every tenth table, not from each to the next,
# which no real schema has and at which SQLAlchemy gives up.
TABLES = """
DO $$
BEGIN
    EXECUTE 'CREATE FUNCTION touch() RETURNS trigger LANGUAGE plpgsql AS ''BEGIN RETURN new; END''';
    FOR n IN 1..{tables} LOOP
        EXECUTE format(
            'CREATE TABLE t%s (id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY, a integer NOT NULL,'
            ' b text DEFAULT ''x'', c timestamptz DEFAULT now(), d numeric(10, 2) CHECK (d > 0),'
            ' parent bigint REFERENCES t%s)', n, greatest(n - mod(n, 10), 1));
        EXECUTE format('CREATE INDEX t%s_a ON t%s (a)', n, n);
        EXECUTE format('CREATE INDEX t%s_parent ON t%s (parent, b)', n, n);
        IF mod(n, 10) > 0 THEN
            EXECUTE format(
                'CREATE TRIGGER touch BEFORE UPDATE ON t%s FOR EACH ROW EXECUTE FUNCTION touch()', n);
        END IF;
        IF mod(n, 100) = 0 THEN COMMIT; END IF;
    END LOOP;
END $$
"""
# Six changes in each of `each` groups of tables: 300 for 500 tables.
CHANGES = """
DO $$
BEGIN
    FOR n IN 1..{each} LOOP
        EXECUTE format('ALTER TABLE t%s ADD COLUMN e integer', n);
        EXECUTE format('ALTER TABLE t%s ALTER d TYPE numeric(12, 2)', n + {each});
        EXECUTE format('DROP INDEX t%s_a', n + 2 * {each});
        EXECUTE format('CREATE INDEX t%s_c ON t%s (c)', n + 3 * {each}, n + 3 * {each});
        EXECUTE format('ALTER TABLE t%s ALTER b SET NOT NULL', n + 4 * {each});
        EXECUTE format('ALTER TABLE t%s ADD CHECK (a > 0)', n + 5 * {each});
        IF mod(n, 50) = 0 THEN COMMIT; END IF;
    END LOOP;
END $$
"""


@dataclass(frozen=True, kw_only=True)
class Pair:
    """Hold two catalogs that differ in three places for every five tables."""

    before: Catalog
    after: Catalog


def pair(tables: int) -> Pair:
    """Build and read both ends."""
    with scratch_database() as place, psycopg.connect(place.url, autocommit=True) as connection:
        connection.execute(TABLES.format(tables=tables).encode())
        before = read_catalog(connection, source="before")
        connection.execute(CHANGES.format(each=tables // 10).encode())
        return Pair(before=before, after=read_catalog(connection, source="after"))


def plan_seconds(ends: Pair) -> float:
    """Return the least CPU time of three plannings: other programs do not count."""
    taken = []
    for _ in range(3):
        fresh = Pair(
            before=ends.before.replacing(ends.before), after=ends.after.replacing(ends.after)
        )  # without what an earlier planning left in their caches
        started = time.process_time()
        make_plan(fresh.before, fresh.after)
        taken.append(time.process_time() - started)
    return min(taken)


def rehearsed_seconds(ends: Pair) -> float:
    """Return how long planning and rehearsing take together, with a scratch server that runs already."""
    started = time.perf_counter()
    plan = make_plan(ends.before, ends.after)
    require_success(rehearse(plan, ends.before, ends.after))
    return time.perf_counter() - started


def peak_megabytes() -> float:
    """Return the most memory that this process ever had; Linux counts in kilobytes."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


def report() -> Iterator[tuple[str, float]]:
    """Yield each figure by name; run in a process of its own, so that the peak is that of planning."""
    small = pair(SIZE)
    seconds = plan_seconds(small)
    yield "plan", seconds
    yield "rehearsed", rehearsed_seconds(small)
    yield "peak", peak_megabytes()
    yield "growth", plan_seconds(pair(SIZE * GROWTH)) / seconds


if __name__ == "__main__":
    for name, value in report():
        print(name, value)

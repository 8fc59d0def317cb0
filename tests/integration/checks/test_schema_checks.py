"""Checks of the schema on every version: each sees its trouble, names it, and its hint mends it."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass

import psycopg
import pytest

from pgwright.checks import CHECKS, run_checks
from pgwright.checks.registry import check
from pgwright.model.finding import Severity
from pgwright.model.names import QualifiedName
from pgwright.model.policy import Rollup
from pgwright.timeseries.declare import Edit, declare
from tests.servers.running import Server

PARENT = "CREATE TABLE parent (id int PRIMARY KEY, a int, b int, UNIQUE (a, b))"


@dataclass(frozen=True, kw_only=True)
class Case:
    """A trouble made by `setup` and `fails`, which must fail; `mend` comes before the hint."""

    check: str
    setup: tuple[str, ...]
    finds: frozenset[str]
    fails: str | None = None
    mend: str | None = None
    mendable: bool = True


def case(check: str, *setup: str, finds: set[str], **more: str | bool | None) -> Case:
    return Case(check=check, setup=setup, finds=frozenset(finds), **more)  # type: ignore[arg-type]


CASES = (
    case(
        "no_primary_key",
        "CREATE TABLE bare (a int NOT NULL)",
        "CREATE UNIQUE INDEX bare_a ON bare (a)",
        "CREATE TABLE keyed (id int PRIMARY KEY)",
        "CREATE TABLE parted (a int, PRIMARY KEY (a)) PARTITION BY RANGE (a)",
        "CREATE TABLE part PARTITION OF parted FOR VALUES FROM (0) TO (9)",
        # What pgwright keeps there is its own affair.
        "CREATE SCHEMA pgwright CREATE TABLE log (a int)",
        finds={"public.bare"},
    ),
    case(
        "foreign_key_without_index",
        PARENT,
        "CREATE TABLE child (x int REFERENCES parent, y int, z int)",
        # none of these serves it: partial on something else, not leading, an expression, another method
        "CREATE INDEX ON child (x) WHERE y > 0",
        "CREATE INDEX ON child (y, x)",
        "CREATE INDEX ON child ((x + 1))",
        "CREATE INDEX ON child USING brin (x)",
        "CREATE TABLE served (x int REFERENCES parent, a int, b int)",
        "ALTER TABLE served ADD FOREIGN KEY (a, b) REFERENCES parent (a, b)",
        "CREATE INDEX ON served (x, a) WHERE x IS NOT NULL",
        "CREATE INDEX ON served (b, a, x)",
        finds={"public.child.child_x_fkey"},
    ),
    case(
        "foreign_key_without_index",
        PARENT,
        "CREATE TABLE half (a int, b int, FOREIGN KEY (a, b) REFERENCES parent (a, b))",
        "CREATE INDEX ON half (a)",
        "CREATE INDEX ON half (a) INCLUDE (b)",
        finds={"public.half.half_a_b_fkey"},
    ),
    case(
        "invalid_index",
        "CREATE TABLE doubled (a int)",
        "INSERT INTO doubled VALUES (1), (1)",
        fails="CREATE UNIQUE INDEX CONCURRENTLY doubled_a ON doubled (a)",
        finds={"public.doubled_a"},
        mend="DELETE FROM doubled WHERE ctid = (SELECT min(ctid) FROM doubled)",
    ),
    case(
        "duplicate_index",
        "CREATE TABLE twice (id int PRIMARY KEY, a int, b text, UNIQUE (a))",
        "CREATE INDEX twice_id ON twice (id)",
        "CREATE INDEX twice_a ON twice (a)",
        # not the same: order, operator class, predicate, included column
        "CREATE INDEX ON twice (a DESC)",
        "CREATE INDEX ON twice (b)",
        "CREATE INDEX ON twice (b text_pattern_ops)",
        "CREATE INDEX ON twice (a) WHERE b IS NOT NULL",
        "CREATE INDEX ON twice (a) INCLUDE (b)",
        finds={"public.twice_id", "public.twice_a"},
    ),
    case(
        "duplicate_index",
        "CREATE TABLE named (a int)",
        'CREATE INDEX "Kept" ON named (a)',
        'CREATE INDEX "Second one" ON named (a)',
        finds={"public.Second one"},
    ),
    case(
        "constraint_not_valid",
        "CREATE TABLE old (a int)",
        "ALTER TABLE old ADD CONSTRAINT positive CHECK (a > 0) NOT VALID",
        "CREATE DOMAIN small AS int",
        "ALTER DOMAIN small ADD CONSTRAINT low CHECK (value < 9) NOT VALID",
        finds={"public.old.positive", "public.small.low"},
    ),
    case(
        "disabled_trigger",
        PARENT,
        "CREATE TABLE child (x int REFERENCES parent)",
        "CREATE FUNCTION nothing() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RETURN NEW; END'",
        "CREATE TRIGGER watch BEFORE INSERT ON child FOR EACH ROW EXECUTE FUNCTION nothing()",
        "ALTER TABLE child DISABLE TRIGGER watch",
        finds={"public.child.watch"},
    ),
    case(
        "disabled_trigger",
        PARENT,
        "CREATE TABLE child (x int REFERENCES parent)",
        "ALTER TABLE child DISABLE TRIGGER ALL",
        finds={"public.child.child_x_fkey"},
        mendable=False,
    ),
    case(
        "sequence_exhaustion",
        "CREATE TABLE counted (id serial PRIMARY KEY, small smallserial, big bigserial)",
        "SELECT setval('counted_id_seq', 2000000000), setval('counted_small_seq', 25000)",
        "SELECT setval('counted_big_seq', 2000000000)",
        "CREATE SEQUENCE round MAXVALUE 10 CYCLE",
        "SELECT setval('round', 10)",
        finds={"public.counted_id_seq", "public.counted_small_seq"},
        mendable=False,
    ),
    case(
        "sequence_exhaustion",
        "CREATE SEQUENCE lone AS int MAXVALUE 100",
        "SELECT setval('lone', 80)",
        finds={"public.lone"},
    ),
    case("statement_statistics", finds={"pg_stat_statements"}),
)


def _execute(conn: psycopg.Connection, *statements: str) -> None:
    for statement in statements:
        conn.execute(statement.encode())


@pytest.mark.parametrize("trouble", CASES, ids=lambda c: c.check)
def test_trouble_is_found_and_its_hint_mends_it(
    trouble: Case, each_server: Server, make_database: Callable[[Server], str]
) -> None:
    url = make_database(each_server)
    with psycopg.connect(url, autocommit=True) as conn:
        _execute(conn, *trouble.setup)
        if trouble.fails:
            with pytest.raises(psycopg.Error):
                conn.execute(trouble.fails.encode())
        report = run_checks(url, only=[trouble.check])
        assert {finding.subject for finding in report.findings} == trouble.finds
        assert all(finding.severity is not Severity.SKIPPED for finding in report.findings)
        if not trouble.mendable:
            return
        if trouble.mend:
            conn.execute(trouble.mend.encode())
        for finding in report.findings:
            assert finding.hint
            statement = re.match(r"[^;]+", finding.hint)
            assert statement
            conn.execute(statement[0].encode())
        assert run_checks(url, only=[trouble.check]).findings == ()


def test_all_checks_run_on_an_empty_database(
    each_server: Server, make_database: Callable[[Server], str]
) -> None:
    report = run_checks(make_database(each_server), slow=False)
    # The slow ones need a project.
    slow = {id for id in CHECKS if check(id).slow}
    assert set(report.checked) >= set(CHECKS) - slow
    skipped = [finding for finding in report.findings if finding.severity is Severity.SKIPPED]
    assert not skipped
    # Databases of tests know nothing but the test server's own settings and age.
    assert {finding.check for finding in report.findings} <= {
        "server_version",
        "durability",
        "statement_statistics",
    }


def test_tables_never_analyzed_have_stale_statistics(database: str) -> None:
    with psycopg.connect(database, autocommit=True) as conn:
        conn.execute(
            "CREATE TABLE large WITH (autovacuum_enabled = false) AS SELECT generate_series(1, 5000) a"
        )
        # The counts of this session reach the others when it is idle or ends.
    with psycopg.connect(database, autocommit=True) as conn:
        (finding,) = run_checks(database, only=["stale_statistics"]).findings
        assert finding.subject == "public.large"
        assert "never analyzed" in finding.message
        assert finding.hint == "ANALYZE public.large;"
        conn.execute(finding.hint.encode())
    assert run_checks(database, only=["stale_statistics"]).findings == ()


def test_durability_settings_that_are_off(database: str) -> None:
    # The servers of the tests run without fsync.
    found = {finding.subject: finding for finding in run_checks(database, only=["durability"]).findings}
    assert found["fsync"].severity is Severity.CRITICAL
    assert found["fsync"].hint and "ALTER SYSTEM SET fsync = on" in found["fsync"].hint


def test_outdated_extension(database: str) -> None:
    with psycopg.connect(database, autocommit=True) as conn:
        conn.execute("CREATE EXTENSION pg_trgm VERSION '1.4'")
        (finding,) = run_checks(database, only=["extension_outdated"]).findings
        assert finding.subject == "pg_trgm"
        assert finding.hint
        conn.execute(finding.hint.encode())
    assert run_checks(database, only=["extension_outdated"]).findings == ()


def test_the_table_of_a_rollup_needs_no_primary_key(database: str) -> None:
    daily = Rollup("daily", bucket="1 day", column="at", aggregates={"n": "count(*)"})
    with psycopg.connect(database) as conn:
        conn.execute("CREATE TABLE readings (id bigint PRIMARY KEY, at timestamptz NOT NULL)")
        conn.execute("CREATE TABLE bare (id bigint)")
        declare(conn, [Edit(table=QualifiedName("public", "readings"), policy=daily)])
    found = run_checks(database, only=["no_primary_key"]).findings
    assert [finding.subject for finding in found] == ["public.bare"]

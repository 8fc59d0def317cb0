"""What is declared comes about, is read back as declared, changes when the code does, and goes again."""

from __future__ import annotations

from pathlib import Path

import psycopg
import pytest

from pgwright.diff.apply import apply_plan
from pgwright.diff.build import empty_database
from pgwright.diff.compare import compare
from pgwright.diff.comparison import compare_sources
from pgwright.diff.planner import make_plan
from pgwright.diff.proposal import propose
from pgwright.diff.rehearse import rehearse, require_success
from pgwright.diff.script import script
from pgwright.errors import PolicyError, UsageError
from pgwright.kinds.timeseries.policy_server import read_records
from pgwright.model.catalog import Catalog
from pgwright.model.names import QualifiedName
from pgwright.model.policy import Compress, Policy, Retain, Rollup, TimeSeries
from pgwright.model.selection import Selection
from pgwright.sources.database import read_catalog
from pgwright.sources.load import load_catalog
from pgwright.sources.workshop import Workshop
from pgwright.timeseries.chunks import chunks
from pgwright.timeseries.declare import Edit, declare, edited
from pgwright.timeseries.proposal import propose_policies
from pgwright.timeseries.run import Demand, run_policies
from pgwright.timeseries.status import policy_status
from tests.conftest import MakeDatabase, _server

ROOT = Path(__file__).parents[3]
MODELS = "sqlalchemy:tests.integration.timeseries.models:Base"
CHANGED = "sqlalchemy:tests.integration.timeseries.models:Changed"
WORKSHOP = Workshop(root=ROOT)
READINGS = QualifiedName("public", "readings")

FULL = """
CREATE TABLE sensors (id int PRIMARY KEY);
INSERT INTO sensors VALUES (1), (2), (3);
CREATE TABLE readings (
    number bigint GENERATED ALWAYS AS IDENTITY,
    sensor_id int NOT NULL REFERENCES sensors,
    at timestamptz NOT NULL,
    value double precision CHECK (value > -100 AND (value < 1e6 AND value <> 77777)),
    PRIMARY KEY (sensor_id, at)
);
CREATE INDEX readings_at ON readings (at);
CREATE VIEW recent AS SELECT * FROM readings WHERE at > now() - interval '1 day';
GRANT SELECT ON readings TO PUBLIC;
COMMENT ON TABLE readings IS 'kept';
INSERT INTO readings (sensor_id, at, value)
SELECT 1 + i % 3, now() - interval '20 days' + i * interval '10 minutes', i
FROM generate_series(1, 2000) AS i;
"""


def _apply(url: str, spec: str, **options: bool) -> int:
    """Bring the database to the models the way `pgwright schema apply` does; return the number of steps."""
    comparison = compare_sources(url, spec, workshop=WORKSHOP, selection=Selection())
    proposal = propose(comparison)
    if not proposal.plan:
        return 0
    done = apply_plan(url, proposal.plan, proposal.ends, allow=("deletes-data",))
    assert not done.remaining
    return done.steps


def test_round_trip(engine: str) -> None:
    assert _apply(engine, MODELS) > 0
    assert not compare_sources(engine, MODELS, workshop=WORKSHOP).changes
    assert not propose_policies(engine, MODELS, workshop=WORKSHOP).plan
    with psycopg.connect(engine, autocommit=True) as conn:
        conn.execute("INSERT INTO readings VALUES (1, now(), 1), (1, now() - interval '1 hour', 2)")
        kinds = {(s.kind, s.name) for s in policy_status(conn)}
        catalog = read_catalog(conn, source="test")
    assert kinds == {
        ("time_series", "time_series"),
        ("retention", "retention"),
        ("compression", "compression"),
        ("rollup", "hourly"),
        ("rollup", "daily"),
    }
    assert {o.id.name.name for o in catalog.of("rollup")} == {"hourly", "daily"}


def test_what_changes_in_code_changes_on_the_server(engine: str) -> None:
    _apply(engine, MODELS)
    proposal = propose_policies(engine, CHANGED, workshop=WORKSHOP)
    apply_plan(engine, proposal.plan, proposal.ends, allow=("deletes-data",))
    assert not propose_policies(engine, CHANGED, workshop=WORKSHOP).plan
    with psycopg.connect(engine, autocommit=True) as conn:
        licence = read_catalog(conn, source="test").server.timescaledb
        records = {r.kind: r for r in read_records(conn, timescaledb=licence, major=18)}
        assert records["retention"].definition["keep"] == "2 years"
        assert records["time_series"].definition["interval"] == "7 days"
        assert records["rollup"].definition["refresh"] == "10 minutes"
        if licence == "timescale":
            jobs: dict[str, str] = dict(
                conn.execute(
                    "SELECT proc_name, coalesce(config ->> 'drop_after', config ->> 'compress_after', "
                    "schedule_interval::text) FROM timescaledb_information.jobs "
                    "WHERE hypertable_name IS NOT NULL"
                ).fetchall()
            )
            assert jobs == {
                "policy_retention": "2 years",
                "policy_compression": "60 days",
                "policy_refresh_continuous_aggregate": "00:10:00",
            }


def test_a_job_that_somebody_changed_is_drift(timescale_community: str) -> None:
    url = timescale_community
    _apply(url, MODELS)
    with psycopg.connect(url, autocommit=True) as conn:
        conn.execute("SELECT remove_retention_policy('readings')")
        conn.execute("SELECT add_retention_policy('readings', interval '3 months')")
        conn.execute("SELECT remove_compression_policy('readings')")
    changed = {(c.op, c.id.kind) for c in compare_sources(url, MODELS, workshop=WORKSHOP).changes}
    assert changed == {("alter", "retention"), ("create", "compression")}
    assert _apply(url, MODELS) > 0
    assert not compare_sources(url, MODELS, workshop=WORKSHOP).changes


def test_a_full_table_becomes_a_time_series_and_comes_back(engine: str) -> None:
    policies: tuple[Policy, ...] = (
        TimeSeries("at", "1 day", zone="Europe/Oslo"),
        Retain("1 year"),
        Compress("30 days", segment_by="sensor_id", order_by="at DESC"),
        Rollup("daily", bucket="1 day", group_by="sensor_id", aggregates={"n": "count(*)"}, realtime=True),
    )
    with psycopg.connect(engine, autocommit=True) as conn:
        conn.execute(FULL)
        before = read_catalog(conn, source="before")
        rows = conn.execute("SELECT * FROM readings ORDER BY at, sensor_id").fetchall()
        if not before.server.timescaledb:
            _rehearse(before, [Edit(table=READINGS, policy=policy) for policy in policies])
        for policy in policies:
            with conn.transaction():
                declare(conn, [Edit(table=READINGS, policy=policy)])
        assert conn.execute("SELECT * FROM readings ORDER BY at, sensor_id").fetchall() == rows
        conn.execute("INSERT INTO readings (sensor_id, at, value) VALUES (1, now() + interval '1 day', 1)")
        numbers = conn.execute("SELECT max(number), count(DISTINCT number) FROM readings").fetchone()
        assert numbers == (2001, 2001)
        with pytest.raises(psycopg.errors.ForeignKeyViolation):
            conn.execute("INSERT INTO readings (sensor_id, at, value) VALUES (9, now(), 1)")
        assert conn.execute("SELECT count(*) > 0 FROM recent").fetchone() == (True,)
        if before.server.timescaledb != "timescale":
            assert conn.execute("SELECT sum(n) FROM daily_live").fetchone() == (2001,)
        conn.execute("DELETE FROM readings WHERE number = 2001")
        if not before.server.timescaledb:
            _rehearse(
                read_catalog(conn, source="series"),
                [Edit(table=READINGS, policy=policy, gone=True) for policy in reversed(policies)],
            )
        for policy in reversed(policies):
            with conn.transaction():
                declare(conn, [Edit(table=READINGS, policy=policy, gone=True)])
        after = read_catalog(conn, source="after")
        assert conn.execute("SELECT * FROM readings ORDER BY at, sensor_id").fetchall() == rows
        left = conn.execute("SELECT to_regnamespace('pgwright')").fetchone()
    assert [str(c) for c in compare(before, after)] == []
    assert left == (None,)


def _rehearse(before: Catalog, edits: list[Edit]) -> None:
    """Find that a plan of `edits` does on scratch what it says, and locks no more."""
    after = edited(before, edits)
    require_success(rehearse(make_plan(before, after), before, after))


def test_a_full_table_gets_all_that_is_declared_in_one_plan(engine: str) -> None:
    with psycopg.connect(engine, autocommit=True) as conn:
        conn.execute("CREATE TABLE sensors (id serial PRIMARY KEY)")
        conn.execute("CREATE TABLE readings (sensor_id int, at timestamptz, value float8 NOT NULL)")
        conn.execute("ALTER TABLE readings ADD PRIMARY KEY (sensor_id, at)")
        conn.execute(
            "INSERT INTO readings SELECT 1, now() - interval '1h' * i, i FROM generate_series(1, 9) i"
        )
    assert _apply(engine, MODELS) > 0
    assert not compare_sources(engine, MODELS, workshop=WORKSHOP).changes
    assert not run_policies(engine).failed
    with psycopg.connect(engine, autocommit=True) as conn:
        assert conn.execute("SELECT count(*), sum(value) FROM readings").fetchone() == (9, 45)
        assert conn.execute("SELECT sum(count), sum(total) FROM daily").fetchone() == (9, 45)


def test_a_table_that_somebody_divided_by_hand_is_taken_as_it_is(database: str) -> None:
    with psycopg.connect(database, autocommit=True) as conn:
        conn.execute(
            "CREATE TABLE sensors (id serial PRIMARY KEY); "
            "CREATE TABLE readings (sensor_id int, at timestamptz, value float8 NOT NULL, "
            "PRIMARY KEY (sensor_id, at)) PARTITION BY RANGE (at); CREATE INDEX ON readings (at); "
            "CREATE TABLE old PARTITION OF readings FOR VALUES FROM (MINVALUE) TO ('2026-01-01 00:00+00'); "
            "INSERT INTO readings VALUES (1, '2025-12-31 00:00+00', 7)"
        )
        proposal = propose_policies(database, MODELS, workshop=WORKSHOP)
        assert not [s for s in proposal.plan.steps if "old" in s.sql.split()]
        assert not apply_plan(database, proposal.plan, proposal.ends).remaining
        assert not propose_policies(database, MODELS, workshop=WORKSHOP).plan
        assert "public.old" in {c.name for c in chunks(conn, "readings")}
        assert not run_policies(database, Demand(tasks=("partitions",))).failed
        assert conn.execute("SELECT count(*) FROM old").fetchone() == (1,)


def test_a_key_without_the_time_column_is_refused_before_anything_happens(engine: str) -> None:
    with psycopg.connect(engine, autocommit=True) as conn:
        conn.execute("CREATE TABLE readings (id bigint PRIMARY KEY, at timestamptz NOT NULL)")
        with pytest.raises(PolicyError, match=r"readings_pkey of public\.readings lacks the column at"):
            declare(conn, [Edit(table=READINGS, policy=TimeSeries("at", "1 day"))])
        with pytest.raises(PolicyError, match="has no column when"):
            declare(conn, [Edit(table=READINGS, policy=TimeSeries("when", "1 day"))])
        with pytest.raises(PolicyError, match=r"no table public\.nothing"):
            declare(conn, [Edit(table=QualifiedName("public", "nothing"), policy=Retain("1 day"))])


def test_a_table_that_nothing_is_declared_about_is_named(database: str) -> None:
    _apply(database, MODELS)
    for only in ("reading", "sensors"):
        with pytest.raises(UsageError, match=f"nothing is declared .*{only}"):
            propose_policies(database, MODELS, workshop=WORKSHOP, only=(only,))
        with pytest.raises(UsageError, match=f"nothing is declared .*{only}"):
            run_policies(database, Demand(only=(only,), dry_run=True))
    for only in ("readings", "public.read*"):
        assert not propose_policies(database, MODELS, workshop=WORKSHOP, only=(only,)).plan
        assert not run_policies(database, Demand(only=(only,))).failed


def test_another_column_waits_until_the_table_has_its_pieces(database: str) -> None:
    with psycopg.connect(database, autocommit=True) as conn:
        conn.execute("CREATE TABLE sensors (id serial PRIMARY KEY)")
        conn.execute("CREATE TABLE readings (sensor_id int, at timestamptz, PRIMARY KEY (sensor_id, at))")
    with pytest.raises(PolicyError, match=r"public.readings .* change value in the same plan") as caught:
        _apply(database, MODELS)
    assert "pgwright policy apply --table public.readings" in (caught.value.hint or "")


def test_another_time_column_is_refused_before_rows_are_lost(engine: str) -> None:
    with psycopg.connect(engine, autocommit=True) as conn:
        conn.execute("CREATE TABLE readings (at timestamptz, seen timestamptz, PRIMARY KEY (at, seen))")
        with conn.transaction():
            declare(conn, [Edit(table=READINGS, policy=TimeSeries("at", "1 day"))])
        with pytest.raises(PolicyError, match="cannot become one by seen where it is"):
            declare(conn, [Edit(table=READINGS, policy=TimeSeries("seen", "1 day"))])


def test_what_an_edition_cannot_do_is_said_in_the_plan(timescale: str) -> None:
    comparison = compare_sources(timescale, MODELS, workshop=WORKSHOP)
    plan = propose(comparison).plan
    said = [h.message for h in plan.hazards if h.code == "not-available"]
    assert len(said) == 1 and "Apache edition has no compression" in said[0]
    assert any("by pgwright policy run" in h.message for h in plan.hazards)


@pytest.mark.parametrize("major", [12, 18])
def test_a_script_of_declarations_loads_anywhere_and_again(major: int, make_database: MakeDatabase) -> None:
    text = script(load_catalog(MODELS, WORKSHOP), empty_database(WORKSHOP.scratch)).encode()
    url = make_database(_server(major))
    for _ in range(2):
        with psycopg.connect(url, autocommit=True) as conn:
            conn.execute(text)
    assert not compare_sources(url, MODELS, workshop=WORKSHOP).changes
    assert not run_policies(url).failed


def test_tables_that_are_not_there_yet_are_named(database: str) -> None:
    plan = propose_policies(database, MODELS, workshop=WORKSHOP).plan
    assert not plan
    assert [note for note in plan.notes if "declared" in note] == [
        "public.readings is declared, but not in the database yet: pgwright schema plan"
    ]


def test_a_rollup_needs_no_other_declaration(database: str) -> None:
    with psycopg.connect(database, autocommit=True) as conn:
        conn.execute("CREATE TABLE calls (who int, cost numeric)")
        sums = {"n": "count(*)", "cost": "sum(cost)"}
        totals = Rollup("totals", group_by="who", aggregates=sums, realtime=True)
        with conn.transaction():
            declare(conn, [Edit(table=QualifiedName("public", "calls"), policy=totals)])
        conn.execute("INSERT INTO calls VALUES (1, 2.5), (1, 0.5), (2, 7)")
        assert not run_policies(database).failed
        assert conn.execute("SELECT * FROM totals ORDER BY who").fetchall() == [(1, 2, 3), (2, 1, 7)]
        # Null is a key like others, before and after a refresh.
        for n in (1, 2):
            conn.execute("INSERT INTO calls VALUES (NULL, 1), (2, 1)")
            live = [(1, 2, 3), (2, 1 + n, 7 + n), (None, n, n)]
            assert conn.execute("SELECT * FROM totals_live ORDER BY who").fetchall() == live
            assert not run_policies(database, Demand(force=True)).failed
            for relation in ("totals", "totals_live"):
                found = conn.execute(f"SELECT * FROM {relation} ORDER BY who".encode()).fetchall()
                assert found == live


@pytest.mark.parametrize("major", [12, 18])
def test_keys_that_are_null_or_written_otherwise(major: int, make_database: MakeDatabase) -> None:
    """What GROUP BY puts together is one key: null is one, and 1.5 is 1.50."""
    url = make_database(_server(major))
    totals = Rollup("totals", group_by=("who", "rate"), aggregates={"n": "count(*)"}, realtime=True)
    fresh = "SELECT who, rate, count(*) FROM calls GROUP BY 1, 2"
    with psycopg.connect(url, autocommit=True) as conn:
        conn.execute("CREATE TABLE calls (who int, rate numeric, note text)")
        with conn.transaction():
            declare(conn, [Edit(table=QualifiedName("public", "calls"), policy=totals)])
        for change in (
            "INSERT INTO calls VALUES (1, 1.5), (1, NULL), (NULL, NULL), (NULL, 2)",
            "INSERT INTO calls VALUES (1, 1.50), (NULL, 2.00), (NULL, NULL)",
            "UPDATE calls SET who = 1 WHERE who IS NULL AND rate IS NULL",
            "DELETE FROM calls WHERE rate = 2",
        ):
            conn.execute(change.encode())
            for relation in ("totals_live", "totals"):
                if relation == "totals":
                    assert not run_policies(url, Demand(force=True)).failed
                stored = f"SELECT * FROM {relation}"
                both = f"(({stored}) EXCEPT ALL ({fresh})) UNION ALL (({fresh}) EXCEPT ALL ({stored}))"
                assert conn.execute(both.encode()).fetchall() == [], (change, relation)


def test_a_hypertable_of_others_is_left_alone(timescale: str) -> None:
    with psycopg.connect(timescale, autocommit=True) as conn:
        conn.execute("CREATE TABLE theirs (at timestamptz NOT NULL)")
        conn.execute("SELECT create_hypertable('theirs', 'at')")
        catalog = read_catalog(conn, source="test")
        assert not catalog.of("time_series")
        # It is shown all the same.
        assert [s.says for s in policy_status(conn)] == ["by at, 7 days each"]
        with conn.transaction():
            declare(conn, [Edit(table=QualifiedName("public", "theirs"), policy=TimeSeries("at", "1 day"))])
        assert [s.says for s in policy_status(conn)] == ["by at, 1 day each"]

"""Databases with declarations copied, dumped and restored: rollups stay exact, nothing is left to plan."""

from __future__ import annotations

import json
import subprocess
from collections.abc import Callable
from pathlib import Path

import psycopg
import pytest

from pgwright.errors import CopyFailed
from pgwright.model.names import QualifiedName
from pgwright.model.policy import POLICY_KINDS, Policy, Retain, Rollup, TimeSeries
from pgwright.pg.address import parse_address
from pgwright.sources.database import read_catalog
from pgwright.timeseries.declare import Edit, declare
from pgwright.timeseries.run import Demand, run_policies
from pgwright.timeseries.status import policy_status
from pgwright.transfer.copy.choice import Choice
from pgwright.transfer.copy.copy import Manner, copy_database
from tests.conftest import MakeDatabase
from tests.integration.backup.running import pgwright
from tests.servers.running import Server

Run = Callable[..., subprocess.CompletedProcess[str]]

READINGS = QualifiedName("public", "readings")
HOURLY = QualifiedName("public", "hourly")
SUMS = {"n": "count(*)", "total": "sum(value)"}
HOURS = Rollup("hourly", bucket="1 hour", group_by="sensor_id", aggregates=SUMS, realtime=True)
POLICIES: tuple[tuple[QualifiedName, Policy], ...] = (
    (READINGS, TimeSeries("at", "1 month")),
    (READINGS, Retain("6 months")),
    (READINGS, HOURS),
    (READINGS, Rollup("by_sensor", group_by="sensor_id", aggregates=SUMS)),
    (HOURLY, Rollup("daily", of="hourly", bucket="1 day", aggregates={"n": "sum(n)"})),
)
FILL = """
CREATE TABLE readings (sensor_id int NOT NULL, at timestamptz NOT NULL, value numeric NOT NULL,
    PRIMARY KEY (sensor_id, at));
INSERT INTO readings SELECT 1 + i % 4, now() - i * interval '8 hours', i % 90
    FROM generate_series(0, 3 * 400) AS i
"""
FRESH = """
SELECT date_trunc('hour', at), sensor_id, count(*), sum(value) FROM readings
WHERE at >= (SELECT floor FROM pgwright.policy WHERE name = 'hourly') GROUP BY 1, 2
"""
STORED = "SELECT * FROM {} WHERE bucket >= (SELECT floor FROM pgwright.policy WHERE name = 'hourly')"


def execute(url: str, statements: str) -> None:
    with psycopg.connect(url, autocommit=True) as conn:
        conn.execute(statements.encode())


def ask(url: str, query: str) -> object:
    with psycopg.connect(url, autocommit=True) as conn:
        row = conn.execute(query.encode()).fetchone()
    return row and row[0]


def prepare(url: str) -> str:
    """Fill a database with readings of 400 days, of which rollups know all and the table half a year."""
    execute(url, FILL)
    with psycopg.connect(url, autocommit=True) as conn:
        for table, policy in POLICIES:
            with conn.transaction():
                declare(conn, [Edit(table=table, policy=policy)])
    assert not run_policies(url, Demand(force=True)).failed
    assert ask(url, "SELECT count(*) FROM readings") < ask(url, "SELECT sum(n) FROM daily")  # type: ignore[operator]
    execute(url, "INSERT INTO readings VALUES (9, now() - interval '1 day', 1)")  # which no refresh has seen
    return url


def declarations(url: str) -> list[object]:
    with psycopg.connect(url, autocommit=True) as conn:
        catalog = read_catalog(conn, source="here")
    return [o for kind in POLICY_KINDS for o in catalog.of(kind)]


def require_kept(old: str, new: str) -> None:
    """Write to the copy, and require rollups that are exact above their floor and whole below it."""
    assert declarations(new) == declarations(old)
    execute(
        new,
        "INSERT INTO readings VALUES (1, now() + interval '1 minute', 5); "
        "DELETE FROM readings WHERE sensor_id = 2 AND at > now() - interval '9 days'; "
        "UPDATE readings SET value = value + 1 WHERE sensor_id = 3",
    )
    for relation in ("hourly_live", "hourly"):
        stored = STORED.format(relation)
        query = (
            f"SELECT count(*) FROM (({stored} EXCEPT ALL {FRESH}) UNION ALL ({FRESH} EXCEPT ALL {stored})) d"
        )
        assert ask(new, query) == 0
        assert not run_policies(new, Demand(force=True)).failed
    assert ask(new, "SELECT sum(late) FROM pgwright.policy") == 0  # nothing came late
    assert ask(new, "SELECT sum(n) FROM daily") == ask(new, "SELECT sum(n) FROM hourly")
    below = (
        "SELECT sum(n) FROM hourly WHERE bucket < (SELECT floor FROM pgwright.policy WHERE name = 'hourly')"
    )
    assert ask(new, below) == ask(old, below) and ask(old, below) is not None
    assert ask(new, "SELECT sum(n) FROM by_sensor") == ask(new, "SELECT count(*) FROM readings")


def test_a_copy_goes_on_like_its_source(server_18: Server, make_database: MakeDatabase) -> None:
    old, new = prepare(make_database(server_18)), make_database(server_18)
    found = copy_database(old, new, manner=Manner(jobs=1)).verification
    assert found is not None and found.agrees, found
    require_kept(old, new)


def test_parts_of_a_database_take_along_what_is_declared_of_them(
    server_18: Server, make_database: MakeDatabase
) -> None:
    old = prepare(make_database(server_18))
    execute(old, "CREATE TABLE other (id int PRIMARY KEY); CREATE SCHEMA elsewhere")
    chosen = make_database(server_18)
    copy_database(old, chosen, Choice(schemas=("public",)), Manner(jobs=1))
    require_kept(old, chosen)
    without = make_database(server_18)
    found = copy_database(old, without, Choice(exclude=("public.readings*",)), Manner(jobs=1)).verification
    assert found is not None and found.agrees, found
    assert ask(without, "SELECT to_regclass('hourly') IS NULL AND to_regclass('other') IS NOT NULL")
    assert ask(without, "SELECT count(*) FROM pg_proc WHERE pronamespace = to_regnamespace('pgwright')") == 0
    notes: list[str] = []
    one = make_database(server_18)
    part = Choice(include=("public.readings",))
    found = copy_database(old, one, part, Manner(jobs=1, on_note=notes.append)).verification
    assert found is not None and found.agrees, found
    assert [note.split(";")[0] for note in notes] == [
        "rollup by_sensor of public.readings stays behind",
        "rollup hourly of public.readings stays behind",
    ]
    execute(one, "INSERT INTO readings VALUES (1, now() + interval '1 minute', 5)")
    assert [type(o).__name__ for o in declarations(one)] == ["Series", "Retention"]


def test_schema_first_and_rows_later(server_18: Server, make_database: MakeDatabase) -> None:
    old, new = prepare(make_database(server_18)), make_database(server_18)
    copy_database(old, new, Choice(what="schema"))
    assert declarations(new) == declarations(old)
    assert ask(new, "SELECT count(*) FROM pgwright.policy WHERE floor IS NOT NULL") == 0
    found = copy_database(old, new, Choice(what="data"), Manner(jobs=1)).verification
    assert found is not None and found.agrees, found
    require_kept(old, new)


@pytest.fixture
def run(tmp_path: Path) -> Run:
    """Run a command in a project whose repository of backups is a folder, and require that it succeeds."""
    (tmp_path / "pgwright.toml").write_text('[project]\nname = "x"\n[backup]\nrepository = "backups"\n')

    def run(*words: str, url: str) -> subprocess.CompletedProcess[str]:
        done = pgwright(*words, "--url", url, cwd=tmp_path)
        assert done.returncode == 0, done.stderr
        return done

    return run


def back_up(run: Run, url: str, *words: str) -> str:
    return str(json.loads(run("backup", "create", "--json", *words, url=url).stdout)["id"])


def test_backups_go_on_like_their_database(server_18: Server, make_database: MakeDatabase, run: Run) -> None:
    old = prepare(make_database(server_18))
    made = back_up(run, old, "--format", "parallel")
    new, schema = make_database(server_18), make_database(server_18)
    run("backup", "restore", "--as", parse_address(new).dbname, "--yes", url=old)
    require_kept(old, new)
    run("backup", "restore", "--schema-only", "--as", parse_address(schema).dbname, "--yes", url=old)
    assert declarations(schema) == declarations(old)
    run("backup", "restore", made, "--data-only", "--yes", url=schema)
    require_kept(old, schema)


def test_rows_go_into_other_partitions(server_18: Server, make_database: MakeDatabase, run: Run) -> None:
    old, new = prepare(make_database(server_18)), make_database(server_18)
    execute(new, FILL.partition(";")[0])
    with psycopg.connect(new, autocommit=True) as conn:
        for table, policy in POLICIES:
            chosen = TimeSeries("at", "7 days") if isinstance(policy, TimeSeries) else policy
            with conn.transaction():
                declare(conn, [Edit(table=table, policy=chosen)])
    # A copy goes partition by partition, and says beforehand that one is not there.
    with pytest.raises(CopyFailed, match=r"no partition public\.readings_p\S+ of public\.readings"):
        copy_database(old, new, Choice(what="data", include=("public.readings",)))
    made = back_up(run, old, "--data-only")
    run("backup", "restore", made, "--data-only", "--yes", url=new)
    with psycopg.connect(new, autocommit=True) as conn:
        declare(conn, [Edit(table=READINGS, policy=TimeSeries("at", "1 month"))])
    require_kept(old, new)


def test_a_rollup_that_lost_a_part_is_drift(server_18: Server, make_database: MakeDatabase) -> None:
    url = prepare(make_database(server_18))
    execute(url, "ALTER TABLE readings DISABLE TRIGGER pgwright_hourly_update; UPDATE readings SET value = 7")
    with psycopg.connect(url, autocommit=True) as conn:
        broken = {s.name: s.state for s in policy_status(conn) if not s.healthy}
        assert broken == {
            "hourly": "changes are not noted, trigger pgwright_hourly_update on public.readings is missing "
            "or off: pgwright policy plan"
        }
        declare(conn, [Edit(table=READINGS, policy=HOURS)])
        assert all(s.healthy for s in policy_status(conn))
    require_kept(url, url)


def test_one_table_comes_back_with_what_is_declared(
    server_18: Server, make_database: MakeDatabase, run: Run
) -> None:
    old, kept = prepare(make_database(server_18)), make_database(server_18)
    copy_database(old, kept, manner=Manner(jobs=1))
    made = back_up(run, old, "--table", "readings")
    execute(old, "DROP TABLE readings CASCADE")
    run("backup", "restore", made, "--table", "public.readings", "--yes", url=old)
    assert len(declarations(kept)) == len(declarations(old))
    with psycopg.connect(old) as conn:  # the live view went with the table
        assert [step.summary for step in declare(conn, [Edit(table=READINGS, policy=HOURS)]).steps] == [
            "record the changed rollup public.readings.hourly",
            "make the view that reads rollup public.readings.hourly up to date",
        ]
    require_kept(kept, old)
    other = make_database(server_18)
    said = run("backup", "restore", made, "--table", "readings", "--yes", url=other)
    assert "rollup hourly of public.readings stays behind" in said.stderr
    assert [type(o).__name__ for o in declarations(other)] == ["Series", "Retention"]

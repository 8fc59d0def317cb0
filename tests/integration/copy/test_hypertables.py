"""Databases with TimescaleDB copied and backed up: hypertables, chunks, compression, aggregates and jobs."""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial
from pathlib import Path

import psycopg
import pytest

from pgwright.errors import CopyFailed, FollowRefused
from pgwright.model.names import QualifiedName
from pgwright.model.policy import POLICY_KINDS, Compress, Policy, Retain, Rollup, TimeSeries
from pgwright.pg.address import parse_address
from pgwright.sources.database import read_catalog
from pgwright.timeseries.declare import Edit, declare
from pgwright.timeseries.patience import patiently
from pgwright.timeseries.run import Demand, run_policies
from pgwright.transfer.copy.choice import Choice
from pgwright.transfer.copy.copy import Manner, copy_database, resume_copy
from pgwright.transfer.copy.follow import follow
from pgwright.verify.contents import verify_databases
from tests.integration.backup.running import pgwright

READING = QualifiedName("public", "reading")
EVERYWHERE: tuple[Policy, ...] = (
    TimeSeries("at", "1 day"),
    Retain("90 days"),
    Rollup("hourly", bucket="1 hour", group_by="sensor", aggregates={"n": "count(*)", "total": "sum(value)"}),
)
FILL = """
CREATE TABLE sensor (id int PRIMARY KEY, name text);
INSERT INTO sensor SELECT g, 'sensor ' || g FROM generate_series(1, 5) g;
CREATE TABLE reading (at timestamptz NOT NULL, sensor int REFERENCES sensor, value numeric NOT NULL,
    note text GENERATED ALWAYS AS ('about ' || round(value)) STORED, id bigint GENERATED ALWAYS AS IDENTITY,
    PRIMARY KEY (sensor, at))
"""
ROWS = """
INSERT INTO reading (at, sensor, value)
SELECT now() - interval '12 days' + g * interval '10 min', 1 + g % 5, g FROM generate_series(1, 1600) g
"""
AMONG_COMPRESSED = "INSERT INTO reading (at, sensor, value) VALUES (now() - interval '8 days', 1, 7)"
FACTS = (
    "SELECT count(*), sum(value), max(id), string_agg(DISTINCT note, ',') FROM reading",
    "SELECT count(*), sum(n), sum(total) FROM hourly",
    "SELECT chunk_name, range_start, range_end FROM timescaledb_information.chunks ORDER BY 1",
    "SELECT proc_name, schedule_interval, scheduled, config, hypertable_name"
    " FROM timescaledb_information.jobs WHERE job_id >= 1000 ORDER BY job_id",
)
POSTPONE = (
    "SELECT count(*) FROM timescaledb_information.jobs j,"
    " alter_job(j.job_id, next_start => now() + interval '1 day') WHERE j.job_id >= 1000"
)
COMPRESSED = "SELECT count(*) FROM timescaledb_information.chunks WHERE is_compressed"


@pytest.fixture(params=["apache", "community"])
def source(request: pytest.FixtureRequest) -> str:
    """Return a database with a hypertable that has all that its edition offers."""
    community = request.param == "community"
    url = str(request.getfixturevalue("timescale_community" if community else "timescale"))
    execute(url, FILL)
    extra = (Compress("3 days", segment_by="sensor"),) if community else ()
    with psycopg.connect(url, autocommit=True) as conn:
        for policy in (*EVERYWHERE[:1], *extra, *EVERYWHERE[1:]):
            declare(conn, [Edit(table=READING, policy=policy)])
        # A job that compresses while rows are compared would be neither side's fault.
        conn.execute(POSTPONE.encode())
    execute(url, ROWS)
    assert not run_policies(url, Demand(force=True)).failed
    if community:
        run_jobs(url, "policy_compression")
        execute(url, AMONG_COMPRESSED)
        run_jobs(url, "policy_refresh_continuous_aggregate")
    return url


@pytest.fixture
def target(source: str) -> Iterator[str]:
    """Return an empty database beside the source."""
    address = parse_address(source)
    name = f"{address.dbname}_copy"
    with psycopg.connect(address.with_database("postgres").text, autocommit=True) as conn:
        conn.execute(f'CREATE DATABASE "{name}" TEMPLATE template0'.encode())
        try:
            yield address.with_database(name).text
        finally:
            for (left,) in conn.execute(
                "SELECT datname FROM pg_database WHERE starts_with(datname, %s)", [name]
            ).fetchall():
                conn.execute(f'DROP DATABASE "{left}" WITH (FORCE)'.encode())


def run_jobs(url: str, procedure: str) -> None:
    """Run the jobs of one kind now, here."""
    for (job,) in ask(
        url, f"SELECT job_id FROM timescaledb_information.jobs WHERE proc_name = '{procedure}'"
    ):
        # TimescaleDB's scheduler may be at the same job, and a refresh refuses another one beside it.
        patiently(partial(execute, url, f"CALL run_job({job})"), seconds=30)


def execute(url: str, statements: str) -> None:
    with psycopg.connect(url, autocommit=True) as conn:
        for statement in statements.split(";"):
            conn.execute(statement.encode())


def ask(url: str, query: str) -> list[tuple[object, ...]]:
    with psycopg.connect(url, autocommit=True) as conn:
        return conn.execute(query.encode()).fetchall()


def require_same(old: str, new: str) -> None:
    """Require that the second database holds what the first one does, and goes on like it."""
    execute(new, POSTPONE)
    run_jobs(new, "policy_compression")
    run_jobs(old, "policy_compression")
    for query in FACTS:
        assert ask(new, query) == ask(old, query), query
    assert ask(new, COMPRESSED) == ask(old, COMPRESSED)
    assert ask(new, "SHOW timescaledb.restoring") == [("off",)]
    found = verify_databases(old, new)
    assert found.agrees, found
    with psycopg.connect(old) as a, psycopg.connect(new) as b:
        catalogs = [read_catalog(conn, source="here") for conn in (a, b)]
        for kind in POLICY_KINDS:
            assert list(catalogs[0].of(kind)) == list(catalogs[1].of(kind))
        for policy in EVERYWHERE:
            assert declare(b, [Edit(table=READING, policy=policy)]).steps == ()
    (chunks,) = ask(new, "SELECT count(*) FROM show_chunks('reading')")[0]
    execute(new, "INSERT INTO reading (at, sensor, value) VALUES (now() + interval '9 days', 2, 8)")
    execute(new, "INSERT INTO reading (at, sensor, value) VALUES (now() - interval '2 days', 2, 8)")
    assert ask(new, "SELECT count(*) - 1 FROM show_chunks('reading')") == [(chunks,)]
    with pytest.raises(psycopg.errors.ForeignKeyViolation):
        execute(new, "INSERT INTO reading (at, sensor, value) VALUES (now(), 77, 8)")
    assert not run_policies(new, Demand(force=True)).failed


def test_a_copy_goes_on_like_its_source(source: str, target: str) -> None:
    found = copy_database(source, target, manner=Manner(least_part=8192)).verification
    assert found is not None and found.agrees, found
    assert not [note for note in found.notes if "restoring" in note]
    require_same(source, target)


def test_a_copy_that_fails_leaves_the_extension_at_work_and_can_go_on(source: str, target: str) -> None:
    execute(target, "CREATE TABLE sensor (id int)")
    with pytest.raises(CopyFailed, match="sensor"):
        copy_database(source, target, Choice(existing=True))
    assert ask(target, "SHOW timescaledb.restoring") == [("off",)]
    execute(target, "DROP TABLE sensor")
    found = resume_copy(source, target).verification
    assert found is not None and found.agrees, found
    require_same(source, target)


@pytest.mark.parametrize(
    "chosen",
    [("--include", "public.*"), ("--schema", "public"), ("--exclude", "public.log"), ("--schema-only",)],
)
def test_parts_come_as_plain_tables_to_any_server(
    source: str, database: str, tmp_path: Path, chosen: tuple[str, ...]
) -> None:
    execute(source, "CREATE TABLE log (id int)")
    done = pgwright("copy", source, database, *chosen, "--yes", cwd=tmp_path)
    assert "public.reading will be plain there" in done.stderr
    assert done.returncode == 0, done.stdout + done.stderr
    rows = "SELECT count(*), sum(value), max(id) FROM reading"
    assert ask(database, rows) == ([(0, None, None)] if "--schema-only" in chosen else ask(source, rows))
    assert ask(database, "SELECT count(*) FROM pg_inherits") == [(0,)]
    execute(database, "INSERT INTO sensor VALUES (9, 'nine')")
    execute(database, "INSERT INTO reading (at, sensor, value) VALUES (now(), 9, 8)")
    with pytest.raises(psycopg.errors.ForeignKeyViolation):
        execute(database, "INSERT INTO reading (at, sensor, value) VALUES (now(), 77, 8)")


def test_a_server_without_the_extension_is_told_what_to_install(timescale: str, database: str) -> None:
    with pytest.raises(CopyFailed, match="extension timescaledb") as failure:
        copy_database(timescale, database)
    assert "install timescaledb-2-postgresql-18" in (failure.value.hint or "")


def test_hypertables_are_not_followed(timescale: str, database: str) -> None:
    execute(timescale, FILL)
    execute(timescale, "SELECT create_hypertable('reading', 'at')")
    with pytest.raises(FollowRefused, match=r"hypertables cannot be followed: public\.reading"):
        follow(timescale, database, Choice(), Manner())
    assert ask(database, "SELECT count(*) FROM pg_class WHERE relname = 'sensor'") == [(0,)]


def test_a_backup_comes_back_like_its_database(source: str, target: str, tmp_path: Path) -> None:
    (tmp_path / "pgwright.toml").write_text('[project]\nname = "x"\n[backup]\nrepository = "backups"\n')
    for words in (
        ("create", "--format", "parallel"),
        ("restore", "--as", parse_address(target).dbname, "--yes"),
    ):
        done = pgwright("backup", *words, "--url", source, cwd=tmp_path)
        assert done.returncode == 0, done.stderr
    require_same(source, target)

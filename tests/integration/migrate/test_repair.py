"""A lost or wrong record is found again by comparing the schema with that of every revision."""

from __future__ import annotations

from pathlib import Path

import psycopg
import pytest

from pgwright.errors import RevisionError
from pgwright.migrate.repair import diagnose
from pgwright.migrate.run import migrate
from pgwright.migrate.way import UP, Way
from pgwright.timeseries.run import run_policies
from tests.conftest import MakeDatabase
from tests.integration.migrate.projects import (
    alembic_project,
    django_project,
    pgwright,
    rows,
    write_revision,
)
from tests.servers.running import Server

REVISIONS = [
    ("one", None, 'op.execute("CREATE TABLE t (id int PRIMARY KEY)")', 'op.execute("DROP TABLE t")'),
    ("two", "one", 'op.execute("ALTER TABLE t ADD a int")', 'op.execute("ALTER TABLE t DROP a")'),
    ("filled", "two", 'op.execute("INSERT INTO t VALUES (1, 1)")', 'op.execute("DELETE FROM t")'),
    ("three", "filled", 'op.execute("CREATE INDEX t_a ON t (a)")', 'op.execute("DROP INDEX t_a")'),
    ("four", "three", 'op.execute("DROP INDEX t_a")', 'op.execute("CREATE INDEX t_a ON t (a)")'),
    ("five", "four", 'op.execute("CREATE TABLE u (id int)")', 'op.execute("DROP TABLE u")'),
]


def change(url: str, *statements: str) -> None:
    with psycopg.connect(url, autocommit=True) as conn:
        for statement in statements:
            conn.execute(statement.encode())


def test_a_lost_record_is_found(tmp_path: Path, server_12: Server, make_database: MakeDatabase) -> None:
    url = make_database(server_12)
    project = alembic_project(tmp_path, REVISIONS)
    migrate(project, url, Way(direction=UP, target="three"))
    assert "nothing to repair" in pgwright(tmp_path, url, "migrate", "repair").stdout
    change(url, "DROP TABLE alembic_version")
    found = pgwright(tmp_path, url, "migrate", "upgrade")
    assert "pgwright migrate repair" in found.stderr
    refused = pgwright(tmp_path, url, "migrate", "repair")
    assert refused.returncode == 3
    assert "schema is of  three" in refused.stdout
    repaired = pgwright(tmp_path, url, "migrate", "repair", "--yes")
    assert repaired.returncode == 0, repaired.stderr
    assert rows(url, "SELECT version_num FROM alembic_version") == [("three",)]
    # The run that failed before is no news any more, and nothing to go on with.
    assert "(migrate repair): succeeded" in pgwright(tmp_path, url, "migrate", "status").stdout
    assert "wrote the record anew" in pgwright(tmp_path, url, "migrate", "resume").stderr
    assert migrate(project, url, Way(direction=UP, target="head")).state.current == ("five",)


def test_equal_schemas_and_near_ones(tmp_path: Path, database: str) -> None:
    project = alembic_project(tmp_path, REVISIONS)
    migrate(project, database, Way(direction=UP, target="four"))
    change(database, "UPDATE alembic_version SET version_num = 'gone'")
    found = diagnose(project, database)
    assert found.recorded == ("gone",)
    assert [c.revision for c in found.candidates if c.is_exact] == ["four", "filled", "two"]
    change(database, "ALTER TABLE t ADD unknown text")
    told = pgwright(tmp_path, database, "migrate", "repair", "--yes")
    # Nearly is not enough for --yes.
    assert told.returncode == 3
    assert "nearest       four" in told.stdout
    assert "t.unknown" in told.stdout
    assert "pgwright migrate repair four;" in told.stderr and "--yes" not in told.stderr
    with pytest.raises(RevisionError):
        migrate(project, database, Way(direction=UP, target="head"))
    assert pgwright(tmp_path, database, "migrate", "repair", "four", "--yes").returncode == 0
    assert migrate(project, database, Way(direction=UP, target="head")).state.current == ("five",)


def test_a_time_series_has_its_revision_and_its_rows(tmp_path: Path, database: str) -> None:
    declared = 'op.get_bind(), "readings", TimeSeries("at", "1 day")'
    project = alembic_project(
        tmp_path,
        [
            (
                "one",
                None,
                'op.execute("CREATE TABLE readings (at timestamptz PRIMARY KEY, value int)")',
                'op.execute("DROP TABLE readings")',
            ),
            ("two", "one", f"declare_policies({declared})", f"withdraw_policies({declared})"),
        ],
    )
    two = next((tmp_path / "alembic" / "versions").glob("*two*"))
    names = "TimeSeries, declare_policies, withdraw_policies"
    two.write_text(f"from pgwright.contrib.sqlalchemy import {names}\n{two.read_text()}")
    migrate(project, database, Way(direction=UP, target="head"))
    change(
        database,
        "INSERT INTO readings SELECT now() + i * interval '1 day', i FROM generate_series(0, 3) AS i",
    )
    change(database, "INSERT INTO readings SELECT now() + interval '3 days 1 second', 4")
    for _ in range(8):
        # Each time as many partitions ahead of the newest row as are wanted.
        assert not run_policies(database).failed
        change(database, "INSERT INTO readings SELECT max(at) + interval '3 days', 5 FROM readings")
    change(database, "DROP TABLE alembic_version")
    assert diagnose(project, database).best.revision == "two"
    assert diagnose(project, database).best.is_exact
    assert pgwright(tmp_path, database, "migrate", "repair", "--yes").returncode == 0
    kept = rows(database, "SELECT count(*) FROM readings")
    back = pgwright(tmp_path, database, "migrate", "downgrade", "one")
    assert back.returncode == 0, back.stderr
    assert rows(database, "SELECT count(*) FROM readings") == kept
    refused = pgwright(tmp_path, database, "migrate", "downgrade", "base")
    assert refused.returncode == 3
    assert f"table public.readings: {kept[0][0]} rows will be deleted" in refused.stderr


def test_django_record_with_holes(tmp_path: Path, database: str) -> None:
    operations = 'migrations.RunSQL("{}", "{}"),'
    project = django_project(
        tmp_path,
        {
            "0001_t": (True, operations.format("CREATE TABLE t (id int)", "DROP TABLE t")),
            "0002_a": (True, operations.format("ALTER TABLE t ADD a int", "ALTER TABLE t DROP a")),
            "0003_b": (True, operations.format("ALTER TABLE t ADD b int", "ALTER TABLE t DROP b")),
        },
    )
    migrate(project, database, Way(direction=UP, target="shop.0002_a"))
    change(database, "DELETE FROM django_migrations WHERE name = '0001_t'")
    assert pgwright(tmp_path, database, "migrate", "repair", "--yes").returncode == 0
    assert rows(database, "SELECT name FROM django_migrations ORDER BY name") == [("0001_t",), ("0002_a",)]
    migrate(project, database, Way(direction=UP, target=""))


def test_a_schema_changed_past_the_migrations_is_remarked(tmp_path: Path, database: str) -> None:
    alembic_project(tmp_path, REVISIONS[:2])
    (tmp_path / "schema.sql").write_text("CREATE TABLE t (id int PRIMARY KEY)")
    made = pgwright(tmp_path, database, "schema", "create", "file:schema.sql")
    assert "record is still at no revision, 2 migrations pending" in made.stderr
    assert "pgwright migrate repair" in made.stderr
    assert pgwright(tmp_path, database, "migrate", "repair", "--yes").returncode == 0
    (tmp_path / "schema.sql").write_text("CREATE TABLE t (id int PRIMARY KEY, a int)")
    changed = pgwright(tmp_path, database, "schema", "apply", "file:schema.sql", "--yes")
    assert "record is still at one, 1 migration pending" in changed.stderr
    assert pgwright(tmp_path, database, "migrate", "repair", "--yes").returncode == 0
    again = pgwright(tmp_path, database, "schema", "apply", "file:schema.sql", "--yes")
    assert "record" not in again.stderr


def test_a_half_done_revision_that_was_finished_by_hand(tmp_path: Path, database: str) -> None:
    project = alembic_project(tmp_path, REVISIONS[:1])
    migrate(project, database, Way(direction=UP, target="head"))
    up = (
        'op.execute("ALTER TABLE t ADD a int")\nwith op.get_context().autocommit_block():\n'
        '    op.execute("CREATE INDEX CONCURRENTLY t_a ON nobody (a)")'
    )
    path = write_revision(tmp_path, "two", "one", up)
    assert pgwright(tmp_path, database, "migrate", "upgrade").returncode == 4
    assert "two is half applied" in pgwright(tmp_path, database, "migrate", "status").stdout
    path.write_text(path.read_text().replace("nobody", "t"))
    change(database, "CREATE INDEX t_a ON t (a)")
    assert pgwright(tmp_path, database, "migrate", "repair", "--yes").returncode == 0
    told = pgwright(tmp_path, database, "migrate", "status")
    assert told.returncode == 0, told.stdout
    assert rows(database, "SELECT count(*) FROM pgwright.migration_statement") == [(0,)]

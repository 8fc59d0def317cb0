"""A lost or wrong record is found again by comparing the schema with that of every revision."""

from __future__ import annotations

from pathlib import Path

import psycopg
import pytest

from pgwright.errors import RevisionError
from pgwright.migrate.repair import diagnose
from pgwright.migrate.run import UP, Way, migrate
from tests.conftest import MakeDatabase
from tests.integration.migrate.projects import alembic_project, django_project, pgwright, rows
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
    with pytest.raises(RevisionError):
        migrate(project, database, Way(direction=UP, target="head"))
    assert pgwright(tmp_path, database, "migrate", "repair", "four", "--yes").returncode == 0
    assert migrate(project, database, Way(direction=UP, target="head")).state.current == ("five",)


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

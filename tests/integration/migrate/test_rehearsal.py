"""A rehearsal on scratch: what migrations lock, where they lead, which rows they would delete."""

from __future__ import annotations

import json
from pathlib import Path

import psycopg
import pytest

from pgwright.errors import RehearsalFailed
from pgwright.migrate.rehearsal.rehearsal import rehearse_migrations
from pgwright.migrate.run import migrate
from pgwright.migrate.way import DOWN, UP, Way
from pgwright.model.locks import LockMode
from tests.conftest import MakeDatabase
from tests.integration.migrate.projects import alembic_project, django_project, pgwright, rows, write_revision
from tests.servers.running import Server

TABLES = (
    "one",
    None,
    'op.execute("CREATE TABLE t (id int PRIMARY KEY, a int)")\n'
    'op.execute("CREATE TABLE u (id int PRIMARY KEY, t int REFERENCES t)")',
    'op.execute("DROP TABLE u")\nop.execute("DROP TABLE t")',
)
CHANGES = (
    "two",
    "one",
    'op.execute("ALTER TABLE t ALTER a TYPE bigint")\n'
    "with op.get_context().autocommit_block():\n"
    '    op.execute("CREATE INDEX CONCURRENTLY u_t ON u (t)")\n'
    '    op.execute("ALTER TABLE u ADD c int")\n'
    'op.execute("ALTER TABLE t ADD b int")',
    'op.execute("ALTER TABLE u DROP c")\nop.execute("ALTER TABLE t DROP b")\nop.execute("DROP INDEX u_t")',
)
HEAD = Way(direction=UP, target="head")
FILL = (
    "INSERT INTO t SELECT i, i FROM generate_series(1, 500) AS i; "
    "INSERT INTO u SELECT i, 501 - i FROM generate_series(1, 500) AS i"
)


def fill(url: str, statements: str = FILL) -> None:
    with psycopg.connect(url) as conn:
        conn.execute(statements.encode())


def test_locks_and_rewrites_are_observed_and_nothing_is_touched(tmp_path: Path, database: str) -> None:
    project = alembic_project(tmp_path, [TABLES, CHANGES])
    migrate(project, database, Way(direction=UP, target="one"))
    fill(database)
    done = rehearse_migrations(project, database, HEAD, with_data=20)
    retyped, built, widened, *_ = done.statements
    assert retyped.locks == {"public.t": LockMode.ACCESS_EXCLUSIVE}
    assert retyped.rewrites == ("public.t",)
    assert built.locks == {"public.u": LockMode.SHARE_UPDATE_EXCLUSIVE}
    # A statement that commits by itself lets go of its locks at once, and they are seen all the same.
    assert widened.locks == {"public.u": LockMode.ACCESS_EXCLUSIVE}
    # Twenty of each, and the parents of the children.
    assert done.rows == 60
    assert done.lost == ()
    assert rows(database, "SELECT version_num FROM alembic_version") == [("one",)]
    assert rows(database, "SELECT to_regclass('u_t')") == [(None,)]


def test_a_migration_that_only_fails_over_rows(tmp_path: Path, database: str) -> None:
    project = alembic_project(tmp_path, [TABLES])
    migrate(project, database, HEAD)
    fill(database, "INSERT INTO t VALUES (1, NULL)")
    write_revision(tmp_path, "strict", "one", 'op.execute("ALTER TABLE t ALTER a SET NOT NULL")')
    rehearse_migrations(project, database, HEAD)
    with pytest.raises(RehearsalFailed, match="revision strict fails") as caught:
        rehearse_migrations(project, database, HEAD, with_data=10)
    assert "contains null values" in (caught.value.detail or "")
    told = pgwright(tmp_path, database, "migrate", "upgrade", "--rehearse", "--with-data", "10")
    assert told.returncode == 4


def test_production_is_rehearsed_asked_for_and_guarded(tmp_path: Path, database: str) -> None:
    alembic_project(tmp_path, [TABLES, CHANGES])
    production = {"ENVIRONMENT": "production"}

    def run(*words: str) -> tuple[int, str, str]:
        done = pgwright(tmp_path, database, "migrate", *words, **production)
        return done.returncode, done.stdout, done.stderr

    code, out, errors = run("upgrade")
    assert code == 3, errors
    assert "rehearsed on a scratch copy" in out
    assert rows(database, "SELECT to_regclass('t')") == [(None,)]
    assert run("upgrade", "--yes")[0] == 0
    # Nothing is left to ask about.
    assert run("upgrade")[0] == 0
    fill(database)
    for words, more in (
        ("downgrade -1", "--database default --allow deletes-data"),
        ("reset --yes", "--database default --allow deletes-data"),
        ("reset --allow deletes-data", "--database default"),
        ("reset --production default", "--allow deletes-data"),
    ):
        code, _, errors = run(*words.split())
        assert code == 3, errors
        assert f"if you mean it: pgwright migrate {words} {more}\n" in errors
    fill(database, "UPDATE t SET b = 1 WHERE id <= 7")
    code, _, errors = run("downgrade", "-1", "--database", "default", "--allow", "deletes-data")
    assert code == 0, errors
    assert "t.b: 7 rows will be deleted" in errors
    assert run("reset", "--production", "default", "--allow", "deletes-data")[0] == 0


def test_a_downgrade_over_rows_asks(tmp_path: Path, database: str) -> None:
    alembic_project(tmp_path, [TABLES, CHANGES])
    assert pgwright(tmp_path, database, "migrate", "upgrade").returncode == 0
    # No rows: nothing to ask.
    assert pgwright(tmp_path, database, "migrate", "downgrade", "one").returncode == 0
    fill(database)
    refused = pgwright(tmp_path, database, "migrate", "downgrade", "base")
    assert refused.returncode == 3
    assert "public.t: 500 rows will be deleted" in refused.stderr
    assert "if you mean it: pgwright migrate downgrade base --allow deletes-data\n" in refused.stderr
    assert rows(database, "SELECT count(*) FROM u") == [(500,)]
    done = pgwright(tmp_path, database, "migrate", "reset", "--yes", "--json")
    assert json.loads(done.stdout)["current"] == ["two"]
    assert rows(database, "SELECT count(*) FROM u") == [(0,)]


def test_django_on_another_version(tmp_path: Path, server_15: Server, make_database: MakeDatabase) -> None:
    url = make_database(server_15)
    project = django_project(
        tmp_path,
        {
            "0001_t": (True, 'migrations.RunSQL("CREATE TABLE t (id int PRIMARY KEY)", "DROP TABLE t"),'),
            "0002_b": (True, 'migrations.RunSQL("ALTER TABLE t ADD b int", "ALTER TABLE t DROP b"),'),
        },
    )
    migrate(project, url, Way(direction=UP, target="shop.0001_t"))
    done = rehearse_migrations(project, url, Way(direction=UP, target=""))
    assert [run.revision for run in done.revisions] == ["shop.0002_b"]
    # The project has no models.
    assert [str(c) for c in done.differences or ()][:1] == ["drop table public.t"]
    back = rehearse_migrations(project, url, Way(direction=DOWN, target="zero"))
    assert [str(id) for id in back.lost] == ["table public.t"]

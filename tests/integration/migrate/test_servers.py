"""The whole life of migrations on every version of the server."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import psycopg
import pytest
from django.db.backends.postgresql.features import DatabaseFeatures

from pgwright.config import Project
from pgwright.errors import MigrationError, StatementError
from pgwright.migrate.audience import Audience
from pgwright.migrate.record import record
from pgwright.migrate.rehearsal.rehearsal import rehearse_migrations
from pgwright.migrate.repair import diagnose
from pgwright.migrate.run import migrate
from pgwright.migrate.standing import standing
from pgwright.migrate.way import DOWN, UP, Way
from pgwright.model.locks import LockMode
from tests.conftest import MakeDatabase
from tests.integration.migrate.projects import alembic_project, django_project, rows
from tests.servers.running import Server

TABLES = """
CREATE TYPE state AS ENUM ('good')
CREATE TABLE u (id int PRIMARY KEY)
CREATE TABLE t (id int PRIMARY KEY, a int, u int)
"""
BEFORE = """
ALTER TABLE t ADD COLUMN b int
ALTER TYPE state ADD VALUE 'doubtful'
ALTER TABLE t ADD CONSTRAINT a_there CHECK (a IS NOT NULL) NOT VALID
ALTER TABLE t ADD CONSTRAINT of_u FOREIGN KEY (u) REFERENCES u NOT VALID
"""
ALONE = """
ALTER TABLE t VALIDATE CONSTRAINT a_there
ALTER TABLE t VALIDATE CONSTRAINT of_u
CREATE UNIQUE INDEX CONCURRENTLY t_a ON t (a)
"""
AFTER = """
ALTER TABLE t ALTER a SET NOT NULL
ALTER TABLE t DROP CONSTRAINT a_there
ALTER TABLE t ADD CONSTRAINT t_a UNIQUE USING INDEX t_a
"""
BACK = """
ALTER TABLE t DROP CONSTRAINT t_a
ALTER TABLE t ALTER a DROP NOT NULL
ALTER TABLE t DROP CONSTRAINT of_u
DROP TYPE state
CREATE TYPE state AS ENUM ('good')
ALTER TABLE t DROP COLUMN b
"""
GONE = """
DROP TABLE t
DROP TABLE u
DROP TYPE state
"""


class Hears(Audience):
    """Remember what was left out and what was mended."""

    def __init__(self) -> None:
        self.skips: list[str] = []
        self.mends: list[str] = []

    def skipped(self, sql: str) -> None:
        self.skips.append(sql)

    def mended(self, name: str) -> None:
        self.mends.append(name)


def executes(statements: str, indent: str = "") -> str:
    return "".join(f'{indent}op.execute("{line}")\n' for line in statements.strip().splitlines())


def runs(statements: str, back: str) -> str:
    """Return an operation for each statement, the first of which takes all of them back."""
    first, *others = statements.strip().splitlines()
    operations = [f'migrations.RunSQL("{first}", {back.strip().splitlines()}),']
    operations += [f'migrations.RunSQL("{line}", ""),' for line in others]
    return "\n".join(operations)


@pytest.fixture(params=["alembic", "django"])
def project(request: pytest.FixtureRequest, tmp_path: Path) -> Project:
    if request.param == "alembic":
        changes = f"{executes(BEFORE)}with op.get_context().autocommit_block():\n{executes(ALONE, '    ')}"
        changes += executes(AFTER)
        first = ("one", None, executes(TABLES), executes(GONE))
        return alembic_project(tmp_path, [first, ("two", "one", changes, executes(BACK))])
    return django_project(
        tmp_path,
        {
            "0001_one": (True, runs(TABLES, GONE)),
            "0002_two": (False, runs(f"{BEFORE.rstrip()}{ALONE.rstrip()}{AFTER}", BACK)),
        },
    )


def test_up_failed_resumed_repaired_and_back(
    project: Project, each_server: Server, make_database: MakeDatabase
) -> None:
    is_alembic = (project.migrations or "").startswith("alembic")
    all_up = Way(direction=UP, target="head" if is_alembic else "")
    all_down = Way(direction=DOWN, target="base" if is_alembic else "zero")
    one, two = ("one", "two") if is_alembic else ("shop.0001_one", "shop.0002_two")
    url = make_database(each_server)
    if not is_alembic and (each_server.version,) < (DatabaseFeatures.minimum_database_version or ()):
        with pytest.raises(MigrationError, match="refuses this server: PostgreSQL"):
            migrate(project, url, all_up)
        return
    migrate(project, url, Way(direction=UP, target=one))

    with psycopg.connect(url, autocommit=True) as conn:
        conn.execute("INSERT INTO u VALUES (1)")
        conn.execute("INSERT INTO t VALUES (1, 1, 1), (2, 1, 1)")

    seen = rehearse_migrations(project, url, all_up).statements
    (index,) = (s for s in seen if "CONCURRENTLY" in s.sql)
    assert index.locks == {"public.t": LockMode.SHARE_UPDATE_EXCLUSIVE}

    with pytest.raises(StatementError, match="could not create unique index"):
        migrate(project, url, all_up)
    with psycopg.connect(url, autocommit=True) as conn:
        assert [problem.kind for problem in standing(conn, project).problems] == ["unfinished"]
        conn.execute("DELETE FROM t WHERE id = 2")
    hears = Hears()
    assert migrate(project, url, all_up, audience=hears).state.pending == ()
    assert hears.mends == ["public.t_a"]
    assert hears.skips[-1] == "ALTER TABLE t VALIDATE CONSTRAINT of_u"
    nulls = "SELECT attnotnull FROM pg_attribute WHERE attrelid = 't'::regclass AND attname = 'a'"
    assert rows(url, nulls) == [(True,)]

    with psycopg.connect(url, autocommit=True) as conn:
        assert standing(conn, project).problems == ()
        conn.execute("DROP TABLE alembic_version" if is_alembic else "DROP TABLE django_migrations")
        assert [problem.kind for problem in standing(conn, project).problems] == ["untracked"]
    best = diagnose(project, url).best
    assert (best.revision, best.is_exact) == (two, True)
    assert record(project, url, best.record).pending == ()

    assert migrate(project, url, all_down).state.applied == 0
    with ThreadPoolExecutor() as pool:
        both = list(pool.map(lambda _: migrate(project, url, Way(direction=UP, target=one)), range(2)))
    assert sorted(len(outcome.done) for outcome in both) == [0, 1]

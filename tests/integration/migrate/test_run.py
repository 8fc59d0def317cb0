"""Migrations on live databases: two at once, locks in the way, over leftovers, mixed with the tools' own."""

from __future__ import annotations

import json
import threading
import time
from collections.abc import Sequence
from pathlib import Path

import psycopg
import pytest

from pgwright import migration_lock
from pgwright.errors import LockTimeoutError, MigrationError, RevisionError, StatementError
from pgwright.migrate.audience import Audience
from pgwright.migrate.lookout import LongStatement
from pgwright.migrate.run import migrate
from pgwright.migrate.way import DOWN, UP, Pace, Way
from pgwright.pg.blocking import Blocker
from tests.integration.migrate.projects import (
    HEAD,
    TABLE,
    alembic,
    alembic_project,
    django_project,
    pgwright,
    rows,
    starts,
    write_revision,
)

COLUMN = (
    "two",
    "one",
    'op.execute("ALTER TABLE t ADD COLUMN b int")',
    'op.execute("ALTER TABLE t DROP COLUMN b")',
)
INDEX = (
    "three",
    "two",
    'with op.get_context().autocommit_block():\n    op.execute("CREATE INDEX CONCURRENTLY t_a ON t (a)")',
    'op.execute("DROP INDEX t_a")',
)
BASE = Way(direction=DOWN, target="base")
ADD = 'migrations.RunSQL("{}", "{}"),'


class Hears(Audience):
    """Remember what was told."""

    def __init__(self) -> None:
        self.done: list[str] = []
        self.again: list[str] = []
        self.mends: list[str] = []
        self.blockers: list[Sequence[Blocker]] = []
        self.lines: list[str] = []
        self.long: list[LongStatement] = []
        self.waits = threading.Event()

    def ended(self, revision: str, direction: str, seconds: float) -> None:
        self.done.append(f"{revision} {direction}")

    def blocked(self, blockers: Sequence[Blocker]) -> None:
        self.blockers.append(blockers)
        self.waits.set()

    def works(self, statement: LongStatement) -> None:
        self.long.append(statement)

    def mended(self, name: str) -> None:
        self.mends.append(name)

    def tries_again(self, revision: str | None, error: Exception, *, pause: float) -> None:
        self.again.append(f"{revision}: {error}")

    def said(self, line: str) -> None:
        self.lines.append(line)


def test_up_and_down_mixed_with_alembic_itself(tmp_path: Path, database: str) -> None:
    project = alembic_project(tmp_path, [TABLE, COLUMN, INDEX])
    alembic(tmp_path, database, "upgrade", "one")
    hears = Hears()
    outcome = migrate(project, database, Way(direction=UP, target="+1"), audience=hears)
    assert hears.done == ["two up"]
    assert outcome.state.current == ("two",)
    alembic(tmp_path, database, "downgrade", "-1")
    assert migrate(project, database, HEAD, audience=hears).state.current == ("three",)
    assert migrate(project, database, HEAD).run is None
    assert rows(database, "SELECT revision, direction FROM pgwright.migration ORDER BY id") == [
        ("two", "up"),
        ("two", "up"),
        ("three", "up"),
    ]
    alembic(tmp_path, database, "downgrade", "two")
    assert migrate(project, database, BASE).state.current == ()
    assert rows(database, "SELECT to_regclass('t')") == [(None,)]


def test_two_machines_at_once(tmp_path: Path, database: str) -> None:
    alembic_project(tmp_path, [TABLE, COLUMN, INDEX])
    both = [starts(tmp_path, database, "migrate", "upgrade", "--json") for _ in range(2)]
    said = [process.communicate(timeout=120) for process in both]
    assert [process.returncode for process in both] == [0, 0], said
    done = sorted([len(json.loads(out)["done"]) for out, _ in said])
    assert done == [0, 3]


def test_a_lock_that_is_released_late(tmp_path: Path, database: str) -> None:
    project = alembic_project(tmp_path, [TABLE, COLUMN])
    migrate(project, database, Way(direction=UP, target="one"))
    hears = Hears()
    with psycopg.connect(database) as holder:
        holder.execute("LOCK TABLE t IN ACCESS SHARE MODE")

        def release() -> None:
            hears.waits.wait(30)
            deadline = time.monotonic() + 30
            while not hears.again and time.monotonic() < deadline:
                time.sleep(0.02)
            holder.rollback()

        thread = threading.Thread(target=release)
        thread.start()
        pace = Pace(lock_timeout=0.6, attempts=30)
        outcome = migrate(project, database, HEAD, pace=pace, audience=hears)
        thread.join()
        assert outcome.state.current == ("two",)
        assert hears.again
        assert {blocker.pid for found in hears.blockers for blocker in found} == {holder.info.backend_pid}


def test_a_lock_that_is_not_released_is_named(tmp_path: Path, database: str) -> None:
    project = alembic_project(tmp_path, [TABLE, COLUMN])
    migrate(project, database, Way(direction=UP, target="one"))
    with psycopg.connect(database) as holder:
        holder.execute("LOCK TABLE t IN ACCESS SHARE MODE")
        with pytest.raises(LockTimeoutError) as caught:
            migrate(project, database, HEAD, pace=Pace(lock_timeout=0.6, attempts=2))
        assert f"pid {holder.info.backend_pid}" in (caught.value.detail or "")
    assert "pgwright migrate resume" in (caught.value.hint or "")
    assert rows(database, "SELECT status FROM pgwright.run ORDER BY started_at") == [
        ("succeeded",),
        ("failed",),
    ]
    assert pgwright(tmp_path, database, "migrate", "resume").returncode == 0
    assert rows(database, "SELECT version_num FROM alembic_version") == [("two",)]


def test_an_invalid_index_is_mended_before_the_retry(tmp_path: Path, database: str) -> None:
    project = alembic_project(tmp_path, [TABLE, COLUMN, INDEX])
    migrate(project, database, Way(direction=UP, target="two"))
    with psycopg.connect(database, autocommit=True) as conn:
        # What a concurrent build leaves that somebody else's tool was killed in.
        conn.execute("CREATE INDEX t_a ON t (a)")
        conn.execute("UPDATE pg_index SET indisvalid = false WHERE indexrelid = 't_a'::regclass")
    hears = Hears()
    migrate(project, database, HEAD, audience=hears)
    assert hears.mends == ["public.t_a"]
    assert rows(database, "SELECT indisvalid FROM pg_index WHERE indexrelid = 't_a'::regclass") == [(True,)]


SLOW = """
op.execute("CREATE FUNCTION slow(n int) RETURNS bool LANGUAGE sql AS 'SELECT pg_sleep(0.015) IS NOT NULL'")
op.execute("ALTER TABLE t ADD CONSTRAINT checked CHECK (slow(id)) NOT VALID")
with op.get_context().autocommit_block():
    op.execute("ALTER TABLE t VALIDATE CONSTRAINT checked")
"""


def test_a_validation_is_told_with_its_time_and_table(tmp_path: Path, database: str) -> None:
    """The server has no view of how far it is: what is known is told."""
    project = alembic_project(tmp_path, [TABLE, ("two", "one", SLOW, "")])
    migrate(project, database, Way(direction=UP, target="one"))
    with psycopg.connect(database, autocommit=True) as conn:
        conn.execute("INSERT INTO t SELECT i FROM generate_series(1, 200) AS i")
        conn.execute("ANALYZE t")
    hears = Hears()
    migrate(project, database, HEAD, audience=hears)
    assert [(told.sql, told.relation, told.rows, told.bytes) for told in hears.long[:1]] == [
        ("ALTER TABLE t VALIDATE CONSTRAINT checked", "public.t", 200, 8192)
    ]
    assert 2 < hears.long[0].seconds < hears.long[-1].seconds


def test_a_killed_build_does_not_go_on_unseen(tmp_path: Path, database: str) -> None:
    """The server ends the statement of a killed program, or the next run waits for it."""
    project = alembic_project(tmp_path, [TABLE, COLUMN, INDEX])
    migrate(project, database, Way(direction=UP, target="two"))
    with psycopg.connect(database) as writer, psycopg.connect(database, autocommit=True) as observer:
        writer.execute("INSERT INTO t VALUES (1, 1)")
        process = starts(tmp_path, database, "migrate", "upgrade")
        building = (
            "SELECT count(*) FROM pg_stat_activity WHERE query LIKE 'CREATE INDEX CONC%' AND state = 'active'"
        )
        until(observer, building, 1)
        process.kill()
        process.communicate()
        until(observer, building, 0)
        writer.commit()
    assert migrate(project, database, HEAD).state.current == ("three",)
    assert rows(database, "SELECT indisvalid FROM pg_index WHERE indexrelid = 't_a'::regclass") == [(True,)]


def until(conn: psycopg.Connection, query: str, wanted: int) -> None:
    deadline = time.monotonic() + 60
    while conn.execute(query.encode()).fetchone() != (wanted,):
        assert time.monotonic() < deadline, query
        time.sleep(0.05)


def test_branches_and_merges(tmp_path: Path, database: str) -> None:
    project = alembic_project(
        tmp_path,
        [
            ("root", None, 'op.execute("CREATE TABLE r (id int)")', 'op.execute("DROP TABLE r")'),
            ("left", "root", 'op.execute("CREATE TABLE l (id int)")', 'op.execute("DROP TABLE l")'),
            ("right", "root", 'op.execute("CREATE TABLE g (id int)")', 'op.execute("DROP TABLE g")'),
        ],
    )
    with pytest.raises(RevisionError, match="several heads: left, right"):
        migrate(project, database, HEAD)
    told = pgwright(tmp_path, database, "migrate", "status")
    assert told.returncode == 1
    assert "alembic merge heads" in told.stdout
    assert migrate(project, database, Way(direction=UP, target="heads")).state.current == ("left", "right")
    write_revision(tmp_path, "merged", ("left", "right"), "", "")
    assert migrate(project, database, HEAD).state.current == ("merged",)
    (tmp_path / "alembic" / "versions" / "right.py").rename(tmp_path / "right.py")
    told = pgwright(tmp_path, database, "migrate", "status")
    assert "merged follows right, and no file has that" in told.stdout and "heads" not in told.stdout
    (tmp_path / "right.py").rename(tmp_path / "alembic" / "versions" / "right.py")
    assert migrate(project, database, BASE).state.current == ()


def test_what_fails_is_rolled_back_and_named(tmp_path: Path, database: str) -> None:
    project = alembic_project(tmp_path, [TABLE])
    path = write_revision(
        tmp_path,
        "bad",
        "one",
        'op.execute("CREATE TABLE u (id int)")\nop.execute("ALTER TABLE nobody ADD a int")',
    )
    with pytest.raises(StatementError, match="nobody") as caught:
        migrate(project, database, HEAD)
    assert "alembic/versions/bad.py:10" in (caught.value.detail or "")
    assert rows(database, "SELECT version_num, to_regclass('u') FROM alembic_version") == [("one", None)]
    path.write_text(
        path.read_text().replace('op.execute("ALTER TABLE nobody ADD a int")', "raise ValueError('no')")
    )
    with pytest.raises(MigrationError, match="ValueError: no"):
        migrate(project, database, HEAD)


def test_what_is_there_already_may_be_recorded(tmp_path: Path, database: str) -> None:
    project = alembic_project(tmp_path, [TABLE])
    migrate(project, database, HEAD)
    write_revision(tmp_path, *COLUMN)
    with psycopg.connect(database, autocommit=True) as conn:
        conn.execute("ALTER TABLE t ADD COLUMN b int")
    with pytest.raises(StatementError) as caught:
        migrate(project, database, HEAD)
    assert "pgwright migrate repair" in str(caught.value.hint)
    assert pgwright(tmp_path, database, "migrate", "repair", "--yes").returncode == 0
    assert migrate(project, database, HEAD).done == ()


@pytest.mark.parametrize(
    "way", [Way(direction=UP, target="nosuch"), Way(direction=DOWN, target="-9")], ids=str
)
def test_a_revision_that_is_none_leaves_nothing_to_resume(tmp_path: Path, database: str, way: Way) -> None:
    project = alembic_project(tmp_path, [TABLE])
    migrate(project, database, HEAD)
    with pytest.raises(RevisionError) as caught:
        migrate(project, database, way)
    assert "resume" not in str(caught.value.hint)
    assert rows(database, "SELECT status FROM pgwright.run") == [("succeeded",)]
    verb = "upgrade" if way.direction == UP else "downgrade"
    asked = pgwright(tmp_path, database, "migrate", verb, way.target)
    assert asked.returncode == 3
    assert asked.stderr.startswith("error[PW502]")


def test_the_url_that_alembic_init_leaves_is_no_obstacle(tmp_path: Path, database: str) -> None:
    project = alembic_project(tmp_path, [TABLE])
    with (tmp_path / "alembic.ini").open("a") as ini:
        ini.write("sqlalchemy.url = driver://user:pass@localhost/dbname\n")
    env = (tmp_path / "alembic" / "env.py").read_text()
    env = env.replace("create_engine(url", 'engine_from_config(context.config.get_section("alembic")')
    (tmp_path / "alembic" / "env.py").write_text(env.replace("create_engine", "engine_from_config"))
    assert [done.revision for done in migrate(project, database, HEAD).done] == ["one"]
    assert rows(database, "SELECT version_num FROM alembic_version") == [("one",)]


def test_env_that_leads_elsewhere_is_refused(tmp_path: Path, database: str) -> None:
    project = alembic_project(tmp_path, [TABLE])
    env = tmp_path / "alembic" / "env.py"
    text = env.read_text()
    env.write_text(text.replace("engine.connect()", "engine.begin()"))
    with pytest.raises(MigrationError, match="a transaction around all revisions"):
        migrate(project, database, HEAD)
    env.write_text(
        text.replace(
            "poolclass=NullPool", "creator=lambda: __import__('psycopg').connect(os.environ['DATABASE_URL'])"
        )
    )
    with pytest.raises(MigrationError, match="leads past pgwright"):
        migrate(project, database, HEAD)
    assert rows(database, "SELECT to_regclass('t')") == [(None,)]


def test_django_waits_resumes_and_goes_back(tmp_path: Path, database: str) -> None:
    project = django_project(
        tmp_path,
        {
            "0001_t": (True, ADD.format("CREATE TABLE t (id int PRIMARY KEY, a int)", "DROP TABLE t")),
            "0002_b": (True, ADD.format("ALTER TABLE t ADD COLUMN b int", "ALTER TABLE t DROP COLUMN b")),
            "0003_i": (
                False,
                ADD.format("CREATE INDEX CONCURRENTLY t_a ON t (a)", "DROP INDEX CONCURRENTLY t_a"),
            ),
        },
    )
    migrate(project, database, Way(direction=UP, target="shop.0001"))
    with psycopg.connect(database) as holder:
        holder.execute("LOCK TABLE t IN ACCESS SHARE MODE")
        with pytest.raises(LockTimeoutError) as caught:
            migrate(project, database, Way(direction=UP, target=""), pace=Pace(lock_timeout=0.6, attempts=2))
        assert f"pid {holder.info.backend_pid}" in (caught.value.detail or "")
    hears = Hears()
    migrate(project, database, Way(direction=UP, target=""), audience=hears)
    assert hears.done == ["shop.0002_b up", "shop.0003_i up"]
    migrate(project, database, Way(direction=DOWN, target="-1"), audience=hears)
    assert hears.done[-1] == "shop.0003_i down"
    migrate(project, database, Way(direction=DOWN, target="zero"))
    assert rows(database, "SELECT count(*), to_regclass('t') FROM django_migrations") == [(0, None)]
    assert "CREATE TABLE t" in pgwright(tmp_path, database, "migrate", "sql").stdout


def test_history_says_who_and_when_and_what_was_edited(tmp_path: Path, database: str) -> None:
    alembic_project(tmp_path, [TABLE, COLUMN, INDEX])
    assert pgwright(tmp_path, database, "migrate", "upgrade", "two").returncode == 0
    listed = json.loads(pgwright(tmp_path, database, "migrate", "history", "--json").stdout)
    assert [row["state"] for row in listed] == ["pending", "applied", "applied"]
    assert listed[1]["is_current"]
    assert listed[1]["actor"]
    assert listed[1]["run"]
    file = tmp_path / "alembic" / "versions" / "two.py"
    file.write_text(file.read_text().replace("b int", "b bigint"))
    told = pgwright(tmp_path, database, "migrate", "status")
    assert "two.py was changed after it ran here" in told.stdout
    assert told.returncode == 1
    assert (
        "CREATE INDEX CONCURRENTLY" in pgwright(tmp_path, database, "migrate", "sql", "--from", "two").stdout
    )
    (tmp_path / "alembic" / "versions" / "one.py").unlink()
    assert "two follows one, and no file has that" in pgwright(tmp_path, database, "migrate", "status").stdout
    refused = pgwright(tmp_path, database, "migrate", "upgrade")
    assert refused.returncode == 3
    assert "two follows one, and no file has that" in refused.stderr


def test_the_project_may_take_the_same_lock(tmp_path: Path, database: str) -> None:
    project = alembic_project(tmp_path, [TABLE])
    with migration_lock(database), pytest.raises(LockTimeoutError):
        migrate(project, database, HEAD, pace=Pace(turn_wait=0.1))
    env = tmp_path / "alembic" / "env.py"
    text = env.read_text().replace("import os\n", "import os\nfrom pgwright import migration_lock\n")
    env.write_text(
        text.replace("    with engine.connect()", "    with migration_lock(url), engine.connect()")
    )
    # Below pgwright, which has the lock already, it does not wait for itself.
    assert migrate(project, database, HEAD).state.current == ("one",)


def test_files_that_do_not_say_which_there_are(tmp_path: Path, database: str) -> None:
    (tmp_path / "django").mkdir()
    project = django_project(
        tmp_path / "django", {"0001_t": (True, ADD.format("CREATE TABLE t (id int)", "DROP TABLE t"))}
    )
    settings = tmp_path / "django" / "site_settings.py"
    settings.write_text(settings.read_text() + "INSTALLED_APPS = [name for name in INSTALLED_APPS]\n")
    told = pgwright(tmp_path / "django", database, "migrate", "upgrade")
    assert told.returncode == 0, told.stderr
    assert "shop.0001_t" in pgwright(project.root, database, "migrate", "history").stdout
    project = alembic_project(tmp_path / "alembic", [TABLE])
    path = tmp_path / "alembic" / "alembic" / "versions" / "one.py"
    path.write_text(path.read_text().replace("revision = 'one'\n", "revision = ''.join(['one'])\n"))
    rows_before = rows(database, "SELECT to_regclass('t')")
    assert rows_before != [(None,)]
    with psycopg.connect(database, autocommit=True) as conn:
        conn.execute("DROP TABLE t")
    assert migrate(project, database, HEAD).done[0].revision == "one"

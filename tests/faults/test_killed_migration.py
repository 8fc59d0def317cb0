"""A migration that is killed at any of its statements goes on where it stopped, and comes to the same end."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterable
from pathlib import Path

import psycopg

from pgwright.config import Project
from pgwright.migrate.run import migrate
from pgwright.migrate.runs import last_run, way_of
from pgwright.migrate.way import UP, Way
from pgwright.model.run import RunStatus
from pgwright.sources.database import read_catalog
from tests.conftest import MakeDatabase
from tests.integration.migrate.projects import alembic_project, django_project, environment_for, rows
from tests.servers.running import Server

# Ten statements in four pieces: a transaction, three that commit alone, one more in a transaction of its own,
# and the rest with the revision.
TEN_STEPS = """
op.execute("CREATE TABLE orders (id int PRIMARY KEY, state text, total int DEFAULT 0)")
op.execute("INSERT INTO orders SELECT i, 'open' FROM generate_series(1, 200) AS i")
op.execute("UPDATE orders SET total = total + id")
with op.get_context().autocommit_block():
    op.execute("CREATE INDEX CONCURRENTLY orders_state ON orders (state)")
    op.execute("UPDATE orders SET total = total + 1")
    op.execute("CREATE INDEX CONCURRENTLY orders_total ON orders (total)")
    op.execute("DROP INDEX CONCURRENTLY orders_state")
op.execute("ALTER TABLE orders ADD COLUMN note text")
op.execute("UPDATE orders SET note = 'was ' || state")
op.execute("CREATE TABLE log (said text)")
"""
DJANGO_STEPS = """
migrations.RunSQL("CREATE TABLE orders (id int PRIMARY KEY, state text, total int DEFAULT 0)"),
migrations.RunSQL("INSERT INTO orders SELECT i, 'open' FROM generate_series(1, 200) AS i"),
migrations.RunSQL("UPDATE orders SET total = total + id"),
migrations.RunSQL("CREATE INDEX CONCURRENTLY orders_state ON orders (state)"),
migrations.RunSQL("UPDATE orders SET total = total + 1"),
migrations.RunSQL("CREATE INDEX CONCURRENTLY orders_total ON orders (total)"),
migrations.RunSQL("DROP INDEX CONCURRENTLY orders_state"),
migrations.RunSQL("ALTER TABLE orders ADD COLUMN note text"),
migrations.RunSQL("UPDATE orders SET note = 'was ' || state"),
migrations.RunSQL("CREATE TABLE log (said text)"),
"""
# Declarations in a transaction, by themselves, and with the revision: what is there decides their statements.
DECLARING = """
from pgwright.contrib.sqlalchemy import Retain, TimeSeries, declare_policies, withdraw_policies
op.execute("CREATE TABLE log (at timestamptz PRIMARY KEY, n int)")
op.execute("INSERT INTO log SELECT now() - i * interval '20 days', i FROM generate_series(1, 9) i")
declare_policies(op.get_bind(), "log", TimeSeries("at", "1 month"))
with op.get_context().autocommit_block():
    op.execute("UPDATE log SET n = n + 1")
    declare_policies(op.get_bind(), "log", Retain("1 year"))
    withdraw_policies(op.get_bind(), "log", Retain("1 year"))
    op.execute("UPDATE log SET n = n + 1")
    declare_policies(op.get_bind(), "log", Retain("2 years"))
op.execute("UPDATE log SET n = n + 1")
withdraw_policies(op.get_bind(), "log", TimeSeries("at", "1 month"), Retain("2 years"))
declare_policies(op.get_bind(), "log", TimeSeries("at", "1 year"))
"""
DJANGO_DECLARING = """
migrations.CreateModel("Log", [("at", models.DateTimeField(primary_key=True)), ("n", models.IntegerField())],
    options={"db_table": "log"}),
migrations.RunSQL("INSERT INTO log SELECT now() - i * interval '20 days', i FROM generate_series(1, 9) i"),
CreateHypertable("log", TimeSeries("at", "1 month")),
migrations.RunSQL("UPDATE log SET n = n + 1"),
AddRetention("log", Retain("1 year")),
RemovePolicy("log", Retain("1 year")),
migrations.RunSQL("UPDATE log SET n = n + 1"),
AddRetention("log", Retain("2 years")),
migrations.RunSQL("UPDATE log SET n = n + 1"),
"""
LOGGED = "SELECT n FROM log ORDER BY at"
STEPS = 10
ROWS = "SELECT id, state, total, note FROM orders ORDER BY id"

# The program dies while the statement of that number begins, or has just ended.
_CHILD = """
import os, signal, sys
from pathlib import Path
from pgwright.config import load_project
from pgwright.migrate.audience import Audience
from pgwright.migrate.run import migrate
from pgwright.migrate.way import UP, Way

url, folder, last = sys.argv[1], Path(sys.argv[2]), int(sys.argv[3])

class Dies(Audience):
    seen = 0
    wants_statements = True
    def statement(self, sql):
        self.seen += 1
        if self.seen == last:
            os.kill(os.getpid(), signal.SIGKILL)

migrate(load_project(folder), url, Way(direction=UP, target=sys.argv[4]), audience=Dies())
"""


def dies_at(number: int, folder: Path, url: str, target: str) -> None:
    done = subprocess.run(
        [sys.executable, "-c", _CHILD, url, str(folder), str(number), target],
        env=environment_for(url),
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == -9, done.stderr


def end_of(url: str, query: str) -> tuple[str, list[tuple[object, ...]]]:
    with psycopg.connect(url) as conn:
        catalog = read_catalog(conn, source="end")
    return catalog.digest, rows(url, query)


def killed_at(
    numbers: Iterable[int],
    project: Project,
    server: Server,
    make_database: MakeDatabase,
    target: str,
    *,
    query: str = ROWS,
    first: tuple[object, ...] = (1, "open", 2, "was open"),
) -> None:
    whole = make_database(server)
    migrate(project, whole, Way(direction=UP, target=target))
    wanted = end_of(whole, query)
    assert wanted[1][0] == first
    for number in numbers:
        url = make_database(server)
        dies_at(number, project.root, url, target)
        with psycopg.connect(url, autocommit=True) as conn:
            run = last_run(conn)
            assert run is not None
            way = way_of(conn, run)
        assert run.status is RunStatus.ABANDONED
        assert way is not None
        migrate(project, url, way)
        assert end_of(url, query) == wanted, f"killed at statement {number}"
        assert rows(url, "SELECT count(*) FROM pgwright.migration_statement") == [(0,)]


def test_alembic_killed_at_every_statement(
    tmp_path: Path, server_18: Server, make_database: MakeDatabase
) -> None:
    project = alembic_project(tmp_path, [("ten", None, TEN_STEPS, "")])
    killed_at(range(1, STEPS + 1), project, server_18, make_database, "head")


def test_django_killed_between_its_pieces(
    tmp_path: Path, server_18: Server, make_database: MakeDatabase
) -> None:
    project = django_project(tmp_path, {"0001_ten": (False, DJANGO_STEPS)})
    killed_at((4, 5, 9), project, server_18, make_database, "")


def test_alembic_killed_while_policies_are_declared(
    tmp_path: Path, server_18: Server, make_database: MakeDatabase
) -> None:
    """A declaration counts as one statement, whatever it still finds to do."""
    project = alembic_project(tmp_path, [("one", None, DECLARING, "")])
    killed_at((5, 9, 11, 13, 18), project, server_18, make_database, "head", query=LOGGED, first=(12,))


def test_django_killed_while_policies_are_declared(
    tmp_path: Path, server_18: Server, make_database: MakeDatabase
) -> None:
    project = django_project(tmp_path, {"0001_one": (False, DJANGO_DECLARING)})
    path = tmp_path / "shop" / "migrations" / "0001_one.py"
    nouns = "from django.db import models\nfrom pgwright.contrib.django.timeseries import *\n"
    path.write_text(nouns + path.read_text())
    killed_at((5, 9, 11, 13), project, server_18, make_database, "", query=LOGGED, first=(12,))

"""A target that follows its source, is switched over to, and leaves nothing behind."""

from __future__ import annotations

import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import psycopg
import pytest

from pgwright.errors import CopyFailed, FollowRefused, PolicyError
from pgwright.kinds.timeseries.rollup_names import own_log
from pgwright.model.names import QualifiedName
from pgwright.model.policy import Rollup, TimeSeries
from pgwright.pg.quoting import qualified, render
from pgwright.timeseries.declare import Edit, declare
from pgwright.timeseries.run import Demand, run_policies
from pgwright.transfer.copy.choice import Choice
from pgwright.transfer.copy.copy import Manner, resume_copy
from pgwright.transfer.copy.follow import follow, lag, name_of, open_again, stop, switch
from tests.conftest import MakeDatabase
from tests.integration.cli.running import pgwright
from tests.integration.diff.ways import until
from tests.servers.running import Server

SCHEMA = """
CREATE TABLE orders (id int GENERATED ALWAYS AS IDENTITY PRIMARY KEY, state text);
INSERT INTO orders (state) SELECT 'new' FROM generate_series(1, 20000);
CREATE TABLE days (at date PRIMARY KEY, n int) PARTITION BY RANGE (at);
CREATE TABLE days_2020 PARTITION OF days FOR VALUES FROM ('2020-01-01') TO ('2021-01-01');
INSERT INTO days SELECT date '2020-01-01' + g, g FROM generate_series(0, 300) g;
CREATE UNLOGGED TABLE cache (k text);
"""
CHANGES = """
INSERT INTO orders (state) SELECT 'later' FROM generate_series(1, 500);
UPDATE orders SET state = 'sent' WHERE id % 3 = 0; DELETE FROM orders WHERE id % 7 = 0;
UPDATE days SET n = -n WHERE n > 100
"""
_CHILD = """
import sys
from pgwright.transfer.copy.choice import Choice
from pgwright.transfer.copy.copy import Manner
from pgwright.transfer.copy.follow import follow
follow(sys.argv[1], sys.argv[2], Choice(), Manner(rate=200_000))
"""


def execute(url: str, statements: str) -> None:
    with psycopg.connect(url) as conn:
        conn.execute(statements.encode())


def left(url: str, name: str) -> tuple[int, ...]:
    """Return how many slots and publications of that name there are."""
    with psycopg.connect(url) as conn:
        row = conn.execute(
            "SELECT (SELECT count(*) FROM pg_replication_slots WHERE slot_name LIKE %s),"
            " (SELECT count(*) FROM pg_publication WHERE pubname = %s)",
            [f"{name}%", name],
        ).fetchone()
    assert row is not None
    return row


def begun(url: str) -> bool:
    with psycopg.connect(url) as conn:
        if conn.execute("SELECT to_regclass('pgwright.copy_item')").fetchone() == (None,):
            return False
        return conn.execute("SELECT FROM pgwright.copy_item").fetchone() is not None


@contextmanager
def owner(url: str) -> Iterator[str]:
    """Make the database belong to a role that may do nothing to others' sessions; gives its URL."""
    parts = psycopg.conninfo.conninfo_to_dict(url)
    name = parts["dbname"]
    execute(url, f"CREATE ROLE {name} LOGIN PASSWORD 'x'; ALTER DATABASE {name} OWNER TO {name}")
    yield f"postgresql://{name}:x@{parts['host']}:{parts['port']}/{name}"
    execute(url, f"ALTER DATABASE {name} OWNER TO postgres; DROP ROLE {name}")


def test_follow_and_switch(server_15: Server, server_18: Server, make_database: MakeDatabase) -> None:
    old, new = make_database(server_15), make_database(server_18)
    execute(old, SCHEMA)
    notes: list[str] = []
    done = follow(old, new, Choice(), Manner(on_note=notes.append))
    assert done.rows == 20301
    assert notes == ["unlogged tables are copied, but do not follow: public.cache"]
    execute(old, CHANGES)
    found = switch(old, new, Manner())
    assert found is not None and found.agrees, found
    assert lag(old, new) is None
    assert left(old, name_of(old, new)) == (0, 0)
    with psycopg.connect(new) as conn:
        assert conn.execute("INSERT INTO orders (state) VALUES ('x') RETURNING id").fetchone() == (20501,)
        # All databases of a server have one list.
        here = "(SELECT oid FROM pg_database WHERE datname = current_database())"
        assert conn.execute(f"SELECT FROM pg_subscription WHERE subdbid = {here}".encode()).fetchall() == []
        assert conn.execute("SELECT pubname FROM pg_publication").fetchall() == []
    with pytest.raises(psycopg.errors.ReadOnlySqlTransaction):
        execute(old, "INSERT INTO orders (state) VALUES ('lost')")
    open_again(old)
    execute(old, "INSERT INTO orders (state) VALUES ('x')")
    with pytest.raises(FollowRefused, match="does not follow"):
        switch(old, new, Manner())


def test_rollups_take_in_what_followed(
    server_17: Server, server_18: Server, make_database: MakeDatabase
) -> None:
    old, new = make_database(server_18), make_database(server_17)
    rollup = Rollup("hourly", bucket="1 hour", aggregates={"n": "count(*)", "total": "sum(v)"})
    with psycopg.connect(old, autocommit=True) as conn:
        conn.execute("CREATE TABLE readings (id int, at timestamptz, v int, PRIMARY KEY (id, at))")
        for policy in (TimeSeries("at", "1 month"), rollup):
            with conn.transaction():
                declare(conn, [Edit(table=QualifiedName("public", "readings"), policy=policy)])
        conn.execute("INSERT INTO readings SELECT i, now(), i FROM generate_series(1, 50) AS i")
    assert not run_policies(old, Demand(force=True)).failed
    follow(old, new, Choice(), Manner())
    # As if somebody had refreshed it there: nothing tells any more that it is to be computed anew.
    execute(new, f"DELETE FROM {render(qualified(own_log(QualifiedName('public', 'hourly'))))}")
    execute(old, "UPDATE readings SET v = v + 1; DELETE FROM readings WHERE id > 40")
    with pytest.raises(PolicyError, match="follows the one"):
        run_policies(new)
    found = switch(old, new, Manner())
    assert found is not None and found.agrees, found
    assert not run_policies(new, Demand(tasks=("refresh",))).failed
    with psycopg.connect(new) as conn:
        (n, total) = conn.execute("SELECT sum(n)::int, sum(total)::int FROM hourly").fetchone() or (0, 0)
    assert (n, total) == (40, sum(range(2, 42)))


def test_a_kill_leaves_no_slot(server_18: Server, server_17: Server, make_database: MakeDatabase) -> None:
    old, new = make_database(server_17), make_database(server_18)
    execute(old, SCHEMA + "CREATE TABLE bare (a int)")
    with pytest.raises(FollowRefused, match=r"without a replica identity .* public\.bare"):
        follow(old, new, Choice(), Manner())
    execute(old, "DROP TABLE bare")
    name = name_of(old, new)
    child = subprocess.Popen([sys.executable, "-c", _CHILD, old, new], stderr=subprocess.PIPE)
    until(lambda: left(old, name) == (1, 1) or child.poll() is not None, "the temporary slot")
    until(lambda: begun(new) or child.poll() is not None, "the copy's first mark")
    assert child.poll() is None
    child.send_signal(signal.SIGKILL)
    child.communicate()
    until(lambda: left(old, name)[0] == 0, "the slot's end")
    # Gone on with, but not followed: what was to be followed by is no difference.
    done = resume_copy(old, new)
    assert done.verification is not None and done.verification.agrees, done.verification
    stop(old, new)
    assert left(old, name) == (0, 0)
    with psycopg.connect(new) as conn:
        conn.execute(
            "DROP SCHEMA public CASCADE; CREATE SCHEMA public; DROP SCHEMA IF EXISTS pgwright CASCADE"
        )
    follow(old, new, Choice(), Manner())
    execute(old, CHANGES)
    assert left(old, name) == (1, 1)
    refused = pytest.raises(CopyFailed, match="sessions at the source cannot be ended")
    with owner(old) as limited, psycopg.connect(old), refused:
        switch(limited, new, Manner())
    execute(old, "INSERT INTO orders (state) VALUES ('still open')")
    assert stop(old, new)
    assert left(old, name) == (0, 0) and not stop(old, new)


def test_command(server_18: Server, server_16: Server, make_database: MakeDatabase, tmp_path: Path) -> None:
    old, new = make_database(server_16), make_database(server_18)
    execute(old, SCHEMA)
    (tmp_path / "pgwright.toml").write_text(
        f'[project]\nname = "x"\n[databases.old]\nurl = "{old}"\n[databases.new]\nurl = "{new}"\n'
    )
    done = pgwright("copy", "old", "new", "--switch", "--yes", cwd=tmp_path)
    assert done.returncode == 3 and "PW753" in done.stderr
    part = ("--exclude", "public.cach*")
    done = pgwright("copy", "old", "new", "--follow", "--yes", *part, cwd=tmp_path)
    assert done.returncode == 0, done.stderr
    assert "take over: pgwright copy old new --switch --exclude 'public.cach*'\n" in done.stdout
    done = pgwright("copy", "old", "new", "--follow", cwd=tmp_path)
    assert done.returncode == 0 and "new is" in done.stdout
    done = pgwright("copy", "old", "new", "--stop", cwd=tmp_path)
    assert done.returncode == 3 and "End the following?" in done.stderr
    done = pgwright("copy", "old", "new", "--switch", "--yes", *part, cwd=tmp_path)
    assert done.returncode == 0, done.stderr
    assert "new has everything and takes over; old stays read-only" in done.stdout
    undo = done.stdout.partition("run there: ")[2]
    with psycopg.connect(old, autocommit=True) as conn:
        for statement in undo.split(";"):
            conn.execute(statement.encode())
    execute(old, "CREATE TABLE written (id int)")
    done = pgwright("copy", "old", "new", "--stop", cwd=tmp_path)
    assert done.returncode == 0 and "nothing followed" in done.stdout
    assert pgwright("copy", "old", "new", "--follow", "--stop", cwd=tmp_path).returncode == 2

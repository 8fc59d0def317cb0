"""A copy that is killed at any moment, cut off, or starved is finished by --resume, exactly.

`PGWRIGHT_TEST_KILLS` says how many moments are tried (4; fifty make the deep version).
"""

from __future__ import annotations

import os
import random
import signal
import subprocess
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from pathlib import Path

import psycopg
import pytest

from pgwright.errors import CopyFailed, PgwrightError, UsageError
from pgwright.transfer.copy.choice import Choice
from pgwright.transfer.copy.copy import Manner, copy_database, resume_copy
from pgwright.verify.contents import Scope, verify_databases
from tests.conftest import MakeDatabase
from tests.faults.proxy import port_of, proxy
from tests.faults.small_disk import small_disk
from tests.integration.diff.ways import until
from tests.servers.running import Server

KILLS = int(os.environ.get("PGWRIGHT_TEST_KILLS", "4"))
SCHEMA = """
CREATE TABLE big (id int PRIMARY KEY, word text, at timestamptz DEFAULT '2020-01-01');
CREATE INDEX ON big (word);
INSERT INTO big SELECT g, md5(g::text) FROM generate_series(1, 30000) g;
CREATE TABLE bare (a int, word text);
INSERT INTO bare SELECT g % 1000, repeat('x', 50) FROM generate_series(1, 20000) g;
CREATE TABLE small (id serial PRIMARY KEY, big int REFERENCES big);
INSERT INTO small (big) SELECT g FROM generate_series(1, 500) g;
CREATE MATERIALIZED VIEW words AS SELECT count(DISTINCT word) FROM big;
SELECT lo_from_bytea(1, 'x');
"""
# What a source in use does between the kill and the resume: rows move between blocks, come and go.
MEANWHILE = """
UPDATE big SET word = 'changed' WHERE id % 7 = 0; DELETE FROM big WHERE id % 11 = 0 AND id > 500;
INSERT INTO big SELECT g, 'new' FROM generate_series(100001, 100500) g;
UPDATE bare SET word = 'changed' WHERE a % 13 = 0; INSERT INTO small (big) VALUES (1)
"""
PARTS = 32 * 1024  # bytes: some forty parts
_CHILD = """
import sys
from pgwright.transfer.copy.copy import Manner, copy_database, resume_copy
source, target, how, parts, rate = sys.argv[1:]
manner = Manner(least_part=int(parts), rate=float(rate), verify=False)
(resume_copy(source, target, manner) if how == "resume" else copy_database(source, target, None, manner))
"""


def execute(url: str, statements: str) -> None:
    with psycopg.connect(url) as conn:
        conn.execute(statements.encode())


def finished(url: str) -> int:
    """Return how many pieces the target's ledger has."""
    with psycopg.connect(url) as conn:
        if conn.execute("SELECT to_regclass('pgwright.copy_item')").fetchone() == (None,):
            return 0
        row = conn.execute("SELECT count(*) FROM pgwright.copy_item").fetchone()
    assert row is not None
    return int(row[0])


def rows_complete(url: str) -> bool:
    with psycopg.connect(url) as conn:
        if conn.execute("SELECT to_regclass('pgwright.copy_item')").fetchone() == (None,):
            return False
        found = conn.execute("SELECT FROM pgwright.copy_item WHERE item = 'rows complete'").fetchone()
    return found is not None or not unfinished(url)


def unfinished(url: str) -> bool:
    with psycopg.connect(url) as conn:
        return conn.execute("SELECT FROM pgwright.run WHERE status = 'succeeded'").fetchone() is None


def start(source: str, target: str, how: str = "copy", *, rate: int = 0) -> subprocess.Popen[bytes]:
    arguments = [source, target, how, str(PARTS), str(rate)]
    return subprocess.Popen([sys.executable, "-c", _CHILD, *arguments], stderr=subprocess.PIPE)


def wait_for(url: str, pieces: int, child: subprocess.Popen[bytes]) -> None:
    """Wait until so many pieces are finished, or the child has ended."""
    # A whole copy may go by until then, on a machine that does other things as well.
    until(lambda: finished(url) >= pieces or child.poll() is not None, f"{pieces} pieces", patience=120)


def require_equal(source: str, target: str) -> None:
    found = verify_databases(source, target, Scope(schemas=False))
    assert [table for table in found.tables if not table.agrees] == []


@pytest.fixture
def source(server_18: Server, make_database: MakeDatabase) -> str:
    url = make_database(server_18)
    execute(url, SCHEMA)
    return url


@pytest.mark.parametrize("seed", range(KILLS))
def test_kill_and_resume(seed: int, source: str, server_18: Server, make_database: MakeDatabase) -> None:
    target = make_database(server_18)
    chance = random.Random(seed)  # noqa: S311 - the moment, not a secret
    # The second kill meets a resumed run; every second source is in use meanwhile.
    for how in ("copy", "resume"):
        moment = chance.randint(1, 45)
        child = start(source, target, how)
        wait_for(target, moment, child)
        time.sleep(chance.random() * 0.05)
        child.send_signal(signal.SIGKILL)
        child.communicate()
        # What is complete belongs to the moment of its snapshot, and is not taken again.
        if seed % 2 and not rows_complete(target):
            execute(source, MEANWHILE.replace("100", f"{seed + 1}0{2 if how == 'copy' else 4}"))
    done = resume_copy(source, target) if unfinished(target) else None
    if seed % 2:
        # The target's is filled from the rows that were copied.
        execute(source, "REFRESH MATERIALIZED VIEW words")
    require_equal(source, target)
    if done is None:
        return
    assert done.verification is not None and done.verification.agrees, done.verification
    execute(target, "INSERT INTO small (big) VALUES (1)")


def test_what_outlives_a_kill_commits_nothing(source: str, database: str) -> None:
    execute(source, "SELECT lo_from_bytea(2, decode(repeat('ab', 20000000), 'hex'))")
    child = start(source, database)
    until(lambda: pg_restores_of(child), "pg_restore", patience=120)
    (restore,) = pg_restores_of(child)
    os.kill(restore, signal.SIGSTOP)
    until(lambda: dumps_objects(source), "pg_dump at large objects", patience=120)
    child.kill()
    child.communicate()
    os.kill(restore, signal.SIGCONT)
    until(lambda: not Path(f"/proc/{restore}").exists(), "the end of pg_restore", patience=120)
    with psycopg.connect(database) as conn:
        assert conn.execute("SELECT count(*) FROM pg_largeobject_metadata").fetchone() == (0,)
    resume_copy(source, database)
    require_equal(source, database)


def dumps_objects(url: str) -> bool:
    with psycopg.connect(url) as conn:
        found = conn.execute(
            "SELECT FROM pg_stat_activity WHERE application_name = 'pg_dump' AND query ~ 'lo'"
            " AND datname = current_database() AND backend_xmin IS NOT NULL"
        ).fetchone()
    return found is not None


def pg_restores_of(child: subprocess.Popen[bytes]) -> list[int]:
    """Return the processes that restore large objects for a copy."""
    found = []
    for stat in Path("/proc").glob("[0-9]*/stat"):
        with suppress(OSError):  # it has ended meanwhile
            name, _, rest = stat.read_text().partition("(")[2].rpartition(")")
            words = stat.with_name("cmdline").read_bytes().split(b"\0")
            if (
                name == "pg_restore"
                and int(rest.split()[1]) == child.pid
                and b"--single-transaction" in words
            ):
                found.append(int(stat.parent.name))
    return found


def test_only_what_is_missing_is_brought(source: str, database: str) -> None:
    # Slow enough (2.7 MB in some five seconds) that the kill finds it at work.
    child = start(source, database, rate=400_000)
    wait_for(database, 12, child)
    child.send_signal(signal.SIGKILL)
    child.communicate()
    with pytest.raises(UsageError, match="comes from"):
        resume_copy(database.replace("127.0.0.1", "localhost"), database)
    done = resume_copy(source, database)
    assert 0 < done.rows < 50_500 - 2000
    assert done.verification is not None and done.verification.agrees


def test_a_cut_connection(source: str, database: str) -> None:
    with proxy(source, cut_after=1_000_000) as through:
        with pytest.raises(PgwrightError):
            copy_database(through, database, None, Manner(least_part=PARTS))
        before = finished(database)
        assert before > 0
    require_untouched(source)
    with proxy(source, port=port_of(through)) as again:
        done = resume_copy(again, database)
    assert done.verification is not None and done.verification.agrees


@pytest.mark.parametrize(
    ("session", "said"),
    [
        (("source", "query LIKE 'COPY%'"), "terminating connection due to administrator command"),
        (("source", "application_name = 'pgwright verify'"), "terminating|snapshot .* does not exist"),
        (("target", "query LIKE 'COPY%'"), "the connection to the target was closed"),
        (("target", "application_name = 'pgwright'"), "terminating connection due to administrator command"),
    ],
    ids=["reader", "snapshot", "writer", "ledger"],
)
def test_an_ended_session(
    session: tuple[str, str], said: str, source: str, database: str, capfd: pytest.CaptureFixture[str]
) -> None:
    side, doing = session
    victim = source if side == "source" else database
    ended = (
        "SELECT count(pg_terminate_backend(pid)) FROM pg_stat_activity WHERE datname = current_database()"
        f" AND pid <> pg_backend_pid() AND {doing} AND EXISTS (SELECT FROM pg_stat_activity"
        " WHERE datname = current_database() AND query LIKE 'COPY%' AND state = 'active')"
    )
    with ThreadPoolExecutor() as pool, psycopg.connect(victim, autocommit=True) as conn:
        copying = pool.submit(copy_database, source, database, None, Manner(rate=400_000))
        until(lambda: conn.execute(ended.encode()).fetchone() != (0,), "a session to end", patience=60)
        with pytest.raises(CopyFailed, match=said) as caught:
            copying.result(timeout=60)
    assert "stay" in str(caught.value.detail) and "--resume" in str(caught.value.hint)
    assert capfd.readouterr().err == ""
    require_untouched(source)
    done = resume_copy(source, database)
    assert done.verification is not None and done.verification.agrees


def test_a_lock_on_the_target(source: str, database: str) -> None:
    copy_database(source, database, Choice(what="schema"))
    with psycopg.connect(database) as conn:
        conn.execute("LOCK TABLE bare IN SHARE MODE")
        with pytest.raises(CopyFailed, match=r"copying public\.bare failed: canceling statement") as caught:
            copy_database(source, database, Choice(what="data"), Manner(lock_timeout=0.5))
        assert "pgwright inspect locks" in str(caught.value.hint)
    done = resume_copy(source, database)
    assert done.verification is not None and done.verification.agrees


def test_a_full_disk(source: str, server_18: Server) -> None:
    with small_disk(server_18, megabytes=2) as (database, enlarge):
        with pytest.raises(CopyFailed, match="No space left on device") as caught:
            copy_database(source, database, None, Manner(least_part=PARTS))
        assert "53100" in str(caught.value.detail)
        enlarge()
        done = resume_copy(source, database)
        assert done.verification is not None
        assert [table for table in done.verification.tables if not table.agrees] == []
    require_untouched(source)


def require_untouched(source: str) -> None:
    with psycopg.connect(source) as conn:
        assert conn.execute("SELECT to_regnamespace('pgwright')").fetchone() == (None,)
        assert conn.execute("SELECT count(*) FROM big").fetchone() == (30000,)

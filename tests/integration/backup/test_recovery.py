"""Recovery to a moment: nothing committed before the target is lost, nothing after it comes back."""

from __future__ import annotations

import json
import os
import secrets
import threading
import time
from datetime import datetime
from pathlib import Path

import psycopg
import pytest

from pgwright import server
from pgwright.backup.create.base import create_base
from pgwright.backup.recover.plan import Target, plan_recovery
from pgwright.backup.recover.recover import recover
from pgwright.backup.repository.repository import Repository, open_repository
from pgwright.backup.verify import verify_repository, verify_wal
from pgwright.backup.wal.archive import Archive
from pgwright.backup.wal.lsn import Segment, format_lsn, parse_lsn, segment_of
from pgwright.errors import (
    BackupFailed,
    BackupMissing,
    RecoveryFailed,
    UnsupportedServerError,
)
from pgwright.pg.address import parse_address
from pgwright.storage import open_store
from tests.integration.backup.recovering import recovered, source_of, streaming
from tests.integration.backup.running import one, pgwright
from tests.servers.running import Server


class Writer:
    """Commit numbers, and write down outside the database when each commit was asked for and acknowledged."""

    def __init__(self, url: str) -> None:
        self.log: list[tuple[int, datetime, datetime]] = []
        self._url = url
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._run)

    def __enter__(self) -> Writer:
        with psycopg.connect(self._url, autocommit=True) as conn:
            conn.execute("DROP TABLE IF EXISTS written; CREATE TABLE written (n int PRIMARY KEY)")
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._stop.set()
        self._thread.join()

    def _run(self) -> None:
        with psycopg.connect(self._url, autocommit=True) as conn:
            number = 0
            while not self._stop.is_set():
                number += 1
                asked = datetime.now().astimezone()
                conn.execute("INSERT INTO written VALUES (%s)", (number,))
                self.log.append((number, asked, datetime.now().astimezone()))
                time.sleep(0.002)


def written(url: str) -> set[int]:
    with psycopg.connect(url) as conn:
        return {row[0] for row in conn.execute("SELECT n FROM written")}


def test_nothing_is_lost_before_the_target_and_nothing_comes_back_after_it(
    source: str, repository: Repository
) -> None:
    with streaming(repository, source), Writer(source) as writer:
        with psycopg.connect(source, autocommit=True) as conn:
            conn.execute("DROP TABLE IF EXISTS marked; CREATE TABLE marked (n int)")
        create_base(repository, source)
        time.sleep(0.5)
        changed = create_base(repository, source, incremental=True)
        time.sleep(0.7)
        moment = datetime.now().astimezone()
        time.sleep(0.5)
        last_before = writer.log[-1][0]
        position = one(source, "SELECT pg_current_wal_insert_lsn()::text")
        first_after = writer.log[-1][0] + 2  # one may be on its way
        xids = [
            one(source, f"INSERT INTO marked VALUES ({n}) RETURNING pg_current_xact_id()::text")
            for n in (1, 2)
        ]
        # Younger than those transactions: a recovery to one of them must begin from an older backup.
        later = create_base(repository, source)
        time.sleep(0.3)
        one(source, "SELECT pg_create_restore_point('before the release')::text")
        time.sleep(0.3)
    assert changed.parent is not None
    verdicts = list(verify_repository(repository, repository.backups()))
    assert not any(v.problems for v in verdicts)
    assert all("pg_verifybackup found" in v.notes[0] for v in verdicts)

    with recovered(repository, Target(time=moment)) as new:
        found = written(new.url)
        assert {n for n, _, acknowledged in writer.log if acknowledged <= moment} <= found
        assert not {n for n, asked, _ in writer.log if asked > moment} & found
        assert new.timeline == 2 and new.last_commit is not None and new.last_commit <= moment
    with recovered(repository, Target(lsn=position)) as new:
        assert set(range(1, last_before + 1)) <= written(new.url) <= set(range(1, first_after))
    for exclusive, marked in ((False, [1]), (True, None)):
        target = Target(xid=xids[0], exclusive=exclusive)
        assert plan_recovery(repository, target).base.id == changed.id
        with recovered(repository, target) as new:
            assert one(new.url, "SELECT array_agg(n) FROM marked") == marked
    with pytest.raises(RecoveryFailed, match="did not get there") as caught:
        recover(source_of(repository, Target(name="never made"), backup=later.id), name="never")
    assert "no such restore point" in str(caught.value.detail)
    with recovered(repository, Target(name="before the release")) as new:
        assert len(written(new.url)) > last_before
    # To the end of what is archived: nothing at all is lost, though the last segment is not complete.
    with recovered(repository, Target()) as new:
        assert written(new.url) == {n for n, _, _ in writer.log}


def test_gaps_are_named_and_stop_recovery(source: str, repository: Repository, tmp_path: Path) -> None:
    with streaming(repository, source):
        create_base(repository, source)
        with psycopg.connect(source, autocommit=True) as conn:
            for number in range(4):
                conn.execute(f"CREATE TABLE gap_{number} ()".encode())
                conn.execute("SELECT pg_switch_wal()")
        later = datetime.now().astimezone()
        time.sleep(1)
    archive = Archive(repository=repository)
    lost = [a for a in archive.files() if "." not in a.name][-2]
    repository.store.delete(lost.path)
    (gap,) = archive.gaps()
    assert (gap.first, gap.count) == (lost.name, 1)
    with pytest.raises(RecoveryFailed) as caught, recovered(repository, Target(time=later)):
        pass
    assert lost.name in str(caught.value.detail)
    shown = pgwright("backup", "wal", "status", "--repository", repository.url, cwd=tmp_path)
    assert shown.returncode == 1 and lost.name in shown.stdout
    kept = Path(repository.url) / archive.files()[0].path
    kept.write_bytes(kept.read_bytes()[:-1] + b"?")
    problems = verify_wal(repository)
    assert "damaged" in problems[0] and lost.name in problems[1]


def test_wal_that_is_archived_meanwhile_does_not_stop_a_recovery(
    source: str, repository: Repository, tmp_path: Path
) -> None:
    """The unfinished segment is replaced every few seconds, also between a plan and its recovery."""
    with psycopg.connect(source, autocommit=True) as conn:
        conn.execute("DROP TABLE IF EXISTS late; CREATE TABLE late (n int)")
        create_base(repository, source)
        archive = Archive(repository=repository)
        data = Path(one(source, "SHOW data_directory"))
        partial = tmp_path / f"{one(source, 'SELECT pg_walfile_name(pg_current_wal_lsn())')}.partial"

        def receive(number: int) -> None:
            conn.execute("INSERT INTO late VALUES (%s)", (number,))
            partial.write_bytes((data / "pg_wal" / partial.name.removesuffix(".partial")).read_bytes())
            archive.put(partial)

        receive(1)
        planned = source_of(repository, Target())
        receive(2)
    name = f"again-{secrets.token_hex(3)}"
    try:
        assert one(recover(planned, name=name).url, "SELECT array_agg(n ORDER BY n) FROM late") == [1, 2]
    finally:
        server.remove(name)


def test_a_device_is_written_to_and_never_replaced(repository: Repository, tmp_path: Path) -> None:
    history, pipe = tmp_path / "00000002.history", tmp_path / "pipe"
    history.write_text("1\t0/3000000\tno recovery target specified\n")
    os.mkfifo(pipe)
    reader = os.open(pipe, os.O_RDONLY | os.O_NONBLOCK)
    try:
        archive = Archive(repository=repository)
        archive.put(history)
        archive.fetch(history.name, pipe)
        assert os.read(reader, 1000) == history.read_bytes() and pipe.is_fifo()
        open_store(str(tmp_path)).put("pipe", b"text")
        assert os.read(reader, 1000) == b"text" and pipe.is_fifo()
    finally:
        os.close(reader)


def test_the_archive_takes_a_segment_once(repository: Repository, tmp_path: Path) -> None:
    segment = tmp_path / "000000010000000000000007"
    segment.write_bytes(b"x" * 1000)
    archive = Archive(repository=repository)
    assert archive.put(segment)
    assert not archive.put(segment)
    segment.write_bytes(b"y" * 1000)
    with pytest.raises(BackupFailed, match="another"):
        archive.put(segment)
    archive.fetch(segment.name, tmp_path / "back")
    assert (tmp_path / "back").read_bytes() == b"x" * 1000
    with pytest.raises(BackupMissing):
        archive.fetch("000000010000000000000008", tmp_path / "back")


def test_positions_and_names() -> None:
    assert format_lsn(parse_lsn("16/B374D848")) == "16/B374D848"
    name = "0000000A0000000300000002"
    assert segment_of(name) == Segment(10, 3 * 256 + 2)
    assert segment_of(name).name() == name
    assert segment_of(name, 64 << 20).name(64 << 20) == name


def test_guided_recovery_and_what_it_needs(source: str, tmp_path: Path) -> None:
    (tmp_path / "pgwright.toml").write_text(
        '[databases.default]\nurl = "${DATABASE_URL}"\n[backup]\nrepository = "repository"\n'
        'stop = ["sh", "-c", "echo stop >> hooks"]\nstart = ["sh", "-c", "echo start >> hooks"]\n'
    )
    name = f"shop_{secrets.token_hex(3)}"
    with psycopg.connect(source, autocommit=True) as conn:
        conn.execute(f"CREATE DATABASE {name}".encode())
    url = parse_address(source).with_database(name).text

    def run(*words: str, code: int = 0) -> str:
        done = pgwright("backup", *words, cwd=tmp_path, DATABASE_URL=url)
        assert done.returncode == code, done.stdout + done.stderr
        return done.stdout + done.stderr

    assert "--physical" in run("recover", "--latest", code=2)
    assert "say where" in run("recover", code=2)
    with psycopg.connect(url, autocommit=True) as conn:
        conn.execute("CREATE TABLE orders AS SELECT g AS id FROM generate_series(1, 100) g")
        run("create", "--physical")
        with streaming(open_repository(str(tmp_path / "repository")), source):
            time.sleep(0.3)
            moment = datetime.now().astimezone()
            time.sleep(0.3)
            conn.execute("DELETE FROM orders WHERE id > 10")
            conn.execute("SELECT pg_switch_wal()")
            time.sleep(1)
    explained = run("recover", "--to", moment.isoformat(), "--replace", name, "--explain")
    assert "echo stop" in explained and "pg_verifybackup" in explained
    assert not (tmp_path / "hooks").exists()
    new = f"again-{secrets.token_hex(3)}"
    try:
        said = run("recover", "--to", moment.isoformat(), "--replace", name, "--name", new, "--yes")
        assert "public.orders" in said and "kept as" in said
        assert (tmp_path / "hooks").read_text() == "stop\nstart\n"
        assert one(url, "SELECT count(*) FROM orders") == 100
        listed = json.loads(pgwright("backup", "list", "--json", cwd=tmp_path, DATABASE_URL=url).stdout)
        assert [made["kind"] for made in listed["backups"]] == ["base", "dump"]
        place = pgwright("server", "url", new, "--dbname", name, cwd=tmp_path).stdout.strip()
        assert one(place, "SELECT count(*) FROM orders") == 100
    finally:
        server.remove(new)
    assert "older than" in run("recover", "--to", "2001-01-01 00:00:00", code=2)


def test_incremental_needs_a_full_one_and_summaries(
    source: str, repository: Repository, database: str
) -> None:
    with pytest.raises(BackupMissing, match="base backup"):
        create_base(repository, source, incremental=True)
    with pytest.raises(UnsupportedServerError, match="summar"):
        create_base(repository, database, incremental=True)


def test_what_changed_before_an_incremental_backup_is_seen_as_it_was(
    source: str, repository: Repository
) -> None:
    """PostgreSQL's summaries of WAL know nothing of the marks that say where all rows are visible."""
    with psycopg.connect(source, autocommit=True) as conn:
        conn.execute("DROP TABLE IF EXISTS marked")
        conn.execute("CREATE TABLE marked (n int PRIMARY KEY)")
        conn.execute("INSERT INTO marked SELECT generate_series(1, 20000)")
        conn.execute("VACUUM (ANALYZE) marked")
        create_base(repository, source)
        conn.execute("DELETE FROM marked WHERE n <= 15000")
        create_base(repository, source, incremental=True)
    with recovered(repository, Target()) as found, psycopg.connect(found.url) as conn:
        conn.execute("SET enable_seqscan = off; SET enable_bitmapscan = off")
        plan = "".join(row[0] for row in conn.execute("EXPLAIN SELECT count(*) FROM marked"))
        assert "Index Only Scan" in plan
        assert conn.execute("SELECT count(*) FROM marked").fetchone() == (5000,)


def test_a_backup_is_whole_where_its_servers_programs_are_missing(
    server_17: Server, repository: Repository
) -> None:
    """Programs of another version read neither its WAL nor its control file."""
    made = create_base(repository, server_17.url)
    (verdict,) = verify_repository(repository, [made])
    assert verdict.opened and not verdict.problems
    assert "pg_verifybackup" in verdict.notes[0]

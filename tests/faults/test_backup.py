"""What goes wrong with backups: changed bytes, lost files, killed writers, foreign files, two at once."""

from __future__ import annotations

import contextlib
import gc
import json
import os
import secrets
import shutil
import subprocess
import tempfile
import time
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import psycopg
import pytest

from pgwright import server
from pgwright.backup.create.base import create_base
from pgwright.backup.create.logical import DumpOptions, create_dump
from pgwright.backup.recover.plan import Target, plan_recovery
from pgwright.backup.recover.recover import recover, url_of_postgres
from pgwright.backup.recover.unpack import Planned
from pgwright.backup.repository import lock
from pgwright.backup.repository.manifest import COPIES, Content, Manifest, Role, StoredFile
from pgwright.backup.repository.repository import Repository, open_repository
from pgwright.backup.restore.database import RestoreOptions, restore_database
from pgwright.backup.verify import verify_backup, verify_repository, verify_wal
from pgwright.backup.wal.archive import Archive
from pgwright.backup.wal.stream import stream_wal
from pgwright.errors import (
    BackupDamaged,
    BackupFailed,
    PgwrightError,
    RecoveryFailed,
    RepositoryLocked,
    RestoreFailed,
)
from pgwright.storage import open_store
from tests.servers.running import Server


@pytest.fixture
def repository(tmp_path: Path) -> Repository:
    return open_repository(str(tmp_path / "repository"))


@pytest.fixture
def made(database: str, repository: Repository) -> Manifest:
    with psycopg.connect(database, autocommit=True) as conn:
        conn.execute("CREATE TABLE t (a int); INSERT INTO t VALUES (1), (2)")
    return create_dump(repository, database, DumpOptions(content=Content.SCHEMA, roles=False))


def folder(repository: Repository, made: Manifest) -> Path:
    return Path(repository.url) / "backups" / made.id


def test_each_flipped_byte_is_found(repository: Repository, made: Manifest) -> None:
    for path in sorted(folder(repository, made).iterdir()):
        content = path.read_bytes()
        # The copy is read by the same code as the manifest: some of its bytes are enough.
        for position in range(0, len(content), 17 if path.name == COPIES[0] else 1):
            changed = bytearray(content)
            changed[position] ^= 1 << position % 8
            path.write_bytes(changed)
            assert any(v.problems for v in verify_repository(repository, repository.backups())), (
                path.name,
                position,
            )
        path.write_bytes(content)
    assert not verify_backup(repository, made).problems
    marker = Path(repository.url) / "pgwright-repository.json"
    content = marker.read_bytes()
    for position in range(len(content)):
        changed = bytearray(content)
        changed[position] ^= 1 << position % 8
        marker.write_bytes(changed)
        assert repository.marker_flaw(), position


def test_a_damaged_file_is_closed_at_once(repository: Repository, made: Manifest) -> None:
    """Not when the garbage collector comes by: who verifies hundreds of backups has so many files open."""
    (path,) = folder(repository, made).glob("*.dump.zst")
    content = bytearray(path.read_bytes())
    content[10] ^= 255
    path.write_bytes(content)
    gc.disable()
    try:
        assert verify_backup(repository, made).problems
        assert str(path) not in {str(entry.resolve()) for entry in Path("/proc/self/fd").iterdir()}
    finally:
        gc.enable()


def test_shortened_lost_and_foreign_files(repository: Repository, made: Manifest, database: str) -> None:
    (path,) = folder(repository, made).glob("*.dump.zst")
    content = path.read_bytes()
    path.write_bytes(content[:-1])
    assert verify_backup(repository, made).problems
    path.unlink()
    assert "missing" in verify_backup(repository, made).problems[0]
    with pytest.raises(BackupDamaged, match="missing"):
        restore_database(
            repository, made, database, RestoreOptions(name="never_made", content=Content.SCHEMA)
        )
    path.write_bytes(content)
    foreign = folder(repository, made) / "notes.txt"
    foreign.write_text("mine")
    (Path(repository.url) / "README").write_text("mine as well")
    assert set(repository.foreign()) == {"README", f"backups/{made.id}/notes.txt"}
    (Path(repository.url) / "pgwright-repository.json").write_text('{"format": 99}')
    with pytest.raises(BackupDamaged, match="newer"):
        create_dump(repository, database, DumpOptions())


def test_a_lost_or_damaged_manifest_loses_no_backup(
    repository: Repository, made: Manifest, database: str
) -> None:
    home = folder(repository, made)
    other = home.with_name("notes-of-others")
    other.mkdir()
    (other / "mine.txt").write_text("mine")
    for name in COPIES:
        for spoil in (Path.unlink, lambda path: path.write_bytes(path.read_bytes()[:-9] + b"x" * 9)):
            spoil(home / name)
            assert repository.get("latest" if made.is_whole else made.id) == made
            assert name in verify_backup(repository, made).problems[0]
            with repository.writing("mending"):
                pass
            assert not verify_backup(repository, made).problems
    # Without both nothing tells what the files are; but nobody removes them.
    for name in COPIES:
        (home / name).unlink()
    (broken,) = repository.broken()
    assert broken.id == made.id and "no manifest" in broken.reason.message
    assert not repository.unfinished() and not repository.backups()
    create_dump(repository, database, DumpOptions())
    assert {path.suffix for path in home.iterdir()} == {".zst"}
    assert any(v.id == made.id and v.problems for v in verify_repository(repository, repository.backups()))
    with pytest.raises(BackupDamaged, match="no manifest"):
        repository.get(made.id)
    assert repository.foreign() == ("backups/notes-of-others/mine.txt",)


def test_a_writer_that_was_taken_for_dead_writes_no_manifest(repository: Repository, database: str) -> None:
    """Its claim went stale while it was cut off, and the next writer has cleared its files away."""
    with repository.adding("shop") as (id, sequence):
        name = StoredFile(name="shop.sql", role=Role.SQL, size=0, sha256="", plain_size=0)
        file = repository.put(id, name, [b"SELECT 1;"], level=3)
    made = replace(create_dump(repository, database, DumpOptions()), id=id, sequence=sequence, files=(file,))
    repository.remove(id)
    with pytest.raises(BackupFailed, match="disappeared"):
        repository.finish(made)
    assert len(repository.backups()) == 1


def test_what_was_removed_halfway_is_whole_or_goes_on(repository: Repository, made: Manifest) -> None:
    """Stopped after each deletion, a removal leaves a whole backup or is finished by the next writer."""
    files = list(folder(repository, made).iterdir())
    contents = {path: path.read_bytes() for path in files}
    for stop in range(len(files) + 2):
        folder(repository, made).mkdir(parents=True, exist_ok=True)
        for path, content in contents.items():
            path.write_bytes(content)
        cut = replace(repository, store=_Cut(repository.store, stop))
        with contextlib.suppress(InterruptedError):
            cut.remove(made.id)
        left = repository.backups()
        assert not [v for v in verify_repository(repository, left) if "damaged: " in str(v.problems)]
        with repository.writing("going on"):
            pass
        assert not repository.unfinished() and not repository.broken()
        assert not any(v.problems for v in verify_repository(repository, left))
        assert bool(left) == folder(repository, made).exists()


class _Cut:
    """Pass everything on to a store until so many deletions were made."""

    def __init__(self, store: Any, left: int) -> None:
        self._store, self._left = store, left

    def __getattr__(self, name: str) -> Any:
        return getattr(self._store, name)

    def delete(self, name: str) -> None:
        if not self._left:
            raise InterruptedError
        self._left -= 1
        self._store.delete(name)


def test_two_writers_and_the_lock_of_a_dead_one(repository: Repository) -> None:
    store = open_store(repository.url)
    with lock.writing(store, "being first"):
        with pytest.raises(RepositoryLocked, match="another pgwright") as caught, lock.writing(store, "x"):
            pass
        assert "being first" in str(caught.value.detail)
    with lock.writing(store, "being next"):
        pass
    # One that was killed leaves its claim; its process number now belongs to nobody, or to another.
    claim = {"deed": "gone", "host": "here", "boot": lock._boot(), "pid": os.getpid(), "started": "1"}
    store.put(f"{lock.FOLDER}dead.json", json.dumps({**claim, "name": ""}).encode())
    with lock.writing(store, "being third"):
        assert len(list(store.list(lock.FOLDER))) == 1


@contextlib.contextmanager
def small_disk(megabytes: float) -> Iterator[Path]:
    """Give a file system of its own with so much room, which other accounts may enter."""
    with tempfile.TemporaryDirectory() as name:
        small = Path(name) / "small"
        small.mkdir()
        Path(name).chmod(0o755)
        size = f"size={int(megabytes * 1024)}k,mode=755"
        command = ["mount", "-t", "tmpfs", "-o", size, "tmpfs", str(small)]
        if subprocess.run(command, check=False, capture_output=True).returncode:
            pytest.skip("a small file system cannot be mounted here")
        try:
            yield small
        finally:
            subprocess.run(["umount", "--lazy", str(small)], check=True)


def fill_up(small: Path, *, leave: int = 0) -> None:
    """Take all the room of a disk but so many megabytes."""
    free = shutil.disk_usage(small).free - (leave << 20)
    with (small / f"ballast-{secrets.token_hex(4)}").open("wb") as file:
        os.posix_fallocate(file.fileno(), 0, free)


def test_a_full_disk_of_the_repository(database: str) -> None:
    with psycopg.connect(database, autocommit=True) as conn:
        conn.execute("CREATE TABLE t AS SELECT g AS a, md5(g::text) FROM generate_series(1, 50000) g")
    with small_disk(0.5) as small:
        repository = open_repository(str(small / "repository"))
        with pytest.raises(PgwrightError, match="No space left"):
            create_dump(repository, database, DumpOptions())
        assert not repository.backups()
        segment = small.parent / "000000010000000000000001"
        segment.write_bytes(secrets.token_bytes(1 << 24))
        with pytest.raises(PgwrightError, match="No space left"):
            Archive(repository=repository).put(segment)
        assert not any(path.is_file() for path in (small / "repository").glob("[bw]*/**/*"))


def test_a_full_disk_of_the_server(tmp_path: Path) -> None:
    """Neither a restore nor a recovery leaves half of something, and what was there is as it was."""
    repository = open_repository(str(tmp_path / "repository"))
    with small_disk(230) as small:
        home = small / "home"
        url = server.url(server.start("shop", home=home, durable=False), "shop")
        try:
            with psycopg.connect(url_of_postgres(url), autocommit=True) as conn:
                conn.execute("CREATE DATABASE shop")
            with psycopg.connect(url, autocommit=True) as conn:
                conn.execute(
                    "CREATE TABLE t AS SELECT g AS a, md5(g::text) FROM generate_series(1, 200000) g"
                )
            made = create_dump(repository, url, DumpOptions())
            create_base(repository, url)

            def fill_while_unpacking(what: str, done: int, total: int) -> None:
                if what == "bytes unpacked" and not list(small.glob("ballast*")):
                    fill_up(small, leave=8)

            plan = Planned(repository=repository, plan=plan_recovery(repository, Target()))
            with pytest.raises(RecoveryFailed, match="No space left") as failed:
                recover(plan, name="again", home=home, progress=fill_while_unpacking)
            assert "PGWRIGHT_HOME" in str(failed.value.hint)
            assert [path.name for path in (home / "instances").iterdir()] == ["shop"]

            with pytest.raises(RestoreFailed, match="disk of the server is full"):
                restore_database(repository, made, url, RestoreOptions(name="shop", replace=True))
            with psycopg.connect(url) as conn:
                assert conn.execute("SELECT count(*) FROM t").fetchone() == (200_000,)
                names = conn.execute("SELECT datname FROM pg_database WHERE NOT datistemplate ORDER BY 1")
                assert names.fetchall() == [("postgres",), ("shop",)]
        finally:
            server.remove("shop", home=home)


@pytest.mark.parametrize("full", ["repository", "home"])
def test_a_full_disk_while_wal_is_received(
    full: str, tmp_path: Path, server_18: Server, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Where the archive is, or where segments wait for it: it is said, and goes on without a gap."""
    with small_disk(12) as small:
        places = {"repository": tmp_path / "repository", "home": tmp_path / "home", full: small / full}
        monkeypatch.setenv("PGWRIGHT_HOME", str(places["home"]))
        archive = Archive(repository=open_repository(str(places["repository"])))
        slot = f"full_{secrets.token_hex(4)}"
        written: list[str] = []
        heard: list[str] = []
        enlarged: list[bool] = []
        deadline = time.monotonic() + 60
        with psycopg.connect(server_18.url, autocommit=True) as conn:

            def write() -> None:
                """Fill a segment with what cannot be compressed."""
                content = secrets.token_bytes(9 << 20)
                row = conn.execute("SELECT pg_walfile_name(pg_current_wal_insert_lsn())").fetchone()
                conn.execute("SELECT pg_logical_emit_message(false, 'x', %s)", (content,))
                conn.execute("SELECT pg_switch_wal()")
                assert row is not None
                written.append(row[0])

            def enlarge() -> None:
                subprocess.run(["mount", "-o", "remount,size=300m", str(small)], check=True)
                write()
                enlarged.append(True)

            def until() -> bool:
                assert time.monotonic() < deadline, heard
                if not enlarged and len(written) < 3:
                    write()
                if not enlarged and "No space left" in " ".join(heard):
                    enlarge()
                return bool(enlarged) and archive.get(written[-1]) is not None

            def receive() -> None:
                stream_wal(archive.repository, server_18.url, slot=slot, warned=heard.append, until=until)

            try:
                if full == "repository":
                    with pytest.raises(PgwrightError, match="No space left"):
                        receive()
                    enlarge()
                receive()
                assert all(archive.get(name) for name in written)
                assert not verify_wal(archive.repository)
                assert len(set(heard)) == len(heard)
            finally:
                conn.execute("SELECT pg_drop_replication_slot(%s)", (slot,))

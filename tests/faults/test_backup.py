"""What goes wrong with backups: changed bytes, lost files, killed writers, foreign files, two at once."""

from __future__ import annotations

import json
import os
import random
import signal
import subprocess
import sys
import time
from pathlib import Path

import psycopg
import pytest

from pgwright.backup import lock
from pgwright.backup.create import DumpOptions, create_dump
from pgwright.backup.manifest import Content, Manifest
from pgwright.backup.repository import Repository, open_repository
from pgwright.backup.restore import RestoreOptions, restore_database
from pgwright.backup.verify import verify_backup, verify_repository
from pgwright.errors import BackupDamaged, BackupMissing, PgwrightError, RepositoryLocked
from pgwright.storage import open_store

ROUNDS = int(os.environ.get("PGWRIGHT_KILL_ROUNDS", "4"))


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
        for position in range(len(content)):
            changed = bytearray(content)
            changed[position] ^= 1 << position % 8
            path.write_bytes(changed)
            assert any(v.problems for v in verify_repository(repository, repository.backups())), (
                path.name,
                position,
            )
        path.write_bytes(content)
    assert not verify_backup(repository, made).problems


def test_shortened_lost_and_foreign_files(repository: Repository, made: Manifest, database: str) -> None:
    (path,) = folder(repository, made).glob("*.zst")
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
    (folder(repository, made) / "manifest.json").unlink()
    assert repository.unfinished() == (made.id,)
    with pytest.raises(BackupMissing):
        repository.get("latest")
    with pytest.raises(BackupDamaged, match="no manifest"):
        repository.get(made.id)
    (Path(repository.url) / "pgwright-repository.json").write_text('{"format": 99}')
    with pytest.raises(BackupDamaged, match="newer"):
        create_dump(repository, database, DumpOptions())


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


def test_killed_at_random_moments(repository: Repository, database: str, tmp_path: Path) -> None:
    """Whenever the process is killed, there is one more good backup or none, and the next run cleans up."""
    with psycopg.connect(database, autocommit=True) as conn:
        conn.execute("CREATE TABLE t AS SELECT g AS a, md5(g::text) AS b FROM generate_series(1, 150000) g")
    command = [sys.executable, "-m", "pgwright", "backup", "create", "--repository", repository.url]
    environment = {**os.environ, "DATABASE_URL": database}
    moment = random.Random(7)  # noqa: S311 - the same moments each time
    whole = _timed(command, environment, tmp_path)
    count = len(repository.backups())
    for _ in range(ROUNDS):
        process = subprocess.Popen(
            command, env=environment, cwd=tmp_path, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
        )
        time.sleep(moment.uniform(0, whole * 1.1))
        process.send_signal(signal.SIGKILL)
        process.wait()
        backups = repository.backups()
        assert count <= len(backups) <= count + 1
        assert not any(verdict.problems for verdict in verify_repository(repository, backups[count:]))
        count = len(backups)
    _timed(command, environment, tmp_path)
    assert len(repository.backups()) == count + 1
    assert not repository.unfinished()
    assert not list(open_store(repository.url).list(lock.FOLDER))


def _timed(command: list[str], environment: dict[str, str], folder: Path) -> float:
    began = time.monotonic()
    subprocess.run(command, env=environment, cwd=folder, check=True, capture_output=True)
    return time.monotonic() - began


def test_a_full_disk(database: str, tmp_path: Path) -> None:
    with psycopg.connect(database, autocommit=True) as conn:
        conn.execute("CREATE TABLE t AS SELECT g AS a, md5(g::text) FROM generate_series(1, 50000) g")
    small = tmp_path / "small"
    small.mkdir()
    mounted = subprocess.run(
        ["mount", "-t", "tmpfs", "-o", "size=512k", "tmpfs", str(small)], check=False, capture_output=True
    )
    if mounted.returncode:
        pytest.skip("a small file system cannot be mounted here")
    try:
        repository = open_repository(str(small / "repository"))
        with pytest.raises(PgwrightError, match="No space left"):
            create_dump(repository, database, DumpOptions())
        assert not repository.backups()
        assert not any(path.is_file() for path in (small / "repository" / "backups").rglob("*"))
    finally:
        subprocess.run(["umount", str(small)], check=True)

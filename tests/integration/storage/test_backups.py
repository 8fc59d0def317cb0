"""Backups in every kind of store, and in stores that fail while they are made."""

from __future__ import annotations

import json
import os
import random
import secrets
from pathlib import Path

import psycopg
import pytest

from pgwright.backup.create.logical import DumpOptions, create_dump
from pgwright.backup.prune import prune
from pgwright.backup.repository.encryption import Encryption
from pgwright.backup.repository.repository import Repository, open_repository
from pgwright.backup.restore.database import RestoreOptions, restore_database
from pgwright.backup.retention import Policy
from pgwright.backup.verify import verify_repository
from pgwright.errors import PgwrightError
from pgwright.pg.address import parse_address
from pgwright.storage import Store
from tests.integration.backup.running import pgwright
from tests.integration.storage.conftest import S3_ENVIRONMENT
from tests.integration.storage.xml_stub import XmlStub

ROUNDS = int(os.environ.get("PGWRIGHT_KILL_ROUNDS", "6"))


@pytest.fixture
def shop(database: str) -> str:
    with psycopg.connect(database, autocommit=True) as conn:
        conn.execute("CREATE TABLE t AS SELECT g AS a, md5(g::text) AS b FROM generate_series(1, 20000) g")
    return database


def sound(repository: Repository) -> int:
    """Return how many backups there are, after reading each whole."""
    backups = repository.backups()
    assert not [v.problems for v in verify_repository(repository, backups) if v.problems]
    return len(backups)


def test_a_backup_goes_there_and_comes_back(store: Store, shop: str) -> None:
    pyrage = pytest.importorskip("pyrage")
    key = pyrage.x25519.Identity.generate()
    repository = Repository(store=store, encryption=Encryption(recipients=(str(key.to_public()),)))
    made = create_dump(repository, shop, DumpOptions(form="parallel", jobs=2))
    assert sound(repository) == 1 and not repository.can_read(made)
    create_dump(repository, shop, DumpOptions())
    assert [m.id for m in prune(repository, Policy(days=0, last=1)).removed] == [made.id]
    assert sound(repository) == 1 and not repository.foreign() and not repository.unfinished()


def test_a_scheduler_needs_nothing_of_a_shell(
    s3: str, s3_server: str, shop: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Credentials of the place and the key of the backups may stand in `.env`, as connection text does."""
    secret = {**S3_ENVIRONMENT, "AWS_ENDPOINT_URL": s3_server, "PGWRIGHT_PASSPHRASE": "correct horse"}
    for name in secret:
        monkeypatch.delenv(name, raising=False)
    (tmp_path / ".env").write_text(
        "".join(f"{name}={text}\n" for name, text in {**secret, "DATABASE_URL": shop}.items())
    )
    (tmp_path / "pgwright.toml").write_text(
        '[databases.default]\nurl = "${DATABASE_URL}"\n'
        f'[backup]\nrepository = "{s3}/nightly"\nrecipients = ["passphrase"]\nschedule = "02:00"\n'
    )
    done = pgwright("backup", "run", "--json", cwd=tmp_path)
    assert done.returncode == 0 and json.loads(done.stdout)["backups"], done.stderr
    listed = json.loads(pgwright("backup", "list", "--json", cwd=tmp_path).stdout)
    assert [made["recipients"] for made in listed["backups"]] == [["passphrase"]]
    assert not set(secret) & set(os.environ)
    # What the shell says goes before what the file says.
    other = pgwright("backup", "verify", cwd=tmp_path, PGWRIGHT_PASSPHRASE="wrong")
    assert other.returncode == 1 and "KEY DOES NOT FIT" in other.stdout


def test_a_store_that_fails_at_random(gcs: XmlStub, shop: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Whatever the store answers, the repository is as before or has one more good backup."""
    moment = random.Random(11)  # noqa: S311 - the same moments each time
    repository = open_repository("gs://bucket/shop")
    create_dump(repository, shop, DumpOptions())
    count = 1
    for _ in range(ROUNDS):
        with monkeypatch.context() as patched:
            patched.setattr("pgwright.storage.objects._RETRY", {"max_retries": 0})
            failing = open_repository("gs://bucket/shop")
            faults: tuple[int | str, ...] = (500, 503, "cut")
            gcs.faults.extend([*[""] * moment.randrange(25), moment.choice(faults)])
            try:
                create_dump(failing, shop, DumpOptions())
            except PgwrightError as error:
                assert "password" not in str(error)
        gcs.faults.clear()
        now = sound(repository)
        assert count <= now <= count + 1
        count = now
    create_dump(repository, shop, DumpOptions())
    assert sound(repository) == count + 1
    assert not repository.unfinished()
    copy = f"stored_{secrets.token_hex(3)}"
    try:
        # What passes by itself is waited out on the way back as well.
        gcs.faults.extend([503, "", "cut", 500])
        done = restore_database(repository, repository.get(), shop, RestoreOptions(name=copy))
        assert done.rows == 20_000
    finally:
        with psycopg.connect(parse_address(shop).text, autocommit=True) as conn:
            conn.execute(f"DROP DATABASE IF EXISTS {copy}".encode())

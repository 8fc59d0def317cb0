"""Manifests that were lost, rebuilt from the files of their backups."""

from __future__ import annotations

import json
import secrets
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import psycopg
import pytest

from pgwright import server
from pgwright.backup.create import dump
from pgwright.backup.repository.manifest import COPIES, Manifest
from pgwright.backup.repository.repository import Repository, open_repository
from pgwright.pg.address import parse_address
from tests.integration.backup.running import pgwright
from tests.integration.backup.test_logical import fill

Run = Callable[..., Any]


@pytest.fixture
def run(tmp_path: Path, database: str) -> Run:
    """Run a command of a project with a repository, and return what it says as JSON."""
    (tmp_path / "pgwright.toml").write_text(
        '[databases.default]\nurl = "${DATABASE_URL}"\n[backup]\nrepository = "repository"\n'
    )

    def call(*words: str, code: int = 0, url: str = database, **environment: str) -> Any:
        done = pgwright("backup", *words, "--json", cwd=tmp_path, DATABASE_URL=url, **environment)
        assert done.returncode == code, done.stdout + done.stderr
        return json.loads(done.stdout) if done.stdout else done.stderr

    return call


@pytest.fixture
def repository(tmp_path: Path) -> Repository:
    return open_repository(str(tmp_path / "repository"))


def lose(repository: Repository, made: Manifest) -> None:
    for name in COPIES:
        (Path(repository.url) / "backups" / made.id / name).unlink()


def essence(made: Manifest) -> Manifest:
    """Return what files can tell of a backup."""
    databases = tuple(replace(facts, size_bytes=0) for facts in made.databases)
    files = tuple(sorted(made.files, key=lambda file: file.name))
    lost: dict[str, Any] = dict.fromkeys(
        ("started_at", "finished_at", "rebuilt_at", "system", "lsn", "timeline")
    )
    return replace(made, **{**lost, "files": files, "databases": databases, "place": "", "made_by": ""})


@pytest.mark.parametrize("form", ["custom", "parallel", "plain"])
def test_a_dump_says_again_what_it_said(form: str, database: str, run: Run, repository: Repository) -> None:
    fill(database)
    name = parse_address(database).dbname
    with psycopg.connect(database, autocommit=True) as conn:
        conn.execute(f"ALTER DATABASE {name} SET search_path = public, pg_catalog".encode())
        conn.execute(f"ALTER DATABASE {name} SET work_mem = '8MB'".encode())
        conn.execute(
            "CREATE TABLE alembic_version (version_num text); INSERT INTO alembic_version VALUES ('a1')"
        )
    secret = {"PGWRIGHT_PASSPHRASE": "correct-horse"} if form == "parallel" else {}
    recipient = ("--recipient", "passphrase") if secret else ()
    run("create", "--format", form, *recipient, **secret)
    (made,) = repository.backups()
    lose(repository, made)
    assert run("list")["broken"][0]["id"] == made.id
    if secret:
        (refused,) = run("repair", "--yes", code=1)["left"]
        assert "passphrase" in refused["error"]
    assert "--yes" in str(run("repair", code=3)) and not repository.backups()
    (told,) = run("repair", "--yes", **secret)["rebuilt"]
    (again,) = repository.backups()
    assert again.rebuilt_at and not repository.broken()
    expected = replace(made, recipients=("gpg",) if secret else ())
    if form == "plain":
        facts = replace(made.databases[0], settings=(), **_collation(again))
        expected = replace(expected, databases=(facts,))
        assert "collation" in told["notes"][0]
    assert essence(again) == essence(expected)
    assert run("repair") == {"rebuilt": [], "left": []}

    if form == "custom":
        with psycopg.connect(database, autocommit=True) as conn:
            conn.execute("DROP TABLE purchase CASCADE")
        assert run("restore", made.id, "-t", "purchase", "--yes")["rows"] == 2000


def test_a_rebuilt_one_is_the_last_good_one_only_after_a_drill(run: Run, repository: Repository) -> None:
    def goes() -> Any:
        return run("prune", "--days", "0", "--dry-run")["removed"]

    for _ in range(2):
        run("create")
    first, second = repository.backups()
    assert goes() == [first.id]
    lose(repository, second)
    run("repair", "--yes")
    assert goes() == []
    assert "rebuilt" in run("prune", "--days", "0", "--dry-run")["kept"][second.id]
    assert run("drill", second.id)["passed"]
    assert goes() == [first.id]


def _collation(made: Manifest) -> dict[str, Any]:
    names = ("collation", "character_type", "provider", "locale", "owner")
    return {name: getattr(made.databases[0], name) for name in names}


def test_what_cannot_be_rebuilt_is_left_as_it_is(
    database: str, run: Run, repository: Repository, monkeypatch: pytest.MonkeyPatch
) -> None:
    fill(database)
    with monkeypatch.context() as patched:
        patched.setattr(dump, "_LARGE", 65536)  # purchase alone is larger
        run("create", "--format", "parallel")
    run("create", "--data-only")
    run("create", "-t", "customer", "--no-roles")
    parallel, rows, chosen = repository.backups()
    for made in (parallel, rows, chosen):
        lose(repository, made)
    folder = Path(repository.url) / "backups"
    (folder / parallel.id / next(file.name for file in parallel.files if ".0001." in file.name)).unlink()
    (folder / chosen.id / "notes.txt").write_text("mine")
    done = run("repair", "--yes", code=1)
    left = {one["id"]: one["error"] for one in done["left"]}
    assert "rows without the tables" in left[rows.id]
    assert "no archive holds the rows of" in left[parallel.id] and "public.purchase" in left[parallel.id]
    # The type of one of its columns is not in it.
    assert "pg_restore" in left[chosen.id]
    assert {bad.id for bad in repository.broken()} == {parallel.id, rows.id, chosen.id}
    # Without any file of rows it passes for one without rows, and says so.
    (folder / parallel.id / next(file.name for file in parallel.files if ".data." in file.name)).unlink()
    (told,) = run("repair", parallel.id, "--yes")["rebuilt"]
    assert "it holds no rows" in told["notes"][0]
    assert "without a manifest" in run("repair", "20250101T000000Z-shop-0000", code=2)["error"]["message"]


def test_base_backups_say_again_where_they_end(tmp_path: Path, run: Run, repository: Repository) -> None:
    name = f"repaired-{secrets.token_hex(3)}"
    settings = {"summarize_wal": "on", "max_connections": "40", "max_wal_size": "256MB"}
    try:
        url = server.url(server.start(name, durable=False, settings=settings))
        with psycopg.connect(url, autocommit=True) as conn:
            conn.execute("CREATE TABLE orders AS SELECT 1 AS id")
        run("create", "--physical", url=url)
        run("create", "--incremental", url=url)
        before = repository.backups()
        for made in before:
            lose(repository, made)
        # The one that the other builds on comes first.
        ids = [one["id"] for one in run("repair", "--yes", url=url)["rebuilt"]]
        assert ids == [made.id for made in before]
        after = repository.backups()
        for made, again in zip(before, after, strict=True):
            assert again.server_version == 180000
            names = ("kind", "parent", "lsn", "end_lsn", "timeline", "system", "sequence", "settings")
            assert {n: getattr(again, n) for n in names} == {n: getattr(made, n) for n in names}
        drilled = run("drill", url=url)
        assert drilled["passed"] and drilled["backup"] == after[-1].id and drilled["rows"] == 1
    finally:
        server.remove(name)

"""Folders of an export, in one transaction with foreign keys in force; clouds, kills, full disks."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import psycopg
import pytest

from pgwright.errors import ChecksumMismatch, CountsDiffer, PgwrightError, StorageError
from pgwright.storage import open_store
from pgwright.transfer.exports import ExportRequest, run_export
from pgwright.transfer.imports import Conflict, ImportRequest, Outcome, prepare_folder, run_folder
from tests.conftest import MakeDatabase
from tests.integration.cli.running import pgwright
from tests.integration.transfer.importing import USERS, counts, execute, import_path, rows
from tests.servers.running import Server

CIRCLE = (
    "CREATE TABLE team (id integer PRIMARY KEY, lead integer)",
    "CREATE TABLE person (id serial PRIMARY KEY, team integer NOT NULL REFERENCES team)",
    "ALTER TABLE team ADD CONSTRAINT team_lead FOREIGN KEY (lead) REFERENCES person",
    "CREATE TABLE task (id integer PRIMARY KEY, person integer REFERENCES person,"
    " parent integer REFERENCES task)",
)
ROWS = (
    "INSERT INTO team SELECT g FROM generate_series(1, 3) g",
    "INSERT INTO person SELECT g, g % 3 + 1 FROM generate_series(1, 30) g",
    "UPDATE team SET lead = id",
    "INSERT INTO task SELECT g, g % 30 + 1, nullif(g - 1, 0) FROM generate_series(1, 50) g",
)


def import_folder(url: str, place: str, **wishes: object) -> tuple[Outcome, ...]:
    with psycopg.connect(url, autocommit=True) as conn:
        request = ImportRequest(source=place, **wishes)  # type: ignore[arg-type]
        return run_folder(conn, prepare_folder(conn, request))


@pytest.mark.parametrize("place", ["folder", "s3", "az", "gs"])
def test_a_circle_of_tables_comes_back_in_one_transaction(
    request: pytest.FixtureRequest, server_18: Server, make_database: MakeDatabase, tmp_path: Path, place: str
) -> None:
    source, target = make_database(server_18), make_database(server_18)
    execute(source, *CIRCLE, *ROWS)
    execute(target, *CIRCLE)
    fixture = {"s3": "s3", "az": "azure"}.get(place)
    folder = f"{request.getfixturevalue(fixture)}/x/" if fixture else f"{tmp_path}/x/"
    if place == "gs":
        request.getfixturevalue("gcs")
        folder = "gs://bucket/x/"
    run_export(
        source,
        ExportRequest(
            tables=("task", "person", "team"), output=folder, format="jsonl", compression="zstd", jobs=2
        ),
    )
    tried = import_folder(target, folder, dry_run=True)
    assert all(outcome.dry_run for outcome in tried) and rows(target, "SELECT count(*) FROM team") == [(0,)]
    outcomes = import_folder(target, folder)
    assert sum(outcome.counts.inserted for outcome in outcomes) == 83
    for table in ("team", "person", "task"):
        query = f"SELECT * FROM {table} ORDER BY id"
        assert rows(target, query) == rows(source, query)
    assert rows(target, "SELECT count(*) FROM pg_constraint WHERE condeferrable") == [(0,)]
    execute(target, "INSERT INTO person (team) VALUES (1)")
    # An orphan is no more possible than before.
    with pytest.raises(psycopg.errors.ForeignKeyViolation):
        execute(target, "UPDATE team SET lead = 999")
    again = import_folder(target, folder, conflict=Conflict.UPDATE)
    assert [counts(outcome)[2] for outcome in again] == [outcome.counts.read for outcome in outcomes]


def test_where_several_tables_go(database: str, tmp_path: Path) -> None:
    execute(database, *CIRCLE, *ROWS)
    (tmp_path / "there").mkdir()
    both = ["public.person.csv", "public.team.csv"]
    for words, files in (
        (("team", "person", "--output", "new"), both),
        (("team", "--references", "--output", "all", "--format", "csv"), both),
        (("task", "--output", "there"), ["public.task.csv"]),
        (("task", "--output", "there.zst", "--format", "csv"), None),
    ):
        done = pgwright("--url", database, "data", "export", *words, cwd=tmp_path)
        assert done.returncode == 0, done.stderr
        place = tmp_path / words[words.index("--output") + 1]
        assert place.is_file() if files is None else sorted(place.glob("*.csv")) == [place / f for f in files]
    for more in ("person", "--references"):
        words = ("team", more, "--output", "x.csv.gz")
        done = pgwright("--url", database, "data", "export", *words, cwd=tmp_path)
        assert done.returncode == 2 and "--output FOLDER/ --format csv" in done.stderr
    assert not (tmp_path / "x.csv.gz").exists()


def test_orphans_anywhere_bring_nothing_in(database: str, tmp_path: Path) -> None:
    execute(database, *CIRCLE, *ROWS)
    place = f"{tmp_path}/x/"
    run_export(database, ExportRequest(tables=("team", "person", "task"), output=place))
    execute(database, "TRUNCATE team, person, task")
    store = open_store(place)
    manifest = json.loads(store.read("manifest.json"))
    teams = next(file for file in manifest["files"] if file["table"] == "public.team")
    stat = store.put("public.team.csv", store.read("public.team.csv").replace(b"2,2", b"2,77"))
    with pytest.raises(ChecksumMismatch):
        import_folder(database, place)
    teams["sha256"] = stat.sha256
    store.put("manifest.json", json.dumps(manifest).encode())
    with pytest.raises(PgwrightError, match="77"):
        import_folder(database, place)
    stat = store.put("public.team.csv", b"id,lead\n1,1\n2,2\n")
    teams["sha256"] = stat.sha256
    store.put("manifest.json", json.dumps(manifest).encode())
    with pytest.raises((CountsDiffer, PgwrightError)):
        import_folder(database, place)
    assert rows(database, "SELECT count(*) FROM team") == [(0,)]
    store.put("manifest.json", b"{}")
    with pytest.raises(PgwrightError, match="damaged"):
        import_folder(database, place)
    store.delete("manifest.json")
    with pytest.raises(PgwrightError, match="no complete export"):
        import_folder(database, place)


def test_a_killed_import_leaves_nothing(database: str, tmp_path: Path) -> None:
    execute(database, USERS, "INSERT INTO users (email) VALUES ('u5@x')")
    path = tmp_path / "users.csv"
    lines = "".join(f"u{n}@x,{n}\n" for n in range(1, 200_001))
    path.write_text(f"email,age\n{lines}")
    command = [
        sys.executable,
        "-m",
        "pgwright",
        "data",
        "import",
        str(path),
        "--yes",
        "--on-conflict",
        "update",
    ]
    for delay in (0.5, 1.0, 1.4):
        process = subprocess.Popen(
            [*command, "--key", "email", "--max-rejects", "5"],
            env={**os.environ, "PGWRIGHT_URL": database},
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )
        time.sleep(delay)
        process.send_signal(signal.SIGKILL)
        killed = process.wait() != 0
        assert rows(database, "SELECT count(*) FROM users") == [(1,)] or not killed
    outcome = import_path(database, path, conflict="update", key=("email",))
    assert (outcome.counts.read, outcome.counts.rejected) == (200_000, 0)
    assert rows(database, "SELECT count(*), sum(age) FROM users") == [(200_000, 20_000_100_000)]


@pytest.mark.skipif(os.geteuid() != 0, reason="mounting a small file system needs root")
def test_a_full_disk_leaves_the_old_file(database: str, tmp_path: Path) -> None:
    execute(database, USERS)
    if subprocess.run(["mount", "-t", "tmpfs", "-o", "size=1m", "none", tmp_path], check=False).returncode:
        pytest.skip("this machine does not allow mounts")
    try:
        path = tmp_path / "users.csv"
        request = ExportRequest(tables=("users",), output=str(path))
        run_export(database, request)
        before = path.read_bytes()
        execute(database, "INSERT INTO users (email) SELECT 'u' || g FROM generate_series(1, 60000) g")
        with pytest.raises(StorageError, match="df -h"):
            run_export(database, request)
        assert [found.name for found in tmp_path.iterdir()] == ["users.csv"]
        assert path.read_bytes() == before
    finally:
        subprocess.run(["umount", tmp_path], check=True)

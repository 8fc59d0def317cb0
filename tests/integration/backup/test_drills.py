"""Drills, the scheduled run, its schedule, and what status and doctor say about them."""

from __future__ import annotations

import json
import os
import secrets
import subprocess
import sys
import time
from dataclasses import replace
from pathlib import Path

import psycopg
import pytest

from pgwright import server
from pgwright.backup.drill.drill import drill
from pgwright.backup.drill.record import drills
from pgwright.backup.drill.trial import DrillOptions
from pgwright.backup.repository.manifest import COPIES, Role, encode
from pgwright.jobs.backup import BACKUP
from pgwright.pg.connect import connect
from pgwright.pg.session import advisory_lock
from tests.conftest import MakeDatabase
from tests.integration.backup.project import Project
from tests.integration.backup.running import pgwright
from tests.servers.running import Server


def test_a_scheduled_run_from_end_to_end(project: Project) -> None:
    assert "no whole backup" in project.findings()["backup_overdue"]["message"]
    result = json.loads(project.run("backup", "run", "--json"))
    assert result["run"] and not project.findings()
    (made,) = project.repository.backups()
    assert made.databases[0].revision == ("a1",)
    # The first run found that a drill was due, and held it; the run itself, in the ledger, does not count.
    status = json.loads(project.run("status", "--json"))["backups"]
    assert status["newest"]["id"] == made.id and status["drill"]["passed"] and status["drill"]["rows"] == 4
    assert "restored" in project.run("status")
    assert "no drill is due" in project.run("backup", "drill", "--if-due")

    # What a run failed over is on the status screen as well.
    folder = project.folder / "repository"
    folder.rename(project.folder / "away")
    folder.write_text("no folder")
    project.run("backup", "run", code=4)
    folder.unlink()
    (project.folder / "away").rename(folder)
    shown = json.loads(project.run("status", "--json"))["findings"]
    assert "backup_run" in {found["check"] for found in shown}
    assert "failed" in project.findings()["backup_run"]["message"]
    with psycopg.connect(project.url, autocommit=True) as conn:
        conn.execute("UPDATE pgwright.run SET status = 'succeeded', started_at = now() - interval '2 days'")
    assert "last began 2 d ago" in project.findings()["backup_run"]["message"]

    project.age(5)
    assert "the newest is 5 d old" in project.findings()["backup_overdue"]["message"]
    assert "LATE" in project.run("status")
    assert json.loads(project.run("backup", "run", "--json"))["removed"] == [made.id]
    assert len(project.repository.backups()) == 1
    assert "nothing" not in project.run("backup", "prune", "--days", "1", "--dry-run")


def test_physical_backups_are_made_daily_as_well(tmp_path: Path) -> None:
    """Full ones every few days, incremental ones in between, each kind with its own lateness."""
    name = f"daily-{secrets.token_hex(3)}"
    try:
        url = server.url(server.start(name, durable=False, settings={"summarize_wal": "on"}))
        project = Project(tmp_path, url, 'daily = ["logical", "physical"]\nfull_days = 2\nkeep_last = 3\n')
        project.run("backup", "create")
        assert "physical backups" in project.findings()["backup_overdue"]["message"]
        for days in (0, 1, 2):
            project.age(days)
            project.run("backup", "run")
        kinds = [str(made.kind) for made in project.repository.backups()]
        assert kinds == ["dump", "dump", "base", "dump", "incremental", "dump", "base"]
        assert len(drills(project.repository)) == 2 and all(one.passed for one in drills(project.repository))
        assert not project.findings()
    finally:
        server.remove(name)


def test_a_drill_of_a_base_backup_compares_databases_where_it_ends(tmp_path: Path) -> None:
    """What migrations change later comes back as well, and is no difference."""
    name = f"drilled-{secrets.token_hex(3)}"
    try:
        url = server.url(server.start(name, durable=False))
        project = Project(tmp_path, url, 'queries = ["SELECT count(*) > 0 FROM orders"]\n')
        with psycopg.connect(url, autocommit=True) as conn:
            conn.execute("CREATE DATABASE other")
            conn.execute("CREATE TABLE orders AS SELECT 1 AS id")
            conn.execute("CREATE TABLE alembic_version AS SELECT 'a1' AS version_num")
        project.run("backup", "create", "--physical")
        made = project.repository.get(project.repository.backups()[-1].id)
        assert {facts.name: facts.revision for facts in made.databases} == {
            "other": (), "postgres": ("a1",),
        }  # fmt: skip
        # The server counted nothing yet; a drill does.
        assert "postgres: 2 tables, rows not counted" in project.run("backup", "show")
        with psycopg.connect(url, autocommit=True) as conn:
            conn.execute("ALTER TABLE orders ADD note text; UPDATE alembic_version SET version_num = 'a2'")
            conn.execute("DROP DATABASE other")
            row = conn.execute("SELECT pg_walfile_name(pg_current_wal_lsn())").fetchone()
            data = conn.execute("SHOW data_directory").fetchone()
            conn.execute("SELECT pg_switch_wal()")
        assert row and data
        project.run("backup", "wal", "archive", f"{data[0]}/pg_wal/{row[0]}")

        done = json.loads(project.run("backup", "drill", "--json"))
        assert done["backup"] == made.id and done["passed"] and not done["notes"] and done["rows"] == 2
        assert "2 tables, 2 rows" in project.run("backup", "show", made.id)
        # The tampered backup: as if the structure and the migrations had been others when it was made.
        kept = {file.database: file for file in made.of(Role.CATALOG)}
        catalog = json.loads(b"".join(project.repository.read(made.id, kept["postgres"])))
        catalog["objects"] = [o for o in catalog["objects"] if o["id"][0] != "column"]
        plain = replace(kept["postgres"], name="catalog-9.json")
        file = project.repository.put(made.id, plain, [json.dumps(catalog).encode()], level=3)
        files = tuple(file if old == kept["postgres"] else old for old in made.files)
        facts = tuple(replace(one, revision=("a0",)) for one in made.databases if one.name == "postgres")
        project.repository.finish(replace(made, files=files, databases=facts))
        done = json.loads(project.run("backup", "drill", made.id, "--json", code=1))
        said = "\n".join(done["problems"])
        assert "postgres: migrations on record are a1, in the backup a0" in said
        assert "structure" in said and "orders.id" in said and "other" in done["notes"][0]
        # A drill of the other kind that passes leaves the failed one a finding.
        project.run("backup", "create")
        assert "can be restored" in project.run("backup", "drill")
        assert "migrations on record" in project.findings()["backup_drill"]["message"]
    finally:
        server.remove(name)


def test_a_drill_of_a_base_backup_with_many_subtransactions_open(tmp_path: Path) -> None:
    """A server lets nobody read while it replays then, and so cannot be looked at where the backup ends."""
    name = f"crowded-{secrets.token_hex(3)}"
    try:
        url = server.url(server.start(name, durable=False))
        project = Project(tmp_path, url)
        with psycopg.connect(url, autocommit=True) as conn, psycopg.connect(url) as crowded:
            conn.execute("CREATE TABLE orders AS SELECT 1 AS id")
            for number in range(70):
                # The server remembers 64 of them for each session.
                crowded.execute(f"SAVEPOINT s{number}; INSERT INTO orders VALUES (0)".encode())
            project.run("backup", "create", "--physical")
            crowded.rollback()
            conn.execute("INSERT INTO orders SELECT generate_series(2, 10)")
            row = conn.execute("SELECT pg_walfile_name(pg_current_wal_lsn())").fetchone()
            data = conn.execute("SHOW data_directory").fetchone()
            conn.execute("SELECT pg_switch_wal()")
        assert row and data
        project.run("backup", "wal", "archive", f"{data[0]}/pg_wal/{row[0]}")
        done = json.loads(project.run("backup", "drill", "--json"))
        assert done["passed"] and not done["notes"] and done["rows"] == 10
    finally:
        server.remove(name)


def test_a_drill_that_fails_is_a_finding(project: Project) -> None:
    project.run("backup", "create")
    assert "never restored" in project.run("status")
    assert "ever restored" in project.findings()["backup_drill"]["message"]
    with psycopg.connect(project.url, autocommit=True) as conn:
        conn.execute("DELETE FROM orders WHERE id = 3")
    # Whoever reads the mail of a scheduler reads it there.
    assert "FAILED its drill" in project.run("backup", "run", code=1)
    found = project.findings()["backup_drill"]
    assert found["severity"] == "critical" and "count(*) = 3" in found["message"]
    # An older one still passes, and a damaged one says so.
    first = project.repository.backups()[0]
    assert "can be restored: 2 tables, 4 rows" in project.run("backup", "drill", first.id)
    (path,) = (Path(project.repository.url) / "backups" / first.id).glob("*.dump.zst")
    path.write_bytes(path.read_bytes()[:-20] + b"x" * 20)
    assert "damaged" in project.run("backup", "drill", first.id, code=1)


def test_a_backup_that_cannot_be_tried_here_has_not_failed(tmp_path: Path, server_12: Server) -> None:
    """Nothing is known about it then, which is no disaster, and says what would have to be here."""
    project = Project(tmp_path, server_12.url)
    project.run("backup", "create", "--physical")
    (made,) = project.repository.backups()
    assert "writes no manifest" in project.run("backup", "verify")
    assert "pg_verifybackup" not in project.run("backup", "recover", "--latest", "--explain")
    for _ in range(2):
        said = project.run("backup", "drill", code=1)
        assert "could not be tried" in said and "apt-get install postgresql-12" in said
    assert len(drills(project.repository)) == 1
    found = project.findings()["backup_drill"]
    assert found["severity"] == "warning" and "needs PostgreSQL 12 to run" in found["message"]
    assert "could not be tried" in project.run("backup", "show", made.id)
    assert "never restored" in project.run("status")
    # It stands for itself: a dump can be tried, and is.
    project.run("backup", "create")
    assert "can be restored" in project.run("backup", "drill")
    assert "needs PostgreSQL 12" in project.findings()["backup_drill"]["message"]


def test_a_drill_compares_the_structure_and_removes_what_killed_ones_left(
    project: Project, make_database: MakeDatabase, server_18: Server, monkeypatch: pytest.MonkeyPatch
) -> None:
    # Drills of other tests, which run meanwhile, would pass for the one that is killed here.
    home = Path(os.environ["PGWRIGHT_HOME"]).parent / f"home-{secrets.token_hex(3)}"
    monkeypatch.setenv("PGWRIGHT_HOME", str(home))
    project.run("backup", "create")
    (made,) = project.repository.backups()
    catalog = json.loads(b"".join(project.repository.read(made.id, made.of(Role.CATALOG)[0])))
    # As if the structure had been another one when the backup was made.
    catalog["objects"] = [o for o in catalog["objects"] if o["id"][0] != "constraint"]
    file = project.repository.put(
        made.id,
        replace(made.of(Role.CATALOG)[0], name="catalog.json"),
        [json.dumps(catalog).encode()],
        level=3,
    )
    files = tuple(file if old.role is Role.CATALOG else old for old in made.files)
    for name in COPIES:
        path = Path(project.repository.url) / "backups" / made.id / name
        path.write_bytes(encode(replace(made, files=files)))

    words = [sys.executable, "-m", "pgwright", "--project", str(project.folder), "backup", "drill"]
    process = subprocess.Popen(words, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)

    def theirs() -> list[str]:
        return [path.name for path in home.glob("*/*drill-*")]

    deadline = time.monotonic() + 60
    while not theirs() and time.monotonic() < deadline:
        time.sleep(0.05)
    time.sleep(0.5)
    process.kill()
    process.wait()
    left = set(theirs())
    assert left
    said = project.run("backup", "drill", code=1)
    assert "structure" in said and "orders_pkey" in said
    # What a process that outlived the killed one, such as initdb, still held then goes with a later drill.
    deadline = time.monotonic() + 60
    while left & set(theirs()) and time.monotonic() < deadline:
        project.run("backup", "drill", code=1)
    assert not left & set(theirs())

    # On a server of one's own it is a database that is left.
    elsewhere = make_database(server_18)
    with psycopg.connect(elsewhere, autocommit=True) as conn:
        conn.execute("CREATE DATABASE drill_0123abcd")
        options = DrillOptions(scratch=elsewhere)
        assert "structure" in drill(project.repository, project.repository.get(), options).problems[0]
        found = conn.execute("SELECT datname FROM pg_database WHERE datname LIKE 'drill%'").fetchall()
    assert not found


def test_runs_never_overlap_and_failures_are_on_record(project: Project) -> None:
    with connect(project.url, autocommit=True) as conn, advisory_lock(conn, BACKUP):
        done = pgwright("backup", "run", cwd=project.folder)
        assert done.returncode == 4 and "already being done" in done.stderr
    (project.folder / "repository").write_text("not a folder")
    done = pgwright("backup", "run", cwd=project.folder)
    assert done.returncode == 4
    with psycopg.connect(project.url) as conn:
        rows = conn.execute("SELECT status, error FROM pgwright.run WHERE job = 'backup'").fetchall()
    assert [row[0] for row in rows] == ["failed"] and rows[0][1]
    (project.folder / "repository").unlink()
    project.run("backup", "create")
    assert "failed" in project.findings()["backup_run"]["message"]


def test_a_server_that_cannot_read_its_backups_leaves_drills_alone(tmp_path: Path, database: str) -> None:
    pyrage = pytest.importorskip("pyrage")
    key = pyrage.x25519.Identity.generate()
    project = Project(tmp_path, database, f'recipients = ["{key.to_public()}"]\n')
    project.run("backup", "run")
    assert "backup_drill" in project.findings()
    (tmp_path / "key").write_text(str(key))
    assert "can be restored" in project.run("backup", "drill", "--identity", str(tmp_path / "key"))
    assert not project.findings()


def test_schedules(project: Project, tmp_path: Path) -> None:
    line = project.run("backup", "schedule", "--with", "cron", "--show", "--at", "03:07").strip()
    assert line.startswith("7 3 * * * cd ") and line.endswith("# pgwright-backup-shop-default")
    # The line is a command that works without anything of this shell.
    command = line.split(" * * * ")[1].partition(" #")[0]
    environment = {"PATH": os.defpath, "PGWRIGHT_HOME": os.environ["PGWRIGHT_HOME"]}
    subprocess.run(["sh", "-c", command], env=environment, check=True, capture_output=True)
    assert len(project.repository.backups()) == 1

    units = project.run("backup", "schedule", "--with", "systemd", "--show")
    service, _, timer = units.partition("\n\n[Unit]")
    for name, text in (("backup.service", service), ("backup.timer", f"[Unit]{timer}")):
        (tmp_path / name).write_text(text)
    try:
        checked = subprocess.run(
            ["systemd-analyze", "verify", "--man=no", str(tmp_path / "backup.timer")],
            capture_output=True, text=True, check=False,
        )  # fmt: skip
    except FileNotFoundError:
        pytest.skip("systemd-analyze is not installed")
    assert checked.returncode == 0, checked.stderr

    wrong = pgwright("backup", "schedule", "--at", "25:00", cwd=project.folder)
    assert wrong.returncode == 2 and "02:00" in wrong.stderr


def test_cron_keeps_the_lines_of_others(project: Project, tmp_path: Path) -> None:
    """Through a program that stands in for crontab: it keeps what it is given, and prints it."""
    table = tmp_path / "table"
    table.write_text("0 1 * * * others # theirs\n")
    program = tmp_path / "bin" / "crontab"
    program.parent.mkdir()
    program.write_text(f'#!/bin/sh\nif [ "$1" = -l ]; then cat {table}; else cat > {table}; fi\n')
    program.chmod(0o755)
    path = f"{program.parent}:{os.environ['PATH']}"
    for at in ("02:00", "04:30"):
        project.run("backup", "schedule", "--with", "cron", "--at", at, PATH=path)
    lines = table.read_text().splitlines()
    assert len(lines) == 2 and lines[0] == "0 1 * * * others # theirs" and lines[1].startswith("30 4 ")
    project.run("backup", "schedule", "--with", "cron", "--remove", PATH=path)
    assert table.read_text() == "0 1 * * * others # theirs\n"

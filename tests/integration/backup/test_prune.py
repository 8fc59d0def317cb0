"""Pruning: what goes, what stays because something needs it, and what a wrong clock does not do."""

from __future__ import annotations

import json
import secrets
from datetime import UTC, datetime, timedelta
from pathlib import Path

import psycopg

from pgwright import server
from pgwright.backup.repository.manifest import Manifest
from tests.integration.backup.project import Project
from tests.integration.backup.running import pgwright


def test_prune_shows_asks_and_deletes(project: Project) -> None:
    for _ in range(3):
        project.run("backup", "create")
        project.age(3)
    refused = pgwright("backup", "prune", cwd=project.folder)
    assert refused.returncode == 3 and "--yes" in refused.stderr
    assert len(project.repository.backups()) == 3
    assert "the newest" in project.run("backup", "prune", "--yes")
    assert len(project.repository.backups()) == 1
    assert "0 backups" in project.run("backup", "prune")


def test_prune_keeps_generations_and_what_they_need(tmp_path: Path) -> None:
    """Sons, fathers and grandfathers of real backups, what they build on, and the WAL to go on from them."""
    name, again = (f"{word}-{secrets.token_hex(3)}" for word in ("kept", "again"))
    settings = {"summarize_wal": "on", "wal_keep_size": "1GB"}
    try:
        url = server.url(server.start(name, durable=False, settings=settings))
        project = Project(tmp_path, url)
        made: dict[str, Manifest] = {}
        with psycopg.connect(url, autocommit=True) as conn:
            conn.execute("CREATE TABLE orders (id int); INSERT INTO orders VALUES (1); ANALYZE orders")

            def create(day: str, *words: str) -> None:
                project.run("backup", "create", *words)
                found = project.repository.backups()[-1]
                month, _, date = day.partition("-")
                project.date(found, datetime(2025, int(month), int(date), 2, tzinfo=UTC))
                made[" ".join((day, *(word.strip("-") for word in words)))] = found
                conn.execute("SELECT pg_switch_wal()")

            for day in ("5-10", "5-31", "6-15", "6-30", "7-20", "7-24", "7-30", "7-31"):
                create(day)
            for day, kind in (("5-31", "physical"), ("6-1", "incremental"), ("6-20", "physical")):
                create(day, f"--{kind}")
            create("6-30", "--incremental")
            # Each a transaction of its own: the restore point must come after the commit.
            conn.execute("INSERT INTO orders VALUES (2)")
            conn.execute("SELECT pg_create_restore_point('before release')")
            conn.execute("INSERT INTO orders VALUES (3)")
            create("7-31", "--incremental")
            row = conn.execute(
                "SELECT current_setting('data_directory'), pg_walfile_name(pg_current_wal_lsn())"
            ).fetchone()
        assert row
        complete = [
            path for path in (Path(row[0]) / "pg_wal").glob("00000001????????????????") if path.name < row[1]
        ]
        for segment in sorted(complete):
            project.run("backup", "wal", "archive", str(segment))
        assert "about 1 row" in project.run("backup", "show", made["6-20 physical"].id)

        def prune(*words: str) -> set[str]:
            rules = ("--days", "0", "--daily", "2", "--weekly", "2", *words)
            gone = json.loads(project.run("backup", "prune", *rules, "--json"))["removed"]
            return {day for day, one in made.items() if one.id in gone}

        archived = project.wal
        assert prune("--monthly", "3", "--dry-run") == {"5-10", "6-15", "7-20", "6-1 incremental"}
        assert len(project.repository.backups()) == len(made) and project.wal == archived
        assert prune("--monthly", "3", "--yes") == {"5-10", "6-15", "7-20", "6-1 incremental"}
        # The full one of June is no generation of its own: two incremental ones build on it.
        before = project.wal
        assert prune("--monthly", "2", "--yes") == {"5-31", "5-31 physical"}
        assert project.wal < before < archived
        project.run("backup", "verify")
        assert "can be restored" in project.run("backup", "drill", made["7-31 incremental"].id)
        to = ("--to-name", "before release", "--backup", made["6-30 incremental"].id)
        project.run("backup", "recover", *to, "--name", again, "--yes")
        with psycopg.connect(server.url(again)) as conn:
            assert conn.execute("SELECT array_agg(id ORDER BY id) FROM orders").fetchone() == ([1, 2],)
    finally:
        server.remove(again)
        server.remove(name)


def test_the_clock_set_back(project: Project) -> None:
    """The newest is the one that was made last, whatever the clock said."""
    project.run("backup", "create")
    project.age(-400)
    project.run("backup", "create")
    first, second = project.repository.backups()
    assert first.finished_at > datetime.now(UTC) > second.finished_at - timedelta(minutes=1)
    assert project.repository.get().id == second.id
    project.run("backup", "prune", "--days", "1", "--last", "1", "--yes")
    assert second.id in [made.id for made in project.repository.backups()]

"""pgBackRest's backups under the same commands, where it is installed beside a server that it knows."""

from __future__ import annotations

import json
import os
import re
import secrets
import shutil
import time
from collections.abc import Iterator
from datetime import datetime
from pathlib import Path
from typing import Any

import psycopg
import pytest

from pgwright import server
from pgwright.backup.pgbackrest import stanza as pgbackrest_stanza
from pgwright.backup.repository.encryption import Encryption
from pgwright.server import Binaries
from tests.integration.backup.running import pgwright

# Debian 12 has pgBackRest 2.45, which knows PostgreSQL up to 15.
PROGRAMS = Path("/usr/lib/postgresql/15/bin")


class Team:
    """Run commands in a project whose server archives through pgBackRest."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.url = (folder / ".env").read_text().partition("=")[2].strip()

    def run(self, *words: str, code: int = 0, **environment: str) -> Any:
        secret = {"PGWRIGHT_PASSPHRASE": "correct-horse", **environment}
        done = pgwright(*words, "--json", cwd=self.folder, **secret)
        assert done.returncode == code, done.stdout + done.stderr
        assert "correct-horse" not in done.stdout + done.stderr
        return json.loads(done.stdout) if done.stdout else done.stderr

    def by_option(self, *words: str, code: int = 0, **environment: str) -> Any:
        return self.run("backup", *words, "--engine", "pgbackrest", code=code, **environment)

    def start_archiving(self) -> None:
        """Do what the first refusal says."""
        assert self.by_option("list") == {"backups": []}
        advice = self.by_option("create", code=4)["error"]["hint"]
        match = re.search(r"archive_command = '(.*?)'", advice)
        assert match and "correct-horse" not in match[1]
        server.stop(self.folder.name)
        server.start(self.folder.name, settings={"archive_mode": "on", "archive_command": match[1]})


def archive_more(conn: psycopg.Connection[Any], segments: int = 1) -> None:
    """Fill as many segments of WAL, and wait until they are archived."""
    for _ in range(segments):
        conn.execute("SELECT pg_create_restore_point('more'), pg_switch_wal()")
    for _ in range(300):
        row = conn.execute("SELECT last_archived_wal FROM pg_stat_archiver").fetchone()
        last = conn.execute("SELECT pg_walfile_name(pg_current_wal_lsn())").fetchone()
        assert row is not None and last is not None
        if row[0] and int(row[0][:24], 16) + 1 >= int(last[0], 16):
            return
        time.sleep(0.1)
    raise AssertionError("the server does not archive")


@pytest.fixture
def team() -> Iterator[Team]:
    """Return a project with a server that does not archive yet."""
    if shutil.which("pgbackrest") is None or not (PROGRAMS / "postgres").is_file():
        pytest.skip("pgbackrest or PostgreSQL 15 of the system is not installed")
    # The account of the server must be able to enter it.
    folder = Path(os.environ["PGWRIGHT_HOME"]).parent / f"pgbackrest-{secrets.token_hex(3)}"
    folder.mkdir(mode=0o755)
    (folder / "pgwright.toml").write_text(
        '[project]\nname = "shop"\n[databases.default]\nurl = "${DATABASE_URL}"\n'
        '[backup]\nrepository = "repository"\nrecipients = ["passphrase"]\n'
    )
    try:
        started = server.start(folder.name, binaries=Binaries(bin_dir=PROGRAMS))
        (folder / ".env").write_text(f"DATABASE_URL={server.url(started)}\n")
        yield Team(folder)
    finally:
        server.remove(folder.name)
        shutil.rmtree(folder, ignore_errors=True)


def test_backups_by_pgbackrest_from_end_to_end(team: Team) -> None:
    run = team.by_option
    team.start_archiving()
    with psycopg.connect(team.url, autocommit=True) as conn:
        conn.execute("CREATE TABLE orders AS SELECT g AS id FROM generate_series(1, 100) g")
        full = run("create", "--label", "before the release")
        assert full["kind"] == "full" and not full["parent"]
        assert run("create", "--differential")["parent"] == full["id"]
        changed = run("create", "--incremental")
        assert changed["kind"] == "incr"
        moment = datetime.now().astimezone()
        time.sleep(1.1)
        conn.execute("DELETE FROM orders WHERE id > 10")
        archive_more(conn)
    assert [made["kind"] for made in run("list")["backups"]] == ["full", "diff", "incr"]
    assert run("verify")["problems"] == []
    assert run("verify", changed["id"])["problems"] == []
    assert run("verify", "20200101-000000F", code=2)["error"]["code"] == "PW810"
    state = run("wal", "status")
    assert state["base"] == changed["id"] and state["gaps"] == []
    assert full["wal"] in {file["name"] for file in state["files"] if file["size"]}
    assert run("show")["backup"]["id"] == changed["id"]
    drilled = run("drill", full["id"])
    assert drilled["passed"] and run("show", full["id"])["drills"][0]["rows"] == drilled["rows"]
    assert run("prune", "--days", "0", "--dry-run")["removed"] == []
    wrong = run("list", code=4, PGWRIGHT_PASSPHRASE="wrong")
    assert wrong["error"]["code"] == "PW807"

    name = f"again-{secrets.token_hex(3)}"
    target = ("--to", moment.isoformat(), "--name", name)
    explained = run("recover", *target, "--explain")
    assert "pgbackrest restore --type=time" in explained["steps"][0]
    try:
        done = run("recover", *target, "--yes")
        assert done["changes"] == [{"table": "public.orders", "now": 10, "then": 100}]
    finally:
        server.remove(name)

    # A file of WAL that is missing between others is named, and where a recovery would end.
    stored = sorted((team.folder / "repository" / "pgbackrest" / "archive").rglob("0" * 7 + "1*-*"))
    stored[-2].rename(team.folder / "lost")
    (problem,) = run("verify", code=1)["problems"]
    assert "WAL is missing" in problem and stored[-2].name[:24] in problem
    assert (
        "WARNING: WAL is missing, 1 segment"
        in run("recover", "--latest", "--name", name, "--explain")["steps"][2]
    )
    (gap,) = run("wal", "status", code=1)["gaps"]
    assert gap["first"] == gap["last"] == stored[-2].name[:24]
    (team.folder / "lost").rename(stored[-2])

    # One changed byte is found.
    stored = team.folder / "repository" / "pgbackrest" / "backup" / "shop" / full["id"] / "pg_data"
    path = next(stored.rglob("PG_VERSION*"))
    path.write_bytes(path.read_bytes()[:-1] + b"?")
    assert run("verify", code=1)["problems"]


def test_as_the_engine_of_a_project(team: Team) -> None:
    """Named in pgwright.toml, it makes the physical backups of the daily run, and of every other command."""
    config = team.folder / "pgwright.toml"
    more = 'engine = "pgbackrest"\ndaily = ["logical", "physical"]\nschedule = "02:00"\nkeep_days = 0\n'
    queries = 'queries = ["SELECT count(*) = 10 FROM orders"]\n'
    config.write_text(config.read_text().replace("[backup]\n", f"[backup]\n{more}{queries}"))
    team.start_archiving()
    with psycopg.connect(team.url, autocommit=True) as conn:
        conn.execute("CREATE TABLE orders AS SELECT g AS id FROM generate_series(1, 10) g")

    def findings(code: int) -> set[str]:
        only = ("--only", "backup_overdue", "--only", "backup_drill", "--only", "wal_gap")
        return {f["check"] for f in team.run("doctor", *only, code=code)["findings"]}

    assert findings(1) == {"backup_overdue"}
    dump, full = team.run("backup", "run")["backups"]
    assert not findings(0)
    state = team.run("status")["backups"]
    assert state["newest"]["id"] == state["drill"]["backup"] == full and state["drill"]["passed"]
    dump, on_top = team.run("backup", "run")["backups"]
    listed = team.run("backup", "list")
    assert [made["id"] for made in listed["backups"]] == [dump]
    assert [(made["kind"], made["parent"]) for made in listed["pgbackrest"]] == [
        ("full", None), ("incr", full),
    ]  # fmt: skip
    verdict = team.run("backup", "verify")
    assert verdict["pgbackrest"]["problems"] == [] and len(verdict["backups"]) == 1
    assert team.run("backup", "drill")["backup"] == on_top

    # A new full one lets the old ones go, and their WAL with them.
    new = team.run("backup", "create", "--physical")
    assert new["kind"] == "full"
    archived = team.folder / "repository" / "pgbackrest" / "archive" / "shop"
    before = len(list(archived.rglob("0*-*")))
    assert set(team.run("backup", "prune", "--dry-run")["removed"]) == {full, on_top}
    assert len(team.run("backup", "list")["pgbackrest"]) == 3
    team.run("backup", "prune", "--yes")
    assert [made["id"] for made in team.run("backup", "list")["pgbackrest"]] == [new["id"]]
    assert len(list(archived.rglob("0*-*"))) < before
    with psycopg.connect(team.url, autocommit=True) as conn:
        conn.execute("DELETE FROM orders")
    newest = team.run("backup", "create", "--incremental")["id"]
    assert "count(*) = 10" in team.run("backup", "drill", newest, code=1)["problems"][0]
    assert findings(1) == {"backup_drill"}
    assert "recover" in team.run("backup", "restore", newest, code=2)["error"]["hint"]

    # WAL that is missing behind the newest backup is told at once, and a new backup is the way back.
    with psycopg.connect(team.url, autocommit=True) as conn:
        archive_more(conn, segments=3)
    sorted(archived.rglob("0" * 7 + "1*-*"))[-2].unlink()
    assert findings(1) == {"backup_drill", "wal_gap"}
    assert team.run("backup", "verify", code=1)["pgbackrest"]["problems"]
    team.run("backup", "create", "--physical")
    assert findings(1) == {"backup_drill"}
    assert not team.run("backup", "wal", "status")["gaps"]


def test_what_pgbackrest_needs(database: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def refused(*words: str, code: int) -> str:
        done = pgwright("backup", *words, cwd=tmp_path, DATABASE_URL=database)
        assert done.returncode == code, done.stdout + done.stderr
        return done.stderr

    theirs = ("create", "--engine", "pgbackrest")
    assert "whole server" in refused(*theirs, "-t", "orders", code=2)
    assert "--engine pgbackrest" in refused("create", "--differential", code=2)
    with monkeypatch.context() as patched:
        patched.setattr(shutil, "which", lambda _: None)
        assert "apt-get install pgbackrest" in refused(*theirs, code=2)
    if shutil.which("pgbackrest") is None:
        pytest.skip("pgbackrest is not installed")
    with pytest.raises(Exception, match="passphrase only"):
        pgbackrest_stanza.stanza_of(str(tmp_path / "r"), "shop", Encryption(recipients=("age1x",)))

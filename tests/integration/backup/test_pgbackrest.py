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
from pgwright.backup import pgbackrest
from pgwright.backup.encryption import Encryption
from pgwright.server import Binaries
from tests.integration.backup.running import pgwright

# Debian 12 has pgBackRest 2.45, which knows PostgreSQL up to 15.
PROGRAMS = Path("/usr/lib/postgresql/15/bin")


@pytest.fixture
def place() -> Iterator[Path]:
    """Return the folder of a project, with a server that does not archive yet."""
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
        yield folder
    finally:
        server.remove(folder.name)
        shutil.rmtree(folder, ignore_errors=True)


def test_backups_by_pgbackrest_from_end_to_end(place: Path) -> None:
    secret = {"PGWRIGHT_PASSPHRASE": "correct-horse"}

    def run(*words: str, code: int = 0, **environment: str) -> Any:
        done = pgwright(
            "backup", *words, "--engine", "pgbackrest", "--json", cwd=place, **{**secret, **environment}
        )
        assert done.returncode == code, done.stdout + done.stderr
        assert "correct-horse" not in done.stdout + done.stderr
        return json.loads(done.stdout) if done.stdout else done.stderr

    url = (place / ".env").read_text().partition("=")[2].strip()
    assert run("list") == {"backups": []}
    advice = run("create", code=4)["error"]["hint"]
    match = re.search(r"archive_command = '(.*?)'", advice)
    assert match and "correct-horse" not in match[1]
    server.stop(place.name)
    server.start(place.name, settings={"archive_mode": "on", "archive_command": match[1]})
    with psycopg.connect(url, autocommit=True) as conn:
        conn.execute("CREATE TABLE orders AS SELECT g AS id FROM generate_series(1, 100) g")
        full = run("create", "--label", "before the release")
        assert full["kind"] == "full" and not full["parent"]
        assert run("create", "--differential")["parent"] == full["id"]
        changed = run("create", "--incremental")
        assert changed["kind"] == "incr"
        moment = datetime.now().astimezone()
        time.sleep(1.1)
        conn.execute("DELETE FROM orders WHERE id > 10")
        conn.execute("SELECT pg_switch_wal()")
        for _ in range(300):
            row = conn.execute("SELECT last_archived_wal FROM pg_stat_archiver").fetchone()
            last = conn.execute("SELECT pg_walfile_name(pg_current_wal_lsn())").fetchone()
            assert row is not None and last is not None
            if row[0] and int(row[0][:24], 16) + 1 >= int(last[0], 16):
                break
            time.sleep(0.1)
    assert [made["kind"] for made in run("list")["backups"]] == ["full", "diff", "incr"]
    assert run("verify")["problems"] == []
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

    # One changed byte is found.
    stored = place / "repository" / "pgbackrest" / "backup" / "shop" / full["id"] / "pg_data"
    path = next(stored.rglob("PG_VERSION*"))
    path.write_bytes(path.read_bytes()[:-1] + b"?")
    assert run("verify", code=1)["problems"]


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
        pgbackrest.stanza_of(str(tmp_path / "r"), "shop", Encryption(recipients=("age1x",)))

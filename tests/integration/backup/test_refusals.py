"""What a backup cannot give is said before anything is done."""

from __future__ import annotations

import json
import subprocess
from pathlib import Path

import psycopg
import pytest

from pgwright.backup.contents import inventory
from tests.integration.backup.project import Project
from tests.integration.backup.running import pgwright


def test_plain_sql_keeps_its_owners(project: Project) -> None:
    project.run("backup", "create", "--format", "plain")
    done = pgwright("backup", "restore", "--as", "never_made", "--no-owner", "--yes", cwd=project.folder)
    assert done.returncode == 2 and "--map-role" in done.stderr


def test_without_the_passphrase_no_key_is_called_wrong(
    project: Project, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A secret key in the ring of gpg opens nothing that a passphrase was made for."""
    ring = tmp_path / "ring"
    ring.mkdir(mode=0o700)
    monkeypatch.setenv("GNUPGHOME", str(ring))
    new = ["gpg", "--batch", "--quiet", "--passphrase", "", "--quick-gen-key", "team@example.org"]
    try:
        subprocess.run(new, check=True, capture_output=True)
        project.run("backup", "create", "--recipient", "passphrase", PGWRIGHT_PASSPHRASE="correct-horse")
        (verdict,) = json.loads(project.run("backup", "verify", "--json"))["backups"]
    finally:
        subprocess.run(["gpgconf", "--kill", "gpg-agent"], check=False)
    assert not verdict["opened"] and not verdict["problems"]


def test_a_table_that_stays_locked_is_named(project: Project, monkeypatch: pytest.MonkeyPatch) -> None:
    """Whoever waits for it looks dead, and holds up vacuum."""
    monkeypatch.setattr(inventory, "LOCK_TIMEOUT", "300ms")
    with psycopg.connect(project.url) as conn:
        conn.execute("LOCK TABLE orders IN ACCESS EXCLUSIVE MODE")
        done = pgwright("backup", "create", cwd=project.folder)
        assert done.returncode == 4 and "orders is locked" in done.stderr
        assert f"pg_terminate_backend({conn.info.backend_pid})" in done.stderr
        # What was locked only when pg_dump came to it.
        monkeypatch.setattr(inventory, "tables", lambda *_: ())
        assert "is locked" in pgwright("backup", "create", "--data-only", cwd=project.folder).stderr
    assert not project.repository.backups() and not project.repository.unfinished()

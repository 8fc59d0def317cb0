"""Backups named by date, and restored into a fresh database that equals its source."""

from __future__ import annotations

import re
import secrets
from pathlib import Path

import psycopg

from pgwright.pg.address import parse_address
from tests.integration.backup.running import pgwright
from tests.systems.airline.project import FOLDER


def test_a_backup_restored_equals_its_source(migrated: str, tmp_path: Path) -> None:
    with psycopg.connect(migrated, autocommit=True) as conn:
        conn.execute("INSERT INTO airlines (code, name) VALUES ('XX', 'Example Air'), ('YY', 'Other Air')")
    repository = ("--repository", str(tmp_path / "backups"))
    made = pgwright("backup", "create", *repository, cwd=FOLDER, DATABASE_URL=migrated)
    assert made.returncode == 0, made.stderr
    assert re.match(r"backup \d{8}T\d{6}Z-", made.stdout)
    copy = f"air_{secrets.token_hex(3)}"
    try:
        words = ("backup", "restore", "--as", copy, "--yes", *repository)
        done = pgwright(*words, cwd=FOLDER, DATABASE_URL=migrated)
        assert done.returncode == 0, done.stderr
        fresh = parse_address(migrated).with_database(copy).text
        equal = pgwright("verify", migrated, fresh, cwd=FOLDER, DATABASE_URL=migrated)
        assert equal.returncode == 0, equal.stdout
    finally:
        with psycopg.connect(migrated, autocommit=True) as conn:
            conn.execute(f"DROP DATABASE IF EXISTS {copy}".encode())

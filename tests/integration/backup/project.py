"""A project with a repository of its own, and commands that are run in it."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

from pgwright.backup.repository.manifest import COPIES, Manifest, encode
from pgwright.backup.repository.repository import Repository, open_repository
from pgwright.pg.address import parse_address
from tests.integration.backup.running import pgwright


class Project:
    """Run commands in a project with a repository of its own."""

    def __init__(self, folder: Path, url: str, more: str = "") -> None:
        self.folder, self.url = folder, url
        self.name = parse_address(url).dbname
        (folder / "pgwright.toml").write_text(
            '[project]\nname = "shop"\n[databases.default]\nurl = "${DATABASE_URL}"\n'
            f'[backup]\nrepository = "repository"\nschedule = "02:00"\n{more}'
        )
        (folder / ".env").write_text(f"DATABASE_URL={url}\n")

    @property
    def repository(self) -> Repository:
        return open_repository(str(self.folder / "repository"))

    def run(self, *words: str, code: int = 0, **environment: str) -> str:
        done = pgwright(*words, cwd=self.folder, **environment)
        assert done.returncode == code, done.stdout + done.stderr
        return done.stdout

    def findings(self) -> dict[str, Any]:
        """Return what doctor says about backups, by check."""
        only = [w for c in ("backup_run", "backup_overdue", "backup_drill", "wal_gap") for w in ("--only", c)]
        done = pgwright("doctor", *only, "--json", cwd=self.folder)
        return {f["check"]: f for f in json.loads(done.stdout)["findings"]}

    @property
    def wal(self) -> int:
        """Return how many files of WAL are archived."""
        return sum(1 for _ in self.repository.store.list("wal/"))

    def age(self, days: float) -> None:
        """Make every backup older than it is."""
        for made in self.repository.backups():
            self.date(made, made.finished_at - timedelta(days=days))

    def date(self, made: Manifest, at: datetime) -> None:
        """Make a backup one of that time."""
        for name in COPIES:
            path = Path(self.repository.url) / "backups" / made.id / name
            path.write_bytes(encode(replace(made, started_at=at, finished_at=at)))

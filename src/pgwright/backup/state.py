"""What a project's repository tells about its database: the newest backup, the newest drill."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime

from pgwright.backup.drill import Drill, drills
from pgwright.backup.encryption import Encryption
from pgwright.backup.manifest import Manifest
from pgwright.backup.repository import open_repository
from pgwright.config.backup import BackupConfig


@dataclass(frozen=True, kw_only=True)
class BackupState:
    """Hold the newest whole backup of a database, dump or physical, and the newest drill of one."""

    repository: str
    newest: Manifest | None
    drill: Drill | None
    damaged: tuple[str, ...]

    def age(self, now: datetime | None = None) -> float | None:
        """Return the seconds since the newest backup was finished; None without one."""
        if self.newest is None:
            return None
        return ((now or datetime.now(UTC)) - self.newest.finished_at).total_seconds()

    def drill_age(self, now: datetime | None = None) -> float | None:
        """Return the seconds since the newest drill; None without one."""
        return (
            None
            if self.drill is None
            else ((now or datetime.now(UTC)) - self.drill.started_at).total_seconds()
        )


def backup_state(config: BackupConfig, database: str) -> BackupState:
    """Return what the configured repository holds of `database`. Raises the storage's errors."""
    found = open_repository(config.repository, encryption_of(config))
    backups = found.backups()
    fitting = [made for made in backups if made.is_physical or (made.is_whole and made.database == database)]
    ids = {made.id for made in fitting}
    tried = [one for one in drills(found) if one.database == database or one.backup in ids]
    return BackupState(
        repository=found.url,
        newest=fitting[-1] if fitting else None,
        drill=tried[-1] if tried else None,
        damaged=tuple(broken.id for broken in found.broken()),
    )


def encryption_of(config: BackupConfig) -> Encryption:
    """Return how a project encrypts. Raises `ConfigError`."""
    return Encryption(
        recipients=config.recipients, identity=config.identity, passphrase_file=config.passphrase_file
    )


def is_local(config: BackupConfig) -> bool:
    """Tell whether looking at the repository costs no network."""
    return "://" not in config.repository

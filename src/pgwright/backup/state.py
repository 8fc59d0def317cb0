"""What a project's repository tells about its database: the newest backup, the newest drill."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime

from pgwright.backup.drill.record import Drill, drills
from pgwright.backup.engine import project_repository, their_backups
from pgwright.backup.pgbackrest.backups import Made
from pgwright.backup.repository.manifest import Manifest
from pgwright.config import Project
from pgwright.config.backup import LOGICAL, PHYSICAL, BackupConfig

# A day, and two hours for the run itself: a backup that is made daily is never older unless one was missed.
LATE_SECONDS = 26 * 3600.0


@dataclass(frozen=True, kw_only=True)
class BackupState:
    """Hold the newest whole backup of a database, logical or physical, and the newest drill of each kind.

    `prevented` is a drill of a backup that is there and could not be tried, where none of its kind was since.
    `damaged` are the backups of which no manifest can be read any more.
    """

    repository: str
    logical: Manifest | None
    physical: Manifest | Made | None
    drills: tuple[Drill, ...]
    prevented: Drill | None
    damaged: tuple[str, ...]

    @property
    def newest(self) -> Manifest | Made | None:
        """Return the newest of both kinds; None without one."""
        found = [made for made in (self.logical, self.physical) if made is not None]
        return max(found, key=lambda made: made.finished_at, default=None)

    def age(self, kind: str | None = None) -> float | None:
        """Return the seconds since the newest backup, of a kind or of any, was finished; None without one."""
        made = {LOGICAL: self.logical, PHYSICAL: self.physical}[kind] if kind else self.newest
        return None if made is None else (datetime.now(UTC) - made.finished_at).total_seconds()

    def late(self, config: BackupConfig) -> tuple[str, ...]:
        """Return the kinds that should be made daily, and were not."""
        ages = {kind: self.age(kind) for kind in (config.daily if config.schedule else ())}
        return tuple(kind for kind, age in ages.items() if age is None or age > LATE_SECONDS)

    @property
    def drill(self) -> Drill | None:
        """Return the newest drill, of those that failed where there are any; None without one."""
        return max(self.drills, key=lambda one: (not one.passed, one.started_at), default=None)

    def drill_age(self) -> float | None:
        """Return the seconds since the newest drill; None without one."""
        return None if self.drill is None else (datetime.now(UTC) - self.drill.started_at).total_seconds()


def backup_state(project: Project, database: str) -> BackupState:
    """Return what the project's repository holds of `database`.

    Raises the errors of the storage, and of pgBackRest where that makes the physical backups.
    """
    found = project_repository(project)
    backups = found.backups()
    logical = [made for made in backups if made.is_whole and made.database == database]
    own = [made for made in backups if made.is_physical]
    physical: tuple[Manifest | Made, ...] = (*own, *their_backups(project))
    held = [one for one in drills(found) if one.database in (database, None)]
    newest = {one.database: one for one in held}
    tried = {one.database: one for one in held if one.prevented is None}
    there = {made.id for made in (*backups, *physical)}
    prevented = [one for one in newest.values() if one.prevented is not None and one.backup in there]
    return BackupState(
        repository=found.url,
        logical=logical[-1] if logical else None,
        physical=physical[-1] if physical else None,
        drills=tuple(tried.values()),
        prevented=prevented[0] if prevented else None,
        damaged=tuple(broken.id for broken in found.broken()),
    )


def is_local(config: BackupConfig) -> bool:
    """Tell whether looking at the repository costs no network."""
    return "://" not in config.repository

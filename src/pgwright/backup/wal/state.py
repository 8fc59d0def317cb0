"""How complete the archive of WAL is, from the newest base backup on."""

from __future__ import annotations

from dataclasses import dataclass

from pgwright.backup.recover.plan import Target, plan_recovery
from pgwright.backup.repository.repository import Repository
from pgwright.backup.wal.archive import Archive, Gap, WalFile
from pgwright.errors import BackupMissing


@dataclass(frozen=True, kw_only=True)
class ArchiveState:
    """Hold the archived files, the newest base backup, and what is missing behind it.

    Without a base backup, `gaps` are those of the whole archive. Gaps before the newest base backup only
    matter for recovery to moments before it.
    """

    files: tuple[WalFile, ...]
    base: str | None
    gaps: tuple[Gap, ...]


def archive_state(repository: Repository) -> ArchiveState:
    """Return the state of a repository's archive."""
    archive = Archive(repository=repository)
    files = archive.files()
    try:
        plan = plan_recovery(repository, Target())
    except BackupMissing:
        return ArchiveState(files=files, base=None, gaps=archive.gaps())
    return ArchiveState(files=files, base=plan.base.id, gaps=plan.gaps if files else ())

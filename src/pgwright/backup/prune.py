"""Delete what no rule keeps: backups, manifest first, and the WAL that nothing can start from any more."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from pgwright.backup.drill.record import drills
from pgwright.backup.recover.plan import Target, plan_recovery, segment_size
from pgwright.backup.repository.manifest import Manifest
from pgwright.backup.repository.repository import Repository
from pgwright.backup.retention import Decision, Policy, decide
from pgwright.backup.wal.archive import PARTIAL, Archive, Archived
from pgwright.backup.wal.lsn import SEGMENT, parse_lsn, segment_at, segment_of
from pgwright.errors import BackupMissing


@dataclass(frozen=True, kw_only=True)
class PrunePlan:
    """Hold what would go."""

    decisions: tuple[Decision[Manifest], ...]
    wal: tuple[Archived, ...]

    @property
    def removed(self) -> tuple[Manifest, ...]:
        """Return the backups that go."""
        return tuple(decision.backup for decision in self.decisions if not decision.keep)

    @property
    def bytes(self) -> int:
        """Return how much the repository becomes smaller."""
        return sum(made.size for made in self.removed) + sum(file.size for file in self.wal)


def plan_prune(repository: Repository, policy: Policy) -> PrunePlan:
    """Return what would be deleted."""
    backups = repository.backups()
    decisions = decide(backups, policy, doubted=_doubted(repository, backups), needed=_beginning(repository))
    kept = [decision.backup for decision in decisions if decision.keep]
    return PrunePlan(decisions=decisions, wal=_unneeded(repository, kept))


def _doubted(repository: Repository, backups: Iterable[Manifest]) -> tuple[str, ...]:
    """Return the backups whose manifest was rebuilt and that passed no drill since."""
    rebuilt = {made.id: made.rebuilt_at for made in backups if made.rebuilt_at}
    for drill in drills(repository) if rebuilt else ():
        if drill.passed and drill.backup in rebuilt and drill.started_at > rebuilt[drill.backup]:
            del rebuilt[drill.backup]
    return tuple(rebuilt)


def _beginning(repository: Repository) -> dict[str, str]:
    """Return what recovery starts from: the newest base backup may be of a timeline that was left."""
    try:
        return {plan_recovery(repository, Target()).base.id: "recovery to the newest moment starts from it"}
    except BackupMissing:
        return {}


def prune(repository: Repository, policy: Policy) -> PrunePlan:
    """Delete by a plan made under the repository's lock, and return it. Raises `RepositoryLocked`."""
    with repository.writing("pruning"):
        plan = plan_prune(repository, policy)
        # The newest first: what an incremental backup builds on goes after it.
        for made in sorted(plan.removed, key=lambda made: made.sequence, reverse=True):
            repository.remove(made.id)
        for file in plan.wal:
            repository.store.delete(file.path)
    return plan


def _unneeded(repository: Repository, kept: list[Manifest]) -> tuple[Archived, ...]:
    """Return the segments before the oldest base backup that stays; all stay where there is none."""
    bases = [made for made in kept if made.is_physical and made.lsn and made.timeline]
    if not bases:
        return ()
    sizes = {segment_size(made) for made in bases}
    if len(sizes) > 1:
        return ()  # of servers with unlike segments: their numbers do not compare
    (size,) = sizes
    oldest = min(segment_at(made.timeline or 1, parse_lsn(made.lsn or "0/0"), size).number for made in bases)
    return tuple(
        file
        for file in Archive(repository=repository, size=size).files()
        if SEGMENT.fullmatch(file.name.removesuffix(PARTIAL))
        and segment_of(file.name.removesuffix(PARTIAL), size).number < oldest
    )

"""What a recovery is going to do, worked out from the repository before anything is touched."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime

from pgwright.backup.repository.manifest import Manifest
from pgwright.backup.repository.repository import Repository
from pgwright.backup.wal.archive import PARTIAL, Archive, Archived, Gap, gaps_between
from pgwright.backup.wal.lsn import HISTORY, SEGMENT, Segment, parse_lsn, segment_at, segment_of
from pgwright.backup.wal.timelines import Timeline, timelines
from pgwright.errors import BackupMissing, UsageError

BEFORE_TARGET = "before configured recovery target was reached"  # PostgreSQL's words
_UNITS = {"kB": 1 << 10, "MB": 1 << 20, "GB": 1 << 30}


@dataclass(frozen=True, kw_only=True)
class Target:
    """Say where recovery ends: at one of these, or without any at the end of the WAL.

    `time` carries a zone. Whatever committed exactly there is included, unless `exclusive`.
    `timeline` is a number, None for the newest that the backup leads to. `consistent` is the end of the
    backup itself, where replay waits.
    """

    time: datetime | None = None
    lsn: str | None = None
    xid: str | None = None
    name: str | None = None
    timeline: int | None = None
    exclusive: bool = False
    consistent: bool = False

    def __post_init__(self) -> None:
        if sum(part is not None for part in (self.time, self.lsn, self.xid, self.name)) > 1:
            raise UsageError(
                "recovery ends at one place", hint="give one of --to, --to-lsn, --to-xid, --to-name"
            )
        if self.lsn is not None:
            try:
                parse_lsn(self.lsn)
            except ValueError as error:
                raise UsageError(
                    f"--to-lsn {self.lsn} is no position", hint="write it as 16/B374D848"
                ) from error
        if self.xid is not None and not self.xid.isdigit():
            raise UsageError(
                f"--to-xid {self.xid} is no transaction", hint="it is a number: pg_current_xact_id()"
            )

    @property
    def is_moment(self) -> bool:
        """Tell whether it lies within the WAL, so that recovery can fail to get there."""
        return any(part is not None for part in (self.time, self.lsn, self.xid, self.name))

    @property
    def settings(self) -> dict[str, str]:
        """Return PostgreSQL's settings for it."""
        found = {"recovery_target_timeline": str(self.timeline) if self.timeline else "latest"}
        if self.consistent:
            return {**found, "recovery_target": "immediate", "recovery_target_action": "pause"}
        if self.time is not None:
            found["recovery_target_time"] = self.time.astimezone(UTC).isoformat(sep=" ")
        elif self.lsn is not None:
            found["recovery_target_lsn"] = self.lsn
        elif self.xid is not None:
            found["recovery_target_xid"] = self.xid
        elif self.name is not None:
            found["recovery_target_name"] = self.name
        if self.is_moment:
            found["recovery_target_action"] = "promote"
            found["recovery_target_inclusive"] = "off" if self.exclusive else "on"
        return found

    def __str__(self) -> str:
        if self.time is not None:
            return f"{self.time.isoformat(sep=' ')}"
        if self.lsn is not None:
            return f"position {self.lsn}"
        if self.xid is not None:
            return f"transaction {self.xid}"
        if self.name is not None:
            return f"restore point {self.name}"
        return "the end of the backup" if self.consistent else "the end of the archived WAL"


CONSISTENT = Target(consistent=True)


@dataclass(frozen=True, kw_only=True)
class RecoveryPlan:
    """Say what will be done: these backups one over the other, then this WAL, up to the target.

    `gaps` are missing segments: recovery cannot get past the first.
    """

    target: Target
    backups: tuple[Manifest, ...]
    wal: tuple[Archived, ...]
    gaps: tuple[Gap, ...]
    segment_size: int

    @property
    def base(self) -> Manifest:
        """Return the last of the backups: recovery begins from it."""
        return self.backups[-1]

    @property
    def bytes(self) -> int:
        """Return about how much disk the new server needs, with the WAL beside it."""
        files = sum(file.plain_size for backup in self.backups for file in backup.files)
        # Incremental backups are unpacked beside the full one, and then combined.
        return files * (2 if len(self.backups) > 1 else 1) + len(self.wal) * self.segment_size


def chain(repository: Repository, backup: Manifest) -> tuple[Manifest, ...]:
    """Return the full backup that an incremental one builds on, whatever is between, and itself.

    Raises `BackupMissing` where one of them is gone.
    """
    found = [backup]
    while (parent := found[0].parent) is not None:
        found.insert(0, repository.get(parent))
    return tuple(found)


def plan_recovery(repository: Repository, target: Target, *, backup: str | None = None) -> RecoveryPlan:
    """Choose the newest base backup that ends before the target, and the WAL from there on.

    `backup` names another one. Raises `BackupMissing` where none is old enough.
    """
    archive = Archive(repository=repository)
    files = archive.files()
    known = timelines(archive, files)
    if backup is not None:
        base = _named(repository, backup)
        timeline = _timeline_from(base, target, known)
    else:
        base, timeline = _newest_before(repository, target, known)
    size = segment_size(base)
    begin = segment_at(base.timeline or 1, parse_lsn(base.lsn or "0/0"), size)
    wal = _needed(files, begin, timeline, size)
    # Where there are several, PostgreSQL's "latest" is not always one that the backup leads to.
    branched = len(known) > 1 and timeline.left is not None
    return RecoveryPlan(
        target=replace(target, timeline=timeline.number) if branched else target,
        backups=chain(repository, base),
        wal=wal,
        gaps=_gaps(base, begin, wal, size),
        segment_size=size,
    )


def _named(repository: Repository, id: str) -> Manifest:
    found = repository.get(id)
    if not found.is_physical:
        raise UsageError(
            f"backup {found.id} is a dump, which recovery to a moment cannot start from",
            hint="restore it as it is: pgwright backup restore; or name a base backup",
        )
    return found


def segment_size(base: Manifest) -> int:
    """Return the bytes of a segment of WAL of the server that a base backup comes from."""
    return segment_bytes(base.settings.get("wal_segment_size", "16MB"))


def segment_bytes(text: str) -> int:
    """Return the bytes that the setting ``wal_segment_size`` names: ``16MB``."""
    match = re.fullmatch(r"(\d+)(kB|MB|GB)", text)
    assert match
    return int(match[1]) * _UNITS[match[2]]


def _newest_before(
    repository: Repository, target: Target, known: Mapping[int, Timeline]
) -> tuple[Manifest, Timeline]:
    """Return the newest base backup that ends before the target, and the timeline that it leads to."""
    every = [made for made in repository.backups() if made.is_physical]
    if not every:
        raise BackupMissing(
            f"{repository.url} holds no base backup, which recovery to a moment starts from",
            hint="make one: pgwright backup create --physical; a dump comes back by pgwright backup restore",
        )
    system = every[-1].system
    same = [made for made in every if made.system == system]
    number = target.timeline or max(*known, *(made.timeline or 1 for made in same))
    timeline = known.get(number, Timeline(number=number, left=None))
    leading = [made for made in same if _leads(made, timeline)]
    if not leading:
        raise BackupMissing(
            f"no base backup in {repository.url} leads to timeline {number}",
            detail="the server went on from a moment before they end",
            hint="make one: pgwright backup create --physical; or recover to what was before, with "
            f"--timeline {same[-1].timeline}",
        )
    fitting = [made for made in leading if _is_before(made, target)]
    if not fitting:
        first = leading[0]
        raise BackupMissing(
            f"no base backup in {repository.url} is older than {target}",
            detail=f"the oldest, {first.id}, ends at {first.end_lsn}, {first.finished_at:%F %T} UTC",
            hint="choose a later moment",
        )
    return fitting[-1], timeline


def _timeline_from(base: Manifest, target: Target, known: Mapping[int, Timeline]) -> Timeline:
    """Return the newest timeline, or that of the target, to which a base backup leads."""
    own = Timeline(number=base.timeline or 1, left=None)
    numbers = (target.timeline,) if target.timeline else sorted({*known, own.number}, reverse=True)
    for number in numbers:
        timeline = known.get(number, replace(own, number=number))
        if _leads(base, timeline):
            return timeline
    raise BackupMissing(
        f"base backup {base.id} does not lead to timeline {target.timeline}",
        detail=f"it is of timeline {base.timeline} and ends at {base.end_lsn}",
        hint="leave --backup or --timeline out",
    )


def _leads(made: Manifest, timeline: Timeline) -> bool:
    return timeline.follows(made.timeline or 1, parse_lsn(made.end_lsn or "0/0"))


def _is_before(made: Manifest, target: Target) -> bool:
    if target.time is not None:
        return made.finished_at <= target.time
    if target.lsn is not None and made.end_lsn is not None:
        return parse_lsn(made.end_lsn) <= parse_lsn(target.lsn)
    if target.xid is not None:
        # One that ran while the backup was made may have ended before it did.
        return made.next_xid is not None and made.next_xid <= int(target.xid)
    return True


def _needed(files: Sequence[Archived], begin: Segment, timeline: Timeline, size: int) -> tuple[Archived, ...]:
    """Return the segments from `begin` on that lead to a timeline, and the histories."""

    def is_needed(archived: Archived) -> bool:
        if HISTORY.fullmatch(archived.name):
            return True
        segment = segment_of(archived.name.removesuffix(PARTIAL), size)
        after = segment.timeline >= begin.timeline and segment.number >= begin.number
        return after and timeline.holds(segment, size)

    return tuple(archived for archived in files if is_needed(archived))


def _gaps(base: Manifest, begin: Segment, wal: Sequence[Archived], size: int) -> tuple[Gap, ...]:
    """Return what is missing between the backup's own WAL and the archive, and within the archive."""
    found = list(gaps_between((archived.name for archived in wal), size, begin))
    end = segment_at(base.timeline or 1, parse_lsn(base.end_lsn or "0/0"), size)
    numbers = [segment_of(w.name, size).number for w in wal if SEGMENT.fullmatch(w.name)]
    if numbers and min(numbers) > end.number + 1:
        first, last = replace(end, number=end.number + 1), replace(end, number=min(numbers) - 1)
        count = last.number - first.number + 1
        found.insert(0, Gap(first=first.name(size), last=last.name(size), count=count))
    return tuple(found)

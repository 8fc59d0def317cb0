"""How the timelines of a server branch off, by the history files in its archive.

A server that was recovered to a moment goes on from there on a timeline of its own. What the old one wrote
after that moment, base backups as well, does not lead to the new one.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from contextlib import suppress
from dataclasses import dataclass

from pgwright.backup.wal.archive import Archive, Archived
from pgwright.backup.wal.lsn import HISTORY, Segment, parse_lsn
from pgwright.errors import BackupDamaged, StoredFileMissing, WrongKey


@dataclass(frozen=True, kw_only=True)
class Timeline:
    """Name a timeline; `left` says of each that it came from at which byte of the WAL that was left.

    `left` is None where the history is not archived or cannot be read here: any older one may lead there.
    """

    number: int
    left: Mapping[int, int] | None

    def follows(self, timeline: int, position: int) -> bool:
        """Tell whether the WAL of another timeline leads here from `position`."""
        if self.left is None:
            return timeline <= self.number
        return timeline == self.number or position <= self.left.get(timeline, -1)

    def holds(self, segment: Segment, size: int) -> bool:
        """Tell whether a segment is read on the way here."""
        return self.follows(segment.timeline, segment.number * size)


def timelines(archive: Archive, files: Iterable[Archived]) -> dict[int, Timeline]:
    """Return those that the history files among the `files` of an archive tell of, and the first."""
    found = {1: Timeline(number=1, left={})}
    for file in files:
        if HISTORY.fullmatch(file.name):
            number = int(file.name[:8], 16)
            left = None
            # Who may only write keeps backups all the same, and damage is for `verify` to name.
            with suppress(WrongKey, BackupDamaged, StoredFileMissing):
                left = _left(archive.content(file))
            found[number] = Timeline(number=number, left=left)
    return found


def _left(history: bytes) -> dict[int, int]:
    """Return what PostgreSQL's file says: a line for each ancestor, its number and where it was left."""
    lines = (line.split() for line in history.decode(errors="replace").splitlines())
    return {int(line[0]): parse_lsn(line[1]) for line in lines if len(line) > 1 and line[0].isdigit()}

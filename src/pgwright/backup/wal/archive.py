"""The archive of WAL in a repository: each segment once, checked against its name, gaps named.

A segment is stored as ``wal/<timeline>/<segment>-<hash of the content>-<hash of what is stored>.zst.age``:
the first tells whether a segment that comes again is the same, the second whether a byte was changed.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from datetime import datetime
from pathlib import Path

from pgwright.backup.repository.repository import ENDINGS, ZSTD, Repository
from pgwright.backup.repository.streams import compressed, decompressed
from pgwright.backup.wal.lsn import DEFAULT_SIZE, HISTORY, SEGMENT, Segment, segment_of
from pgwright.errors import BackupDamaged, BackupFailed, BackupMissing
from pgwright.model.wording import counted

FOLDER = "wal/"
PARTIAL = ".partial"
_DIGITS = 24  # of a SHA-256: enough to tell contents apart
_STORED = re.compile(
    rf"{FOLDER}[0-9A-F]{{8}}/(?P<name>[0-9A-F]{{24}}(?:{re.escape(PARTIAL)})?|[0-9A-F]{{8}}\.history)"
    rf"-(?P<plain>[0-9a-f]{{{_DIGITS}}})-(?P<stored>[0-9a-f]{{{_DIGITS}}})(?P<endings>(?:\.\w+)*)"
)


@dataclass(frozen=True, kw_only=True)
class WalFile:
    """Describe a file of WAL in an archive, of whatever program; `name` is PostgreSQL's.

    `path` is where it is, `size` what it takes there in bytes.
    """

    name: str
    path: str
    size: int
    stored_at: datetime


@dataclass(frozen=True, kw_only=True)
class Archived(WalFile):
    """Describe one stored file; its `name` ends in ``.partial`` for an unfinished segment.

    `plain` and `stored` are hashes of the content and of what is stored, `encoding` is what was done to it.
    """

    plain: str
    stored: str
    encoding: tuple[str, ...]


@dataclass(frozen=True, kw_only=True)
class Gap:
    """Name segments that are missing between two that are there."""

    first: str
    last: str
    count: int

    def __str__(self) -> str:
        return f"{counted(self.count, 'segment')}, {self.first} to {self.last}"


def gaps_between(names: Iterable[str], size: int, since: Segment | None = None) -> tuple[Gap, ...]:
    """Return what is missing between the segments among these files, which are in order, from `since` on."""
    found: list[Gap] = []
    last: Segment | None = None
    for name in names:
        if not SEGMENT.fullmatch(name):
            continue
        segment = segment_of(name, size)
        if since is not None and segment.number < since.number:
            continue
        # A new timeline begins in the segment in which the old one was left, or in the next.
        if last is not None and segment.number > last.number + 1:
            first = replace(segment, number=last.number + 1)
            until = replace(segment, number=segment.number - 1)
            count = until.number - first.number + 1
            found.append(Gap(first=first.name(size), last=until.name(size), count=count))
        last = segment
    return tuple(found)


@dataclass(frozen=True, kw_only=True)
class Archive:
    """Read and write the WAL of a repository; `size` is that of a segment in bytes."""

    repository: Repository
    size: int = DEFAULT_SIZE

    def put(self, path: Path) -> bool:
        """Store a segment or history file, and tell whether it was new.

        Raises `BackupFailed` where the archive holds another content under that name: two servers write into
        one archive, and overwriting would ruin the older one's recovery.
        """
        name = path.name
        if not (SEGMENT.fullmatch(name.removesuffix(PARTIAL)) or HISTORY.fullmatch(name)):
            return False  # PostgreSQL archives .backup files as well, which nothing here needs
        content = path.read_bytes()
        plain = hashlib.sha256(content).hexdigest()[:_DIGITS]
        before = self.get(name)
        if before is not None and before.plain == plain:
            return False
        if before is not None and not name.endswith(PARTIAL):
            raise BackupFailed(
                f"the archive holds another {name}",
                detail=f"{before.path} in {self.repository.url} has other contents; nothing was changed",
                hint="give each server a repository of its own",
            )
        encryption = self.repository.encryption
        packed = b"".join(encryption.seal(compressed([content], 1)))
        stored = hashlib.sha256(packed).hexdigest()[:_DIGITS]
        endings = ENDINGS[ZSTD] + (ENDINGS[encryption.way] if encryption.way else "")
        self.repository.store.put(f"{FOLDER}{name[:8]}/{name}-{plain}-{stored}{endings}", packed)
        if before is not None:
            self.repository.store.delete(before.path)
        elif not name.endswith(PARTIAL) and (partial := self.get(f"{name}{PARTIAL}")):
            self.repository.store.delete(partial.path)
        return True

    def get(self, name: str) -> Archived | None:
        """Return what is stored of a file of WAL, None when it is not there."""
        return next(iter(self._list(f"{FOLDER}{name[:8]}/{name}-")), None)

    def files(self) -> tuple[Archived, ...]:
        """Return everything, in the order of names."""
        return tuple(self._list(FOLDER))

    def content(self, archived: Archived) -> bytes:
        """Return a file as PostgreSQL wrote it. Raises `BackupDamaged` or `WrongKey`."""
        packed = self.raw(archived)
        flow: Iterator[bytes] = iter((packed,))
        for step in reversed(archived.encoding):
            flow = (
                decompressed(flow, name=archived.path)
                if step == ZSTD
                else self.repository.encryption.open(flow, step, name=archived.path)
            )
        content = b"".join(flow)
        if hashlib.sha256(content).hexdigest()[:_DIGITS] != archived.plain:
            raise _damaged(archived)
        return content

    def raw(self, archived: Archived) -> bytes:
        """Return a file as it is stored. Raises `BackupDamaged` when it was changed."""
        packed = self.repository.store.read(archived.path)
        if hashlib.sha256(packed).hexdigest()[:_DIGITS] != archived.stored:
            raise _damaged(archived)
        return packed

    def fetch(self, name: str, destination: Path) -> None:
        """Write a file of WAL where PostgreSQL wants it. Raises `BackupMissing` when it is not archived."""
        found = self.get(name)
        if found is None:
            raise BackupMissing(f"{name} is not in the archive {self.repository.url}")
        if destination.exists() and not destination.is_file():
            destination.write_bytes(self.content(found))  # a device, which a rename would replace
            return
        draft = destination.with_name(f".{destination.name}.pgwright")
        draft.write_bytes(self.content(found))
        draft.replace(destination)

    def gaps(self, since: Segment | None = None) -> tuple[Gap, ...]:
        """Return what is missing between segments, from `since` on."""
        return gaps_between((archived.name for archived in self.files()), self.size, since)

    def _list(self, prefix: str) -> Iterator[Archived]:
        decoded = {ending: step for step, ending in ENDINGS.items()}
        for entry in self.repository.store.list(prefix):
            if match := _STORED.fullmatch(entry.name):
                endings = re.findall(r"\.\w+", match["endings"])
                yield Archived(
                    name=match["name"],
                    path=entry.name,
                    plain=match["plain"],
                    stored=match["stored"],
                    encoding=tuple(decoded[ending] for ending in endings),
                    size=entry.size,
                    stored_at=entry.modified,
                )


def _damaged(archived: Archived) -> BackupDamaged:
    return BackupDamaged(
        f"{archived.path} is damaged",
        detail="its content does not fit the checksum in its name",
        hint="recovery ends before it; make a new base backup: pgwright backup create --physical",
    )

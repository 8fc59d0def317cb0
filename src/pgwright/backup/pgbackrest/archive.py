"""pgBackRest's archive of WAL: what is in it, and what is missing, which its own `verify` passes over."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Iterator
from dataclasses import replace
from datetime import UTC, datetime

from pgwright.backup.pgbackrest.backups import Made, backups
from pgwright.backup.pgbackrest.stanza import Stanza
from pgwright.backup.wal.archive import WalFile, gaps_between
from pgwright.backup.wal.lsn import DEFAULT_SIZE, parse_lsn, segment_at, segment_of
from pgwright.backup.wal.state import ArchiveState

_STORED = re.compile(
    r"(?P<cluster>[^/]+)/[0-9A-F]{16}/(?P<name>[0-9A-F]{24})(?P<partial>\.partial)?-[0-9a-f]{40}\S*"
)


def archive_state(stanza: Stanza, base: Made | None = None) -> ArchiveState:
    """Return the archived files, and what is missing behind a backup, by default the newest."""
    made = backups(stanza)
    begin = base or (made[-1] if made else None)
    files = _newest_cluster(_stored(stanza)) if made else ()
    if begin is None or begin.wal is None or begin.lsn is None:
        return ArchiveState(files=files, base=begin.id if begin else None, gaps=())
    size = _segment_size(begin.wal, begin.lsn)
    first = segment_of(begin.wal, size)
    # As if the one before were there: the first one may be missing as well.
    before = replace(first, number=first.number - 1).name(size)
    names = (file.name for file in files if file.name >= begin.wal)
    return ArchiveState(files=files, base=begin.id, gaps=gaps_between((before, *names), size))


def _newest_cluster(stored: Iterable[tuple[str, WalFile]]) -> tuple[WalFile, ...]:
    """Return the files in order; after an upgrade those of the new server, beside the old one's."""
    clusters: dict[str, list[WalFile]] = {}
    for cluster, file in stored:
        clusters.setdefault(cluster, []).append(file)
    newest = max(clusters, key=lambda cluster: int(cluster.rpartition("-")[2]), default="")
    return tuple(sorted(clusters.get(newest, ()), key=lambda file: file.name))


def _stored(stanza: Stanza) -> Iterator[tuple[str, WalFile]]:
    """Yield each archived file with the name of its cluster: version and number, such as ``15-1``."""
    listed = json.loads(stanza.run("--output=json", "--recurse", "repo-ls", f"archive/{stanza.name}"))
    for path, entry in listed.items():
        if found := _STORED.fullmatch(path):
            name = found["name"] + (found["partial"] or "")
            stored_at = datetime.fromtimestamp(entry["time"], UTC)
            yield found["cluster"], WalFile(name=name, path=path, size=entry["size"], stored_at=stored_at)


def _segment_size(wal: str, lsn: str) -> int:
    """Return the size with which the name of a backup's first file of WAL is that of its position."""
    for size in (DEFAULT_SIZE, *(1 << power for power in range(20, 31))):
        found = segment_of(wal, size)
        if segment_at(found.timeline, parse_lsn(lsn), size) == found:
            return size
    return DEFAULT_SIZE

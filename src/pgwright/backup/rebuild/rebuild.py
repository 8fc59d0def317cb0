"""Put a lost manifest together again from the files of its backup: hashed, opened, restored and counted.

What files cannot say is left out, and the manifest says that it was rebuilt.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, replace
from datetime import UTC, datetime

from pgwright.backup.drill.trial import DrillOptions
from pgwright.backup.rebuild.base import rebuilt_base
from pgwright.backup.rebuild.dump import rebuilt_dump
from pgwright.backup.repository.manifest import COPIES, Kind, Manifest, Role, StoredFile
from pgwright.backup.repository.repository import ENDINGS, ZSTD, Repository
from pgwright.errors import BackupDamaged
from pgwright.storage import Stat
from pgwright.storage.check import Meter
from pgwright.version import __version__

Progress = Callable[[str, int, int], None]
_TIME = 16  # characters of an id that say when its backup began, to the second

_ROLES = (
    (r"base\.tar", Role.BASE),
    (r"backup_manifest", Role.BASE_MANIFEST),
    (r"globals\.sql", Role.GLOBALS),
    (r"catalog(-\d+)?\.json", Role.CATALOG),
    (r".+\.schema\.dump", Role.SCHEMA),
    (r".+\.(data|\d{4})\.dump", Role.DATA),
    (r".+\.dump", Role.WHOLE),
    (r".+\.sql", Role.SQL),
)


@dataclass(frozen=True, kw_only=True)
class Rebuilt:
    """Hold the new manifest, and what is to be known about it."""

    manifest: Manifest
    notes: tuple[str, ...]


def rebuild(
    repository: Repository, id: str, options: DrillOptions, *, progress: Progress | None = None
) -> Rebuilt:
    """Rebuild the manifest of a backup that has none, or none that can be read, and store it.

    A dump is restored on the scratch server of `options` for that. Raises `BackupDamaged` where files are
    missing or broken, `WrongKey`, and the errors of a restore; the repository is then as it was.
    """
    entries = {entry.name.rpartition("/")[2]: entry for entry in repository.entries(id)}
    known = {name: _described(name) for name in entries if name not in COPIES}
    found = {name: file for name, file in known.items() if file is not None}
    if not found:
        raise BackupDamaged(f"{id} holds no file of a backup", detail="nothing was changed")
    files = tuple(_measured(repository, id, found, entries, progress))
    began = datetime.strptime(id[:_TIME], "%Y%m%dT%H%M%SZ").replace(tzinfo=UTC)
    bare = Manifest(
        id=id,
        sequence=_sequence(repository, id),
        kind=Kind.DUMP,
        form="",
        started_at=began,
        finished_at=max(began, *(entries[file.name].modified for file in files)),
        place="unknown",
        server_version=0,
        program="",
        pgwright=__version__,
        made_by="unknown",
        recipients=tuple(sorted({step for file in files for step in file.encoding if step != ZSTD})),
        rebuilt_at=datetime.now(UTC),
        files=files,
    )
    notes = [f"{name} is no file of a backup, and left alone" for name in known if name not in found]
    if bare.of(Role.BASE):
        made = rebuilt_base(repository, bare)
    else:
        made, unknown = rebuilt_dump(repository, bare, options, progress)
        notes += unknown
    with repository.writing(f"rebuilding the manifest of {id}"):
        repository.finish(made)
    return Rebuilt(manifest=made, notes=tuple(notes))


def _described(name: str) -> StoredFile | None:
    """Return what the name of a file says: its role, and what was done to the content."""
    plain = name
    encoding: list[str] = []
    while step := next((step for step, ending in ENDINGS.items() if plain.endswith(ending)), None):
        plain = plain.removesuffix(ENDINGS[step])
        encoding.insert(0, step)
    role = next((role for pattern, role in _ROLES if re.fullmatch(pattern, plain)), None)
    if role is None:
        return None
    return StoredFile(name=name, role=role, size=0, sha256="", plain_size=0, encoding=tuple(encoding))


def _measured(
    repository: Repository,
    id: str,
    found: dict[str, StoredFile],
    entries: dict[str, Stat],
    progress: Progress | None,
) -> Iterator[StoredFile]:
    """Read every file, decrypted and decompressed, and yield it with sizes and checksum."""
    total, done = sum(entries[name].size for name in found), 0
    for _, file in sorted(found.items()):
        for _ in (plain := Meter()).passing(repository.unsealed(id, file, stored := Meter())):
            if progress:
                progress("bytes read", done + stored.size, total)
        done += stored.size
        yield replace(file, size=stored.size, sha256=stored.sha256, plain_size=plain.size)


def in_order(ids: Iterable[str]) -> list[str]:
    """Return backups by their age; of one second, an incremental one comes after what it may build on."""
    return sorted(ids, key=lambda id: (id[:_TIME], f"-{Kind.INCREMENTAL.value}-" in id, id))


def _sequence(repository: Repository, id: str) -> int:
    """Return its place among the others, as its name has it; of one second, what was there comes first."""
    before = (made.sequence for made in repository.backups() if made.id[:_TIME] <= id[:_TIME])
    return max(before, default=0) + 1

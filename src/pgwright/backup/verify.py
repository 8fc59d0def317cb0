"""Look at every byte of backups: manifests, checksums, decryption, and what does not belong there."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass

from pgwright.backup.archive_state import archive_state
from pgwright.backup.manifest import Manifest, Role, StoredFile
from pgwright.backup.repository import Repository
from pgwright.backup.wal import Archive
from pgwright.errors import BackupDamaged, WrongKey
from pgwright.storage.check import Meter

Progress = Callable[[str, int, int], None]
_MAGIC = {Role.WHOLE: b"PGDMP", Role.SCHEMA: b"PGDMP", Role.DATA: b"PGDMP"}


@dataclass(frozen=True, kw_only=True)
class Verdict:
    """Say how one backup is.

    `opened` tells whether its content was decrypted and decompressed; without a key only the stored bytes
    can be compared with their checksums, which finds any change but not a wrong recipient.
    """

    id: str
    problems: tuple[str, ...]
    opened: bool
    size: int


def verify_backup(
    repository: Repository, made: Manifest, *, progress: Progress | None = None, done: int = 0, total: int = 0
) -> Verdict:
    """Read a backup whole and return what is wrong with it."""
    opened = repository.can_read(made)
    problems = []
    for file in made.files:
        read = repository.read if opened else repository.raw
        try:
            _drain(_watched(read(made.id, file), progress, done, total), made, file, opened=opened)
        except (BackupDamaged, WrongKey) as error:
            problems.append(error.message)
            # Damage ends decryption before the file does; the checksum of the whole says what it is.
            if isinstance(error, WrongKey):
                problems.extend(_raw_problem(repository, made, file))
        done += file.size
    return Verdict(id=made.id, problems=tuple(problems), opened=opened, size=made.size)


def verify_repository(
    repository: Repository, backups: Iterable[Manifest], *, progress: Progress | None = None
) -> Iterator[Verdict]:
    """Yield a verdict for each backup, and for each whose manifest is damaged."""
    chosen = tuple(backups)
    total, done = sum(made.size for made in chosen), 0
    for made in chosen:
        yield verify_backup(repository, made, progress=progress, done=done, total=total)
        done += made.size
    for broken in repository.broken():
        yield Verdict(id=broken.id, problems=(broken.reason.message,), opened=False, size=0)


def verify_wal(repository: Repository, *, progress: Progress | None = None) -> tuple[str, ...]:
    """Read the archived WAL and return what is wrong: damaged files, and missing segments."""
    archive = Archive(repository=repository)
    state = archive_state(repository)
    problems = []
    for number, archived in enumerate(state.files, start=1):
        try:
            archive.raw(archived)
        except BackupDamaged as error:
            problems.append(error.message)
        if progress:
            progress("files of WAL read", number, len(state.files))
    problems += [f"WAL is missing: {gap.count} segments, {gap.first} to {gap.last}" for gap in state.gaps]
    return tuple(problems)


def _raw_problem(repository: Repository, made: Manifest, file: StoredFile) -> Iterator[str]:
    try:
        deque(repository.raw(made.id, file), maxlen=0)
    except BackupDamaged as error:
        yield error.message


def _drain(chunks: Iterator[bytes], made: Manifest, file: StoredFile, *, opened: bool) -> None:
    tally = Meter()
    head = b""
    for chunk in tally.passing(chunks):
        if len(head) < 8:
            head += chunk[:8]
    if not opened:
        return
    magic = _MAGIC.get(file.role, b"")
    if tally.size != file.plain_size or not head.startswith(magic):
        raise BackupDamaged(
            f"{file.name} of backup {made.id} does not hold what the manifest says",
            detail=f"{tally.size:,} bytes instead of {file.plain_size:,}",
        )


def _watched(chunks: Iterator[bytes], progress: Progress | None, done: int, total: int) -> Iterator[bytes]:
    for chunk in chunks:
        done += len(chunk)
        if progress:
            progress("bytes read", min(done, total), total)
        yield chunk

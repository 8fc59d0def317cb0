"""Look at every byte of backups: manifests, checksums, decryption, and what does not belong there."""

from __future__ import annotations

import shutil
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass

from pgwright.backup import task
from pgwright.backup.programs import newest_programs
from pgwright.backup.recover.recover import server_programs
from pgwright.backup.recover.unpack import check_files, extract
from pgwright.backup.repository.manifest import Manifest, Role, StoredFile
from pgwright.backup.repository.repository import Repository
from pgwright.backup.wal.archive import PARTIAL, Archive
from pgwright.backup.wal.state import archive_state
from pgwright.errors import (
    BackupDamaged,
    RecoveryFailed,
    StoredFileMissing,
    UnsupportedServerError,
    WrongKey,
)
from pgwright.server import Binaries
from pgwright.server.account import server_account
from pgwright.server.paths import make_directory
from pgwright.storage.check import Meter

Progress = Callable[[str, int, int], None]
_MAGIC = {Role.WHOLE: b"PGDMP", Role.SCHEMA: b"PGDMP", Role.DATA: b"PGDMP"}
_TASK = "verify-"


@dataclass(frozen=True, kw_only=True)
class Verdict:
    """Say how one backup is.

    `opened` tells whether its content was decrypted and decompressed; without a key only the stored bytes
    can be compared with their checksums, which finds any change but not a wrong recipient. `locked` tells
    that this is so because a key is here that does not fit, which is a problem, but no damage. `notes` say
    what else was done, or could not be.
    """

    id: str
    problems: tuple[str, ...]
    opened: bool
    size: int
    notes: tuple[str, ...] = ()
    locked: bool = False


def verify_backup(
    repository: Repository, made: Manifest, *, progress: Progress | None = None, done: int = 0, total: int = 0
) -> Verdict:
    """Read a backup whole and return what is wrong with it."""
    opened = repository.can_read(made)
    problems, keys, notes = list(repository.flaws(made.id)), [], list(_beforehand(made))
    programs = _server_side(made) if opened else None
    for file in made.files:
        read = repository.read if opened else repository.raw
        flow = _watched(read(made.id, file), progress, done, total)
        try:
            if programs and file.role is Role.BASE:
                notes.append(_unpacked(flow, made, programs))
            else:
                _drain(flow, made, file, opened=opened)
        except (BackupDamaged, RecoveryFailed) as error:
            problems.append(f"{error.message}: {error.detail}" if error.detail else error.message)
        except WrongKey as error:
            keys.append(f"{error.message}: {error.detail}" if error.detail else error.message)
            # Damage ends decryption before the file does; the checksum of the whole says what it is.
            problems.extend(_raw_problem(repository, made, file))
        done += file.size
    return Verdict(
        id=made.id,
        problems=(*problems, *keys),
        opened=opened and not keys,
        size=made.size,
        notes=tuple(notes),
        locked=bool(keys) and not problems,
    )


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
    files = archive.files()
    problems = []
    for number, archived in enumerate(files, start=1):
        try:
            archive.raw(archived)
        except BackupDamaged as error:
            problems.append(error.message)
        except StoredFileMissing as error:
            # What receives WAL replaces the unfinished segment every few seconds.
            if not archived.name.endswith(PARTIAL):
                problems.append(error.message)
        if progress:
            progress("files of WAL read", number, len(files))
    problems += [f"WAL is missing: {gap}" for gap in archive_state(repository).gaps]
    return tuple(problems)


def _raw_problem(repository: Repository, made: Manifest, file: StoredFile) -> Iterator[str]:
    try:
        deque(repository.raw(made.id, file), maxlen=0)
    except BackupDamaged as error:
        yield error.message


def _beforehand(made: Manifest) -> Iterator[str]:
    if made.is_physical and not made.of(Role.BASE_MANIFEST):
        yield "PostgreSQL 12 writes no manifest of its files: there is nothing for pg_verifybackup to compare"


def _server_side(made: Manifest) -> Binaries | None:
    """Return the programs that look into a base backup; None where PostgreSQL wrote no manifest of it."""
    if not made.of(Role.BASE_MANIFEST):
        return None
    try:
        return server_programs(made.server_version // 10000)
    except UnsupportedServerError:
        return newest_programs(0)


def _unpacked(flow: Iterator[bytes], made: Manifest, programs: Binaries) -> str:
    """Unpack a base backup for the length of pg_verifybackup, and return what was done.

    Where the disk has no room for that the stream is read all the same. Raises `RecoveryFailed`.
    """
    with task.temporary(_TASK) as name:
        draft = task.draft_of(name)
        need = sum(file.plain_size for file in made.of(Role.BASE))
        free = shutil.disk_usage(draft.parent).free
        if free < need * 1.1:
            deque(flow, maxlen=0)
            return f"pg_verifybackup was left out: it needs {need >> 20:,} MB in {draft.parent}"
        account = server_account()
        make_directory(draft, owner=account)
        extract(flow, draft, account, name=f"backup {made.id}")
        check_files(draft, made, account, programs)
    return "pg_verifybackup found every file as PostgreSQL wrote it"


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

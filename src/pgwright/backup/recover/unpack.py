"""The files of a server from its base backups, and the WAL that goes on from there."""

from __future__ import annotations

import os
import re
import shlex
import shutil
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path

from pgwright.backup.create.base import KEPT_SETTINGS
from pgwright.backup.recover.plan import BEFORE_TARGET, RecoveryPlan, Target
from pgwright.backup.repository.manifest import Manifest, Role
from pgwright.backup.repository.repository import Repository
from pgwright.backup.repository.streams import NO_SPACE, Told, feed
from pgwright.backup.wal.archive import PARTIAL, Archive, Archived
from pgwright.errors import RecoveryFailed, StoredFileMissing
from pgwright.server import Binaries
from pgwright.server.account import Account
from pgwright.server.paths import make_directory

Progress = Callable[[str, int, int], None]
_VISIBILITY_MAP = re.compile(r"\d+_vm(\.\d+)?")
_REMOVED = "what was unpacked so far was removed; nothing else was changed"
_LARGER = "free some space, or set PGWRIGHT_HOME to a folder on a larger disk"


@dataclass(frozen=True, kw_only=True)
class Planned:
    """Be the source of a recovery: a plan, and the repository that it was made of."""

    repository: Repository
    plan: RecoveryPlan

    @property
    def target(self) -> Target:
        """Return where recovery is to end."""
        return self.plan.target

    @property
    def major(self) -> int:
        """Return the major version that the files belong to."""
        return self.plan.base.server_version // 10000

    @property
    def bytes(self) -> int:
        """Return about how much disk the new server needs."""
        return self.plan.bytes

    def fill(
        self, draft: Path, account: Account, programs: Binaries, progress: Progress | None
    ) -> Mapping[str, str]:
        """Unpack, combine and check the backups, fetch the WAL, and return the settings behind them."""
        unpack(self.repository, self.plan, draft, account, programs, progress=progress)
        check_files(draft / "data", self.plan.base, account, programs)
        if len(self.plan.backups) > 1:
            remove_visibility_maps(draft / "data")
        fetch_wal(self.repository, self.plan, draft / "wal", account, progress)
        kept = self.plan.base.settings.items()
        return {key: value for key, value in kept if key in KEPT_SETTINGS and key != "wal_segment_size"}

    def restore_command(self, directory: Path) -> str:
        """Return the command that fetches a file of WAL, once the draft has become `directory`."""
        return f'cp {shlex.quote(str(directory / "wal"))}/%f "%p"'

    def reason(self, log: str) -> str:
        """Return why recovery did not get there, from the end of the server's log."""
        if self.plan.gaps:
            return f"WAL is missing: {self.plan.gaps[0]}\n{log}"
        if BEFORE_TARGET not in log:
            return log
        if self.target.name is None:
            return f"the archived WAL ends before that moment\n{log}"
        return (
            f"the WAL behind backup {self.plan.base.id} holds no such restore point: where it is older than "
            f"that, name an older one with --backup\n{log}"
        )


def unpack(
    repository: Repository,
    plan: RecoveryPlan,
    draft: Path,
    account: Account,
    programs: Binaries,
    *,
    progress: Progress | None,
) -> None:
    """Unpack the backups below `draft`, combined into ``draft/data``. Raises `RecoveryFailed`."""
    folders = []
    total = sum(file.plain_size for backup in plan.backups for file in backup.of(Role.BASE))
    told = Told(progress, "bytes unpacked", total)
    for number, backup in enumerate(plan.backups):
        folder = draft / ("data" if len(plan.backups) == 1 else f"part-{number}")
        make_directory(folder, owner=account)
        folders.append(folder)
        for file in backup.of(Role.BASE):
            flow = told.passing(repository.read(backup.id, file))
            extract(flow, folder, account, name=f"backup {backup.id}")
    if len(folders) > 1:
        combine: list[str | Path] = [programs.program("pg_combinebackup"), *folders]
        combine += [f"--output={draft / 'data'}"]
        code, words = feed(combine, (), environment=programs.environment(), account=account)
        if code:
            raise RecoveryFailed("the incremental backups do not fit together", detail=words)
        for folder in folders:
            shutil.rmtree(folder)


def extract(flow: Iterable[bytes], folder: Path, account: Account, *, name: str) -> None:
    """Unpack a tar stream, read to its very end. Raises `RecoveryFailed`, and whatever the stream raises."""
    # Without the last option the zeros that end an archive end the reading, and checksums stay unread.
    command = ["tar", "--extract", "--file=-", f"--directory={folder}", "--no-same-owner", "--ignore-zeros"]
    code, words = feed(command, flow, environment={"PATH": os.defpath, "LC_ALL": "C"}, account=account)
    if code and NO_SPACE in words:
        raise RecoveryFailed(f"{name} cannot be unpacked: {NO_SPACE}", detail=_REMOVED, hint=_LARGER)
    if code:
        raise RecoveryFailed(f"{name} cannot be unpacked", detail=words)


def check_files(data: Path, base: Manifest, account: Account, programs: Binaries) -> None:
    """Compare each file, and the WAL within, with PostgreSQL's own manifest, which 12 does not write.

    Raises `RecoveryFailed`.
    """
    if not base.of(Role.BASE_MANIFEST):
        return
    command: list[str | Path] = [programs.program("pg_verifybackup"), "--exit-on-error", "--quiet"]
    if programs.major != base.server_version // 10000:
        # Only the programs of the server's own version read its WAL and its control file.
        command += ["--no-parse-wal", "--ignore=global/pg_control"]
    code, words = feed([*command, data], (), environment=programs.environment(), account=account)
    if code:
        raise RecoveryFailed(
            f"the files of backup {base.id} are not what PostgreSQL wrote",
            detail=words,
            hint="recover from another base backup with --backup: pgwright backup list",
        )


def remove_visibility_maps(data: Path) -> None:
    """Delete what tells of each page whether all its rows are visible; without, PostgreSQL looks at the rows.

    A change of rows clears these marks, but its WAL record does not name the page that holds them, so that
    incremental backups of PostgreSQL 17 and 18 keep old ones: index-only scans then return rows that were
    deleted, and neither pg_verifybackup nor pg_amcheck notices. VACUUM makes the maps anew.
    """
    for folder in (data / "global", *(data / "base").iterdir()):
        for path in folder.iterdir():
            if _VISIBILITY_MAP.fullmatch(path.name):
                path.unlink()


def fetch_wal(
    repository: Repository, plan: RecoveryPlan, folder: Path, account: Account, progress: Progress | None
) -> None:
    """Put the archived WAL where the new server can read it; it may not reach the repository itself."""
    make_directory(folder, owner=account)
    archive = Archive(repository=repository, size=plan.segment_size)
    complete = {archived.name for archived in plan.wal}
    for number, archived in enumerate(plan.wal, start=1):
        name = archived.name.removesuffix(PARTIAL)
        if name != archived.name and name in complete:
            continue
        path = folder / name
        content = _content(archive, archived, name)
        try:
            path.write_bytes(content)
        except OSError as error:
            raise RecoveryFailed(
                f"{name} cannot be written: {error.strerror}", detail=_REMOVED, hint=_LARGER
            ) from error
        if account.is_other:
            os.chown(path, account.uid, account.gid)
        if progress:
            progress("segments of WAL fetched", number, len(plan.wal))


def _content(archive: Archive, archived: Archived, name: str) -> bytes:
    """Return a file of WAL; what receives it may have replaced or completed the last one since the plan."""
    try:
        return archive.content(archived)
    except StoredFileMissing:
        newer = archive.get(name) or archive.get(archived.name)
        if newer is None:
            raise
        return archive.content(newer)

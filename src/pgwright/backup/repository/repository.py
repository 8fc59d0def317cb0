"""Where backups are: one folder each, complete when its manifest is there.

```
pgwright-repository.json          what this is, and the format
backups/<id>/<file>               dumps and base backups
backups/<id>/unfinished.json      as long as it is being written or removed
backups/<id>/manifest.copy.json   the manifest, twice: the loss of one loses no backup
backups/<id>/manifest.json        written last
wal/<timeline>/<segment>-...      archived WAL
drills/<id>.json                  restores that were tried
locks/<claim>.json                who is writing now
```

Whatever else lies there is left alone. Names end in what was done to the content (``.zst.age``), so that a
backup can be read without pgwright as well.
"""

from __future__ import annotations

import contextlib
import json
import secrets
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import Any

from pgwright.backup.repository import lock, manifest
from pgwright.backup.repository.encryption import Encryption
from pgwright.backup.repository.folders import BACKUPS, UNFINISHED, Broken, Folders, is_unfinished, path_of
from pgwright.backup.repository.manifest import Manifest, StoredFile
from pgwright.backup.repository.streams import compressed, decompressed
from pgwright.errors import BackupDamaged, BackupFailed, BackupMissing, PgwrightError, StoredFileMissing
from pgwright.storage import Stat, Store, open_store
from pgwright.storage.check import Counter, Meter

FORMAT = 1
MARKER = "pgwright-repository.json"
_MARK = (json.dumps({"purpose": "backups made by pgwright", "format": FORMAT}, indent=1) + "\n").encode()
ZSTD = "zstd"
ENDINGS = {ZSTD: ".zst", "age": ".age", "gpg": ".gpg"}


@dataclass(frozen=True, kw_only=True)
class Repository:
    """Read and write the backups of a store."""

    store: Store
    encryption: Encryption = Encryption()

    @property
    def url(self) -> str:
        """Return where it is, without secrets."""
        return self.store.url

    @property
    def _folders(self) -> Folders:
        return Folders(store=self.store)

    def backups(self) -> tuple[Manifest, ...]:
        """Return the complete backups, the oldest first; those without a manifest are left to `broken`."""
        found, _ = self._folders.read_all()
        return found

    def broken(self) -> tuple[Broken, ...]:
        """Return the backups that nothing describes any more; nothing removes their files."""
        return self._folders.read_all()[1]

    def unfinished(self) -> tuple[str, ...]:
        """Return the ids of backups that are being written or removed now, or were when it was killed."""
        return tuple(id for id, names in self._folders.names().items() if is_unfinished(names))

    def get(self, id: str | None = None, *, database: str | None = None, physical: bool = False) -> Manifest:
        """Return a backup by its id, which may be shortened, or ``latest``; by default the newest.

        The newest is one of a whole database, of `database` where it is given; `physical` counts those of the
        whole server as well. Raises `BackupMissing` or `BackupDamaged`.
        """
        if id and id != "latest":
            return self._named(id)
        every = self.backups()
        found = [
            made
            for made in every
            if (made.is_whole and database in (None, made.database)) or (physical and made.is_physical)
        ]
        if not found:
            of = f" of database {database}" if database else " of a whole database" if every else ""
            others = "name another one of: pgwright backup list; or " if every else ""
            raise BackupMissing(
                f"there is no backup{of} in {self.url}", hint=f"{others}make one: pgwright backup create"
            )
        return found[-1]

    @contextlib.contextmanager
    def writing(self, deed: str) -> Iterator[None]:
        """Be the only writer for the block, and clear away what killed ones left behind.

        Raises `RepositoryLocked`, and `BackupDamaged` for a repository of a newer pgwright.
        """
        self._check_marker()
        with lock.writing(self.store, deed):
            self._mark()
            for id, names in self._folders.names().items():
                if is_unfinished(names):
                    self.remove(id)
                elif names & set(manifest.COPIES):
                    self._folders.mend(id, names)
            yield

    @contextlib.contextmanager
    def adding(self, database: str) -> Iterator[tuple[str, int]]:
        """Give the id and sequence number for a new backup, whose files go again when the block fails.

        The caller is the only writer.
        """
        before = [made.sequence for made in self.backups()]
        now = datetime.now(UTC).strftime("%Y%m%dT%H%M%SZ")
        safe = "".join(c if c.isalnum() or c in "_-" else "_" for c in database)[:40]
        id = f"{now}-{safe}-{secrets.token_hex(2)}"
        self._begin(id)
        try:
            yield id, max(before, default=0) + 1
        except BaseException:
            # Where the store itself failed, the next writer does it.
            with contextlib.suppress(PgwrightError):
                self.remove(id)
            raise

    def put(
        self,
        id: str,
        file: StoredFile,
        chunks: Iterable[bytes],
        *,
        level: int | None,
        sealed: bool = True,
        expected: int = 0,
    ) -> StoredFile:
        """Write a file of a backup, compressed and encrypted, and return it with sizes and checksum.

        `level` is zstd's, None to leave the content as it is; `sealed` False leaves it readable to everybody.
        `expected` is about how many bytes there will be.
        """
        way = self.encryption.way if sealed else None
        encoding = (*((ZSTD,) if level is not None else ()), *((way,) if way else ()))
        name = file.name + "".join(ENDINGS[step] for step in encoding)
        plain = Counter()
        flow: Iterable[bytes] = plain.passing(chunks)
        if level is not None:
            flow = compressed(flow, level)
        if way:
            flow = self.encryption.seal(flow)
        stored = self.store.put(path_of(id, name), flow, expected=expected)
        assert stored.sha256 is not None
        return replace(
            file,
            name=name,
            size=stored.size,
            sha256=stored.sha256,
            plain_size=plain.size,
            encoding=encoding,
        )

    def raw(self, id: str, file: StoredFile) -> Iterator[bytes]:
        """Yield a file as it is stored. Raises `BackupDamaged` when it is not what the manifest says."""
        tally = Meter()
        try:
            yield from tally.passing(self.store.stream(path_of(id, file.name)))
        except StoredFileMissing as error:
            raise BackupDamaged(
                f"{file.name} of backup {id} is missing",
                detail=f"looked in {self.url}",
                hint="restore an older backup: pgwright backup list",
            ) from error
        if (tally.size, tally.sha256) != (file.size, file.sha256):
            raise BackupDamaged(
                f"{file.name} of backup {id} is damaged",
                detail=f"{tally.size:,} bytes, in the manifest {file.size:,}, with another checksum",
                hint="find out what else is: pgwright backup verify; then restore an older backup",
            )

    def read(self, id: str, file: StoredFile) -> Iterator[bytes]:
        """Yield the content of a file, decrypted and decompressed.

        Raises `BackupDamaged` at its end, at the latest, where it is not what the manifest says; `WrongKey`.
        """
        return self._opened(id, file, self.raw(id, file))

    def unsealed(self, id: str, file: StoredFile, stored: Meter) -> Iterator[bytes]:
        """Yield the content of a file of which nothing is known but its name; `stored` measures it.

        Raises `BackupDamaged` where it cannot be read to its end, `WrongKey`.
        """
        return self._opened(id, file, stored.passing(self.store.stream(path_of(id, file.name))))

    def _opened(self, id: str, file: StoredFile, flow: Iterator[bytes]) -> Iterator[bytes]:
        label = f"{file.name} of backup {id}"
        for step in reversed(file.encoding):
            flow = (
                decompressed(flow, name=label)
                if step == ZSTD
                else self.encryption.open(flow, step, name=label)
            )
        return flow

    def entries(self, id: str) -> tuple[Stat, ...]:
        """Return the files in the folder of a backup."""
        return tuple(self.store.list(path_of(id, "")))

    def can_read(self, made: Manifest) -> bool:
        """Tell whether there is something here to open a backup with; a server may only write."""
        ways = {step for file in made.files for step in file.encoding if step != ZSTD}
        return all(self.encryption.can_open(way, made.recipients) for way in ways)

    def finish(self, made: Manifest) -> None:
        """Write the manifest, which makes a backup complete.

        Raises `BackupFailed` where its files are not there any more: a writer that was cut off for minutes
        counts as dead, and the next one clears its files away.
        """
        there = {entry.name: entry.size for entry in self.store.list(path_of(made.id, ""))}
        if any(there.get(path_of(made.id, file.name)) != file.size for file in made.files):
            raise BackupFailed(
                f"files of backup {made.id} disappeared while it was made",
                detail="another writer took this one for dead; the repository is as before",
                hint="run the same command again",
            )
        content = manifest.encode(made)
        for name in manifest.COPIES:
            self.store.put(path_of(made.id, name), content)
        self.store.delete(path_of(made.id, UNFINISHED))

    def remove(self, id: str) -> int:
        """Delete a backup and return how many bytes that freed; killed halfway, the next writer goes on."""
        self._begin(id)
        own = (*(path_of(id, name) for name in reversed(manifest.COPIES)), path_of(id, UNFINISHED))
        entries = [entry for entry in self.store.list(path_of(id, "")) if entry.name not in own]
        # It is a backup as long as one manifest is there, and unfinished as long as its mark is.
        for name in (*own[:-1], *(entry.name for entry in entries), own[-1]):
            self.store.delete(name)
        return sum(entry.size for entry in entries)

    def flaws(self, id: str) -> tuple[str, ...]:
        """Return which of the manifest's two copies are lost or damaged; the next writer mends one."""
        whole = self._folders.whole_copies(id)
        return tuple(
            f"{name} of backup {id} is lost or damaged" for name in manifest.COPIES if name not in whole
        )

    def marker_flaw(self) -> str | None:
        """Return what is wrong with the mark of the repository; where it is gone, it is made again."""
        try:
            if self.store.read(MARKER) == _MARK:
                return None
        except StoredFileMissing:
            return None
        return (
            f"{MARKER} is damaged, or of a newer pgwright; backups are read all the same. If no newer one "
            "writes there, delete it: it is made again"
        )

    def foreign(self) -> tuple[str, ...]:
        """Return names of files that no backup, and nothing else of pgwright, put there."""
        known = {
            f"{BACKUPS}{m.id}/{name}"
            for m in self.backups()
            for name in (*manifest.COPIES, UNFINISHED, *(file.name for file in m.files))
        }
        theirs = {broken.id for broken in self.broken()} | set(self.unfinished())
        ours = ("wal/", "drills/", "pgbackrest/", lock.FOLDER)
        return tuple(
            entry.name
            for entry in self.store.list("")
            if entry.name != MARKER
            and not entry.name.startswith(ours)
            and entry.name not in known
            and entry.name.removeprefix(BACKUPS).partition("/")[0] not in theirs
        )

    def _named(self, id: str) -> Manifest:
        matching = [known for known in self._folders.names() if known.startswith(id)]
        exact = [known for known in matching if known == id] or matching
        if len(exact) != 1:
            raise BackupMissing(
                f"{'several backups begin' if exact else 'no backup begins'} with {id} in {self.url}",
                hint="list them: pgwright backup list",
            )
        return self._folders.described(exact[0])

    def _begin(self, id: str) -> None:
        self.store.put(path_of(id, UNFINISHED), b'{"state": "being written or removed"}\n')

    def _check_marker(self) -> dict[str, Any] | None:
        try:
            found: dict[str, Any] = json.loads(self.store.read(MARKER))
            version = int(found["format"])
        except StoredFileMissing:
            return None
        except (ValueError, KeyError, TypeError) as error:
            raise BackupDamaged(
                f"{MARKER} in {self.url} is damaged",
                detail="backups are still read; nothing is written",
                hint=f"if this is your repository, delete {MARKER}: it is made again",
            ) from error
        if version > FORMAT:
            raise BackupDamaged(
                f"the repository {self.url} belongs to a newer pgwright",
                detail=f"format {version}; this one writes {FORMAT}; nothing was changed",
                hint="upgrade: pip install --upgrade pgwright",
            )
        return found

    def _mark(self) -> None:
        if self._check_marker() is None:
            self.store.create(MARKER, _MARK)


def open_repository(location: str, encryption: Encryption | None = None) -> Repository:
    """Return the repository in a folder or bucket. Raises the errors of `open_store`."""
    return Repository(store=open_store(location), encryption=encryption or Encryption())

"""The folders of a repository, and the two copies of the manifest that makes each a backup."""

from __future__ import annotations

import contextlib
import re
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

from pgwright.backup.repository import manifest
from pgwright.backup.repository.manifest import Manifest
from pgwright.errors import BackupDamaged, StoredFileMissing
from pgwright.storage import Store

BACKUPS = "backups/"
UNFINISHED = "unfinished.json"
_ID = re.compile(r"\d{8}T\d{6}Z-[\w-]+-[0-9a-f]{4}")
_READERS = 8  # manifests read at a time: each costs a request, and there may be hundreds


@dataclass(frozen=True, kw_only=True)
class Broken:
    """Name a backup whose manifest is lost or damaged, and its copy as well."""

    id: str
    reason: BackupDamaged


@dataclass(frozen=True, kw_only=True)
class Folders:
    """Look into the folders of a store."""

    store: Store

    def names(self) -> dict[str, set[str]]:
        """Return the folders by the backup's id, each with the names of its files."""
        folders: dict[str, set[str]] = {}
        for entry in self.store.list(BACKUPS):
            id, slash, name = entry.name.removeprefix(BACKUPS).partition("/")
            if slash:
                folders.setdefault(id, set()).add(name)
        return folders

    def described(self, id: str) -> Manifest:
        """Return the manifest of a backup, from either copy. Raises `BackupDamaged`."""
        damage: BackupDamaged | None = None
        for name in reversed(manifest.COPIES):
            try:
                return manifest.decode(self.store.read(path_of(id, name)), name=id)
            except StoredFileMissing:
                continue
            except BackupDamaged as error:
                damage = error
        raise damage or BackupDamaged(
            f"backup {id} has no manifest: it was never finished, or the manifest was lost",
            detail="without it nothing tells whether the files are complete; they are left alone",
            hint="rebuild it from them: pgwright backup repair; or restore another backup",
        )

    def whole_copies(self, id: str) -> dict[str, bytes]:
        """Return the intact ones of the manifest's two files."""
        found = {}
        for name in manifest.COPIES:
            with contextlib.suppress(StoredFileMissing, BackupDamaged):
                content = self.store.read(path_of(id, name))
                manifest.decode(content, name=id)
                found[name] = content
        return found

    def mend(self, id: str, names: set[str]) -> None:
        """Put back a manifest of which only one of two copies is whole, and forget what was in hand."""
        whole = self.whole_copies(id)
        for name in manifest.COPIES:
            if whole and name not in whole:
                self.store.put(path_of(id, name), next(iter(whole.values())))
        if UNFINISHED in names:
            self.store.delete(path_of(id, UNFINISHED))

    def read_all(self) -> tuple[tuple[Manifest, ...], tuple[Broken, ...]]:
        """Return the complete backups, the oldest first, and those that nothing describes any more."""

        def read(id: str) -> Manifest | Broken:
            try:
                return self.described(id)
            except BackupDamaged as reason:
                return Broken(id=id, reason=reason)

        ids = [
            id
            for id, names in self.names().items()
            if names & set(manifest.COPIES) or (_ID.fullmatch(id) and not is_unfinished(names))
        ]
        with ThreadPoolExecutor(_READERS) as pool:
            found = list(pool.map(read, ids))
        good = sorted((one for one in found if isinstance(one, Manifest)), key=lambda m: (m.sequence, m.id))
        return tuple(good), tuple(one for one in found if isinstance(one, Broken))


def is_unfinished(names: set[str]) -> bool:
    """Tell whether a folder with these files is one that is being written or removed."""
    return UNFINISHED in names and not names & set(manifest.COPIES)


def path_of(id: str, name: str) -> str:
    """Return the name in the store of a file of a backup."""
    return f"{BACKUPS}{id}/{name}"

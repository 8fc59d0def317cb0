"""Files in a directory of this machine."""

from __future__ import annotations

import contextlib
import errno
import os
import secrets
from collections.abc import Iterable, Iterator
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import BinaryIO

from pgwright.errors import StorageDenied, StorageError, StoredFileMissing
from pgwright.storage.check import Intake, check_name, checked
from pgwright.storage.store import CHUNK, Stat

_UNFINISHED = ".unfinished"
_EARLY = 4 * CHUNK  # bytes that are sent to the disk before the file is complete
# Where a file system has no files without a name (NFS, some overlays), or the kernel knows none.
_NO_NAMELESS = {errno.EOPNOTSUPP, errno.EISDIR, errno.ENOENT, errno.EINVAL, errno.ENOSYS}


def open_directory(place: str) -> Directory:
    """Open the directory at `place`, a path or a ``file://`` URL; it is made when something is stored."""
    return Directory(Path(place.removeprefix("file://")))


class Directory:
    """Keep files below one directory: durable once `put` returns, readable by their owner alone."""

    def __init__(self, root: Path) -> None:
        self.root = root.expanduser()

    @property
    def url(self) -> str:
        """Return the path."""
        return str(self.root)

    def put(self, name: str, data: bytes | Iterable[bytes], *, expected: int = 0) -> Stat:
        """Store a file; see `Store.put`."""
        path = self._path(name)
        if path.is_symlink() and path.is_file():
            path = path.resolve()  # the link stays: it may be /dev/stdout
        meter = Intake()
        pieces = [data] if isinstance(data, bytes) else data
        with self._failures(path, "written", meter):
            if path.exists() and not path.is_file():
                # A device or a pipe, such as /dev/null: it takes the bytes, and no file takes its place.
                with path.open("wb") as file:
                    file.writelines(meter.passing(pieces))
            else:
                with _written(path, pieces, meter) as new:
                    new.replace(path)
                    _sync_folder(path.parent)
            found = _stat(name, path)
        return replace(found, size=meter.size, sha256=meter.sha256)

    def create(self, name: str, data: bytes) -> bool:
        """Store a file unless it exists; see `Store.create`."""
        path = self._path(name)
        with self._failures(path, "written"), _written(path, [data], Intake()) as new:
            try:
                path.hardlink_to(new)
            except FileExistsError:
                return False
            _sync_folder(path.parent)
        return True

    def stream(
        self, name: str, *, offset: int = 0, length: int | None = None, sha256: str | None = None
    ) -> Iterator[bytes]:
        """Yield a file in pieces; see `Store.stream`."""
        path = self._path(name)
        with self._failures(path, "read"), path.open("rb") as file:
            size = os.fstat(file.fileno()).st_size
            wanted = max(min(size - offset, size if length is None else length), 0)
            file.seek(offset)
            yield from checked(_pieces(file, wanted), str(path), size=wanted, sha256=sha256)

    def read(self, name: str) -> bytes:
        """Return a file; see `Store.read`."""
        return b"".join(self.stream(name))

    def open(self, name: str) -> BinaryIO:
        """Open a file for reading; see `Store.open`."""
        path = self._path(name)
        with self._failures(path, "read"):
            return path.open("rb")

    def stat(self, name: str) -> Stat | None:
        """Return what is known of a file; see `Store.stat`."""
        path = self._path(name)
        with self._failures(path, "read"):
            return _stat(name, path) if path.is_file() else None

    def list(self, prefix: str = "") -> Iterator[Stat]:
        """Yield files by name; see `Store.list`."""
        with self._failures(self.root, "read"):
            found = (path for path in self.root.rglob("*") if path.is_file())
            names = {path.relative_to(self.root).as_posix(): path for path in found}
        for name in sorted(names):
            if name.startswith(prefix) and not name.endswith(_UNFINISHED):
                with contextlib.suppress(FileNotFoundError):
                    yield _stat(name, names[name])

    def delete(self, name: str) -> None:
        """Remove a file, and the folders that it leaves empty; see `Store.delete`."""
        path = self._path(name)
        with self._failures(path, "removed"):
            path.unlink(missing_ok=True)
            for folder in path.parents:
                if folder == self.root or self.root not in folder.parents:
                    break
                try:
                    folder.rmdir()
                except OSError:
                    break

    def _path(self, name: str) -> Path:
        return self.root / check_name(name)

    @contextlib.contextmanager
    def _failures(self, path: Path, deed: str, meter: Intake | None = None) -> Iterator[None]:
        try:
            yield
        except OSError as exc:
            if meter is not None and meter.failure is exc:
                raise
            raise self._failure(exc, path, deed) from exc

    def _failure(self, exc: OSError, path: Path, deed: str) -> StorageError:
        if isinstance(exc, FileNotFoundError):
            return StoredFileMissing(
                f"there is no file {path}", hint=f"see what there is: ls -l {path.parent}"
            )
        if isinstance(exc, PermissionError):
            return StorageDenied(
                f"{path} cannot be {deed}: {exc.strerror}", hint=f"see who may: ls -ld {path.parent} {path}"
            )
        full = exc.errno in (errno.ENOSPC, errno.EDQUOT)
        return StorageError(
            f"{path} cannot be {deed}: {exc.strerror or exc}",
            detail="it is as it was before" if deed == "written" else None,
            hint=f"free space there (df -h {path.parent}), or choose another place" if full else None,
        )


@contextlib.contextmanager
def _written(path: Path, pieces: Iterable[bytes], meter: Intake) -> Iterator[Path]:
    """Write a file with a name of its own beside `path`, complete and on disk; it goes when the block ends.

    The file has no name at all until it is complete, so that a process that is killed leaves nothing.
    """
    path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    new = path.with_name(f".{path.name[:100]}.{secrets.token_hex(4)}{_UNFINISHED}")
    try:
        descriptor, nameless = _open_new(new)
        with open(descriptor, "wb") as file:  # noqa: PTH123 - of a descriptor
            _write(file, meter.passing(pieces))
            os.fsync(file.fileno())
            if nameless:
                # Only with a folder's descriptor does Python let the kernel follow the link below /proc.
                folder = os.open(path.parent, os.O_RDONLY)
                try:
                    os.link(f"/proc/self/fd/{file.fileno()}", new.name, src_dir_fd=folder, dst_dir_fd=folder)
                finally:
                    os.close(folder)
        yield new
    finally:
        new.unlink(missing_ok=True)


def _write(file: BinaryIO, pieces: Iterable[bytes]) -> None:
    """Write all pieces; the disk begins while the next are made, so that a sync has little to wait for."""
    begun = size = 0
    for piece in pieces:
        file.write(piece)
        size += len(piece)
        if size - begun >= _EARLY and hasattr(os, "posix_fadvise"):
            file.flush()
            # Linux begins to write what is said to be of no more use, and keeps what it is still writing.
            os.posix_fadvise(file.fileno(), begun, size - begun, os.POSIX_FADV_DONTNEED)
            begun = size
    file.flush()


def _open_new(named: Path) -> tuple[int, bool]:
    if hasattr(os, "O_TMPFILE") and Path("/proc/self/fd").is_dir():
        try:
            return os.open(named.parent, os.O_TMPFILE | os.O_WRONLY, 0o600), True
        except OSError as exc:
            if exc.errno not in _NO_NAMELESS:
                raise
    return os.open(named, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), False


def _sync_folder(folder: Path) -> None:
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def _pieces(file: BinaryIO, wanted: int) -> Iterator[bytes]:
    while wanted > 0 and (piece := file.read(min(CHUNK, wanted))):
        wanted -= len(piece)
        yield piece


def _stat(name: str, path: Path) -> Stat:
    found = path.stat()
    return Stat(
        name=name,
        size=found.st_size,
        modified=datetime.fromtimestamp(found.st_mtime, UTC),
        etag=f"{found.st_ino:x}-{found.st_mtime_ns:x}-{found.st_size:x}",
    )

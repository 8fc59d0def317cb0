"""Where servers and the PostgreSQL programs are kept, and how those folders are made.

State (data directories, passwords, logs): ``$PGWRIGHT_HOME``, else
``$XDG_DATA_HOME/pgwright``, else ``~/.local/share/pgwright``. Programs:
``$PGWRIGHT_CACHE``, else ``$XDG_CACHE_HOME/pgwright``, else ``~/.cache/pgwright``.

Root is different: its servers run as another account, which cannot look into
root's home. Without ``PGWRIGHT_HOME`` and ``PGWRIGHT_CACHE`` root therefore uses
``/var/lib/pgwright`` and ``/var/cache/pgwright``.
"""

from __future__ import annotations

import contextlib
import errno
import fcntl
import os
import secrets
import shlex
import stat
import tempfile
import time
from collections.abc import Iterator, Mapping
from pathlib import Path

from pgwright.errors import ServerError
from pgwright.server.account import Account, closed_to

_LOCK_POLL_SECONDS = 0.02


def state_home(environ: Mapping[str, str] | None = None) -> Path:
    """Return the folder of all server state; it need not exist."""
    return _home(environ, "PGWRIGHT_HOME", "XDG_DATA_HOME", ".local/share", "/var/lib/pgwright")


def cache_home(environ: Mapping[str, str] | None = None) -> Path:
    """Return the folder of unpacked programs; it need not exist and may be deleted at any time."""
    return _home(environ, "PGWRIGHT_CACHE", "XDG_CACHE_HOME", ".cache", "/var/cache/pgwright")


def _home(environ: Mapping[str, str] | None, own: str, xdg: str, below_home: str, for_root: str) -> Path:
    variables = os.environ if environ is None else environ
    if explicit := variables.get(own):
        return Path(explicit).expanduser().absolute()
    if os.geteuid() == 0:
        return Path(for_root)
    base = variables.get(xdg, "")
    # The XDG specification has relative paths ignored.
    if base.startswith("/"):
        return Path(base) / "pgwright"
    return Path.home() / below_home / "pgwright"


def make_directory(path: Path, *, mode: int = 0o700, owner: Account | None = None) -> Path:
    """Make a folder that only its owner can write, or check that an existing one is such.

    The owner is the present user unless `owner` is given. An existing folder of
    another user, one that others may write to, or a link made by another user is
    refused rather than used: in a shared place somebody may have put it there.
    Raises ServerError.
    """
    expected = os.geteuid() if owner is None else owner.uid
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        if not os.path.lexists(path):
            _make_new(path, mode, owner)
        link = path.lstat()
        status = path.stat()
    except OSError as error:
        raise unwritable(path, error) from error
    if stat.S_ISLNK(link.st_mode) and link.st_uid not in {0, os.geteuid()}:
        raise _unsafe(path, f"it is a link made by user {link.st_uid}")
    if not stat.S_ISDIR(status.st_mode):
        raise _unsafe(path, "it is not a directory")
    if status.st_uid != expected:
        raise _unsafe(path, f"it belongs to user {status.st_uid}, not to user {expected}")
    if status.st_mode & (stat.S_IWGRP | stat.S_IWOTH):
        raise _unsafe(path, "others may write to it")
    return path


def _make_new(path: Path, mode: int, owner: Account | None) -> None:
    """Make a folder that has its owner and mode from the first moment that others can see it."""
    draft = path.with_name(f".{path.name}.{secrets.token_hex(4)}")
    draft.mkdir(mode=0o700)
    try:
        if owner is not None and owner.is_other:
            os.chown(draft, owner.uid, owner.gid)
        draft.chmod(mode)
        # Replaces only an empty folder: one that another process made this very moment.
        draft.rename(path)
    except OSError as error:
        draft.rmdir()
        if error.errno not in {errno.EEXIST, errno.ENOTEMPTY}:
            raise


def require_reach(path: Path, account: Account) -> None:
    """Raise ServerError when the server's account may not pass through a folder."""
    if account.is_other and (closed := closed_to(account, path)):
        raise ServerError(
            f"user {account.name}, which runs the server, cannot enter {path}",
            detail=f"{closed} is closed to it. Nothing was changed.",
            hint=f"let it pass: chmod o+x {shlex.quote(str(closed))}; "
            "or set PGWRIGHT_HOME and PGWRIGHT_CACHE to folders that it can enter",
        )


def socket_directory(instance: Path, account: Account) -> Path:
    """Return a folder for Unix sockets whose paths stay within the system's limit.

    It lies inside the instance's folder where that is short enough, otherwise
    under a short name in the system's folder for temporary files.
    """
    wanted = instance / "socket"
    longest = len(os.fsencode(wanted)) + len("/.s.PGSQL.65535")
    if longest <= 103:  # macOS allows 103 bytes, Linux 107
        return wanted
    import hashlib  # noqa: PLC0415  (only long paths pay for it)

    digest = hashlib.sha256(os.fsencode(instance)).hexdigest()[:12]
    return Path(tempfile.gettempdir()) / f"pgwright-{account.uid}-{digest}"


def write_private(path: Path, text: str, *, mode: int = 0o600) -> None:
    """Replace a file as a whole; a reader or a crash sees the old or the new text, never half.

    Raises ServerError when the disk is full or the folder cannot be written.
    """
    draft = path.with_name(f".{path.name}.{secrets.token_hex(4)}")
    try:
        descriptor = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW, mode)
        try:
            with os.fdopen(descriptor, "w", encoding="utf-8") as file:
                os.fchmod(file.fileno(), mode)
                file.write(text)
                file.flush()
                os.fsync(file.fileno())
            draft.replace(path)
        finally:
            draft.unlink(missing_ok=True)
    except OSError as error:
        raise unwritable(path, error) from error


@contextlib.contextmanager
def locked(path: Path, *, timeout: float, purpose: str) -> Iterator[int]:
    """Hold an exclusive lock on a file for the length of a ``with`` block and yield its descriptor.

    The system releases the lock when the process ends, however it ends. Raises
    ServerError after `timeout` seconds, naming what the other process is about (`purpose`).
    """
    try:
        descriptor = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC | os.O_NOFOLLOW, 0o600)
    except OSError as error:
        raise unwritable(path, error) from error
    deadline = time.monotonic() + timeout
    try:
        while True:
            try:
                fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
                break
            except BlockingIOError:
                if time.monotonic() > deadline:
                    raise ServerError(
                        f"another process has been {purpose} for more than {timeout:.0f} s",
                        detail=f"It holds the lock on {path}. Nothing was changed.",
                        hint=f"wait for it or end it (fuser {path} names it), then run this again",
                    ) from None
                time.sleep(_LOCK_POLL_SECONDS)
        yield descriptor
    finally:
        os.close(descriptor)


def unwritable(path: Path, error: OSError) -> ServerError:
    """Return the error for a file or folder that cannot be written."""
    if error.errno in {errno.ENOSPC, errno.EDQUOT}:
        hint = f"free some space on the file system of {path.parent}, then run the same command again"
    else:
        hint = "set PGWRIGHT_HOME (servers) or PGWRIGHT_CACHE (programs) to a folder that you can write"
    return ServerError(f"cannot write {path}", detail=error.strerror or str(error), hint=hint)


def _unsafe(path: Path, reason: str) -> ServerError:
    return ServerError(
        f"{path} is not safe to keep a server in: {reason}",
        detail="Nothing was changed.",
        hint="move it away, or set PGWRIGHT_HOME to a folder of your own",
    )

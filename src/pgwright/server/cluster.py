"""A data directory: made by initdb, given its settings, never left half-made."""

from __future__ import annotations

import os
import re
import secrets
import shutil
import stat
from collections.abc import Mapping
from pathlib import Path

from pgwright.errors import ServerError, UsageError
from pgwright.server.account import Account, run_as
from pgwright.server.binaries import Binaries
from pgwright.server.instance import LOOPBACK, SUPERUSER
from pgwright.server.paths import unwritable, write_private

_INITDB_TIMEOUT_SECONDS = 300
_SETTING_NAME = re.compile(r"[a-z_][a-z0-9_]*(\.[a-z_][a-z0-9_]*)?", re.IGNORECASE)
_OWN_SETTINGS = frozenset({"port", "unix_socket_directories", "data_directory", "hba_file", "config_file"})
_LOG_LIMIT_BYTES = 16 * 1024 * 1024
_LOG_KEPT_BYTES = 1024 * 1024

BASE_SETTINGS: Mapping[str, str] = {
    "listen_addresses": LOOPBACK,
    "unix_socket_permissions": "0700",
    "password_encryption": "scram-sha-256",
    "timezone": "UTC",
    "log_timezone": "UTC",
    "log_line_prefix": "%m [%p] %q%u@%d ",
    "shared_buffers": "128MB",
}

# Nothing waits for the disk. The system still writes what PostgreSQL handed over when
# the server is killed, so only a crash of the machine loses anything. That would not
# hold with synchronous_commit off, which gains little more.
FAST_SETTINGS: Mapping[str, str] = {"fsync": "off", "full_page_writes": "off"}


def check_settings(settings: Mapping[str, str]) -> dict[str, str]:
    """Return settings with lower-case names. Raises UsageError for those that pgwright decides itself."""
    checked: dict[str, str] = {}
    for name, value in settings.items():
        lowered = name.lower()
        if not _SETTING_NAME.fullmatch(name) or "\n" in value or "\0" in value:
            raise UsageError(f"{name!r} is not a setting of PostgreSQL, or its value spans several lines")
        if lowered in _OWN_SETTINGS:
            raise UsageError(
                f"the setting {lowered} of an embedded server is chosen by pgwright",
                hint="to choose the port, run: pgwright server start --port PORT",
            )
        if lowered == "listen_addresses" and value not in {"", LOOPBACK, "localhost"}:
            raise UsageError(
                f"an embedded server listens on loopback only, not on {value!r}",
                hint="leave listen_addresses out, or make it empty for the Unix socket alone",
            )
        checked[lowered] = value
    return checked


def create(
    data_dir: Path, binaries: Binaries, account: Account, *, password: str, durable: bool, lock_fd: int
) -> None:
    """Make a data directory: UTF-8, checksums, scram-sha-256 for every connection.

    It is made under another name and then renamed, so that a data directory that
    exists is complete. initdb inherits the instance's lock (`lock_fd`): when this
    process is killed, the next one waits until the orphan has ended.
    Raises ServerError.
    """
    directory = data_dir.parent
    for leftover in (*directory.glob(".data-*"), *directory.glob(".password-*")):
        shutil.rmtree(leftover) if leftover.is_dir() else leftover.unlink()
    draft = directory / f".data-{secrets.token_hex(4)}"
    password_file = directory / f".password-{secrets.token_hex(4)}"
    try:
        draft.mkdir(mode=0o700)
        write_private(password_file, password + "\n")
        if account.is_other:
            os.chown(draft, account.uid, account.gid)
            os.chown(password_file, account.uid, account.gid)
        command: list[str | Path] = [
            binaries.program("initdb"),
            f"--pgdata={draft}",
            f"--username={SUPERUSER}",
            f"--pwfile={password_file}",
            "--auth=scram-sha-256",
            "--encoding=UTF8",
            "--data-checksums",
            *([] if durable else ["--no-sync"]),
        ]
        output = ""
        for locale in _locales(binaries):
            finished = run_as(
                account,
                [*command, *locale],
                environment=binaries.environment(),
                timeout=_INITDB_TIMEOUT_SECONDS,
                pass_fds=(lock_fd,),
            )
            output = finished.stdout.strip()
            if finished.returncode == 0 or "invalid locale" not in output:
                break
        if finished.returncode != 0:
            raise _initdb_failed(data_dir, output)
        _append_as_owner(draft / "postgresql.conf", "\ninclude_if_exists '../settings.conf'\n")
        # Before the directory counts as made: what is killed after that clears nothing away here.
        password_file.unlink()
        draft.rename(data_dir)
    except OSError as error:
        raise unwritable(data_dir, error) from error
    finally:
        password_file.unlink(missing_ok=True)
        shutil.rmtree(draft, ignore_errors=True)


def write_settings(directory: Path, *, port: int, socket_dir: Path, settings: Mapping[str, str]) -> None:
    """Write the settings file that PostgreSQL includes; ``ALTER SYSTEM`` still wins over it."""
    merged = {**BASE_SETTINGS, **settings, "port": str(port), "unix_socket_directories": _listed(socket_dir)}
    quoted = (f"{name} = '{value.replace(chr(39), chr(39) * 2)}'\n" for name, value in sorted(merged.items()))
    write_private(directory / "settings.conf", "".join(quoted), mode=0o644)


def prepare_log(path: Path, account: Account) -> None:
    """Make the log file, which the server's account cannot do in this folder, and keep it small.

    Of a log above 16 MB the last megabyte is kept beside it. A running server
    appends, so the file may be cut under it.
    """
    try:
        descriptor = os.open(path, os.O_RDWR | os.O_CREAT | os.O_APPEND | os.O_NOFOLLOW, 0o600)
        with os.fdopen(descriptor, "r+b") as file:
            if account.is_other:
                os.fchown(file.fileno(), account.uid, account.gid)
            size = os.fstat(file.fileno()).st_size
            if size > _LOG_LIMIT_BYTES:
                file.seek(size - _LOG_KEPT_BYTES)
                kept = file.read().decode("utf-8", errors="replace")
                write_private(path.with_name(f"{path.name}.old"), kept)
                file.truncate(0)
    except OSError as error:
        raise unwritable(path, error) from error


def log_tail(path: Path, *, since: int = 0, lines: int = 15) -> str:
    """Return the last lines that a server wrote after a byte offset of its log."""
    try:
        with path.open("rb") as file:
            size = file.seek(0, os.SEEK_END)
            file.seek(max(since, size - 64 * 1024))
            text = file.read().decode("utf-8", errors="replace")
    except OSError:
        return ""
    return "\n".join(text.splitlines()[-lines:])


def check_major(data_dir: Path, binaries: Binaries) -> None:
    """Raise ServerError when a data directory was made by another major version of PostgreSQL."""
    try:
        made_by = (data_dir / "PG_VERSION").read_text().strip()
    except OSError as error:
        raise ServerError(
            f"{data_dir} is not a complete data directory",
            detail=f"PG_VERSION: {error.strerror}. Nothing was changed.",
            hint="restore it from a backup, or make it anew: pgwright server remove",
        ) from error
    if made_by != str(binaries.major):
        raise ServerError(
            f"the data in {data_dir} belongs to PostgreSQL {made_by}, the programs to {binaries.version}",
            detail=f"The programs are in {binaries.bin_dir}. Nothing was changed.",
            hint=f"set PGWRIGHT_BINARIES to PostgreSQL {made_by}'s programs, dump the data, and load it anew",
        )


def directory_size(path: Path) -> int:
    """Return the bytes that a folder takes on disk; files that vanish meanwhile count nothing."""
    total = 0
    pending = [path]
    while pending:
        try:
            entries = list(os.scandir(pending.pop()))
        except OSError:
            continue
        for entry in entries:
            try:
                status = entry.stat(follow_symlinks=False)
            except OSError:
                continue
            if stat.S_ISDIR(status.st_mode):
                pending.append(Path(entry.path))
            else:
                total += status.st_blocks * 512
    return total


def _locales(binaries: Binaries) -> tuple[tuple[str, ...], ...]:
    """Return initdb's locale options, best first: order by code point, knowing all of Unicode."""
    if binaries.major >= 17:
        return (("--locale-provider=builtin", "--builtin-locale=C.UTF-8", "--locale=C"),)
    # Some systems have no C.UTF-8; there only ASCII letters have upper and lower case.
    return (("--locale=C.UTF-8",), ("--locale=C",))


def _listed(path: Path) -> str:
    """Return a path as one element of a comma-separated setting."""
    return '"' + str(path).replace('"', '""') + '"'


def _append_as_owner(path: Path, text: str) -> None:
    with os.fdopen(os.open(path, os.O_WRONLY | os.O_APPEND | os.O_NOFOLLOW), "a", encoding="utf-8") as file:
        file.write(text)


def _initdb_failed(data_dir: Path, output: str) -> ServerError:
    if "No space left" in output or "Disk quota" in output:
        hint = f"free some space on the file system of {data_dir.parent}, then run the same command again"
    else:
        hint = "mend the cause that initdb names, then run the same command again"
    return ServerError(
        f"initdb could not make {data_dir}",
        detail="\n".join(output.splitlines()[-8:]) + "\nThe half-made directory was removed.",
        hint=hint,
    )

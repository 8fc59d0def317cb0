"""The operating-system account that PostgreSQL runs as.

PostgreSQL refuses to run as root. For an ordinary user the account is that user.
For root it is `postgres` where that account exists, because it is kept for
database files alone, and otherwise `nobody`, which every container has.
"""

from __future__ import annotations

import functools
import os
import pwd
import stat
import subprocess
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from pgwright.errors import ServerError

_CANDIDATES = ("postgres", "nobody")
_ENVIRONMENT = "PGWRIGHT_ACCOUNT"


@dataclass(frozen=True, kw_only=True)
class Account:
    """Name the user and group that own a server's files and run its processes."""

    name: str
    uid: int
    gid: int

    @property
    def is_other(self) -> bool:
        """Tell whether this account differs from the one that Python runs as."""
        return self.uid != os.geteuid()


def server_account(environ: Mapping[str, str] | None = None) -> Account:
    """Return the account for new servers.

    Root may name another one in ``PGWRIGHT_ACCOUNT``. Raises ServerError when
    root has no unprivileged account to give the server to.
    """
    uid = os.geteuid()
    if uid != 0:
        return account_of(uid)
    wanted = (os.environ if environ is None else environ).get(_ENVIRONMENT)
    names = (wanted,) if wanted else _CANDIDATES
    for name in names:
        try:
            entry = pwd.getpwnam(name)
        except KeyError:
            continue
        if entry.pw_uid != 0:
            return Account(name=name, uid=entry.pw_uid, gid=entry.pw_gid)
    raise ServerError(
        f"no unprivileged account to run PostgreSQL as (looked for {', '.join(names)})",
        detail="PostgreSQL refuses to run as root.",
        hint=f"create one, name it in {_ENVIRONMENT}, or run pgwright as an ordinary user",
    )


@functools.cache
def account_of(uid: int) -> Account:
    """Return the account of a user id, also where the user database does not know it."""
    try:
        entry = pwd.getpwuid(uid)
    except KeyError:
        # `docker run --user 1234` gives a user without an entry; its own group is as good as any.
        return Account(name=str(uid), uid=uid, gid=os.getegid() if uid == os.geteuid() else uid)
    return Account(name=entry.pw_name, uid=uid, gid=entry.pw_gid)


def run_as(
    account: Account,
    command: Sequence[str | Path],
    *,
    environment: Mapping[str, str],
    timeout: float,
    pass_fds: tuple[int, ...] = (),
) -> subprocess.CompletedProcess[str]:
    """Run a program as an account and return its output with stderr merged into stdout.

    The working directory is ``/`` because the account may not enter the current
    one, and only `environment` is passed on, so that no ``PG*`` variable of the
    user leads the program elsewhere. Raises ServerError when the program cannot
    be run at all or takes longer than `timeout` seconds.
    """
    program = Path(command[0])
    try:
        return subprocess.run(
            [str(part) for part in command],
            user=account.uid if account.is_other else None,
            group=account.gid if account.is_other else None,
            extra_groups=() if account.is_other else None,
            env=dict(environment),
            cwd="/",
            umask=0o077,
            pass_fds=pass_fds,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            encoding="utf-8",
            errors="replace",
            timeout=timeout,
            check=False,
        )
    except subprocess.TimeoutExpired as error:
        output = error.stdout.decode(errors="replace") if isinstance(error.stdout, bytes) else error.stdout
        raise ServerError(
            f"{program.name} did not finish within {timeout:.0f} s",
            detail=(output or "").strip() or None,
            hint="see whether the disk or the machine is overloaded, then run the same command again",
        ) from error
    except OSError as error:
        raise ServerError(
            f"cannot run {program} as user {account.name}",
            detail=str(error),
            hint="check that the file exists for this platform and that the user may reach and execute it",
        ) from error


def can_reach(account: Account, path: Path) -> bool:
    """Tell whether an account may pass through a directory and all its ancestors; see `closed_to`."""
    return closed_to(account, path) is None


def closed_to(account: Account, path: Path) -> Path | None:
    """Return the nearest of a directory and its ancestors that an account may not pass through, if any.

    Only permission bits are looked at. Access lists can say otherwise, but then
    the server's own message names the directory.
    """
    for directory in (path, *path.parents):
        try:
            status = directory.stat()
        except FileNotFoundError:
            continue
        except OSError:
            return directory
        if status.st_uid == account.uid:
            needed = stat.S_IXUSR
        elif status.st_gid == account.gid:
            needed = stat.S_IXGRP
        else:
            needed = stat.S_IXOTH
        if not status.st_mode & needed:
            return directory
    return None

"""What the distribution's own packages give: PostgreSQL 15 on Debian 12, and helper programs."""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache
from pathlib import Path

from .builds import debian_bindir, is_debian_like
from .fetching import FetchError, locked, run

_APT = ("apt-get", "-q", "-o", "DPkg::Lock::Timeout=300")
_NO_CLUSTERS = Path("/etc/postgresql-common/createcluster.d/pgwright-tests.conf")


def prepare(version: int) -> Path:
    """Return the programs of the distribution's PostgreSQL `version`, installing it as root.

    Raises:
        FetchError: not root, another distribution, or a release without that version.
    """
    if bindir := debian_bindir(version):
        return bindir
    package = f"postgresql-{version}"
    _require_root(package)
    _update()
    if not run(["apt-cache", "-q", "pkgnames", package]).split():
        raise FetchError(f"this release has no package {package}")
    with _no_main_cluster():
        install(package)
    bindir = debian_bindir(version)
    if bindir is None:
        raise FetchError(f"postgresql-{version} is installed but has no programs where Debian puts them")
    return bindir


def ensure_program(program: str, *, package: str) -> None:
    """Make `program` available, installing its `package` as root on Debian and Ubuntu.

    Raises:
        FetchError: it is not installed and cannot be.
    """
    if shutil.which(program) is None:
        install(package)


def install(*packages: str) -> None:
    """Install distribution packages without recommendations.

    Raises:
        FetchError: not root, another distribution, or apt-get failed.
    """
    _require_root(" ".join(packages))
    _update()
    with locked("apt"):
        run(
            [*_APT, "-y", "install", "--no-install-recommends", *packages],
            env={**os.environ, "DEBIAN_FRONTEND": "noninteractive", "LC_ALL": "C.UTF-8"},
            timeout=900,
        )


def _require_root(packages: str) -> None:
    if not is_debian_like() or shutil.which("apt-get") is None:
        raise FetchError(f"{packages} is not installed, and this is not Debian or Ubuntu")
    if os.geteuid() != 0:
        raise FetchError(f"{packages} is not installed, and only root can install it")


@cache
def _update() -> None:
    with locked("apt"):
        run([*_APT, "update"], env={**os.environ, "LC_ALL": "C.UTF-8"})


@contextmanager
def _no_main_cluster() -> Iterator[None]:
    # Debian's package makes and starts a cluster of its own on port 5432 unless told otherwise.
    if not _NO_CLUSTERS.parent.is_dir():
        install("postgresql-common")
    _NO_CLUSTERS.parent.mkdir(parents=True, exist_ok=True)
    _NO_CLUSTERS.write_text("create_main_cluster = false\n")
    try:
        yield
    finally:
        _NO_CLUSTERS.unlink(missing_ok=True)

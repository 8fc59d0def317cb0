"""PostgreSQL 17 with TimescaleDB (Apache edition) from Debian 13, in a folder of its own.

Debian 13 is unpacked by debootstrap, which needs root. Its programs are then run
*without* chroot, so that any user can start them and `pgwright.server` needs to know
nothing about them: small scripts start each program through Debian 13's own dynamic
loader and libraries. PostgreSQL finds its ``share`` and ``lib`` folders relative to
the program's path, hence the shadow tree ``pgwright/usr/lib/postgresql/17/bin``.
"""

from __future__ import annotations

import os
import platform
from pathlib import Path

from . import debian
from .builds import trixie_bindir
from .fetching import FetchError, entry, run

MIRROR = "http://deb.debian.org/debian"
LOADERS = {
    "x86_64": ("lib64/ld-linux-x86-64.so.2", "x86_64-linux-gnu"),
    "aarch64": ("lib/ld-linux-aarch64.so.1", "aarch64-linux-gnu"),
}
SCRIPT = """\
#!/bin/sh
# Run {program} of Debian 13 with Debian 13's own loader and libraries.
exec {shadow}/../loader/{program} --library-path {root}/usr/lib/{triplet} \\
    --argv0 {shadow}/{program} {root}/usr/lib/postgresql/17/bin/{program} "$@"
"""
INSTALL = """\
apt-get -q update
apt-get -q -y install --no-install-recommends postgresql-17 postgresql-17-timescaledb
apt-get clean
rm -rf /var/lib/apt/lists/*
"""


def prepare() -> Path:
    """Return the programs of Debian 13's PostgreSQL 17, building the folder when it is not cached.

    Takes 30 to 120 seconds and 500 MB the first time.

    Raises:
        FetchError: not root, no debootstrap, no network, or another machine type.
    """
    if bindir := trixie_bindir():
        return bindir
    if platform.machine() not in LOADERS:
        raise FetchError(f"no loader known for {platform.machine()}")
    if os.geteuid() != 0:
        raise FetchError("debootstrap needs root")
    debian.ensure_program("debootstrap", package="debootstrap")
    root = entry("trixie", _build)
    _write_scripts(root)
    bindir = trixie_bindir()
    if bindir is None:
        raise FetchError("Debian 13 is unpacked but its PostgreSQL programs cannot be found")
    return bindir


def _build(root: Path) -> None:
    run(["debootstrap", "--variant=minbase", "trixie", root, MIRROR], timeout=900)
    clusters = root / "etc/postgresql-common/createcluster.conf"
    clusters.parent.mkdir(parents=True, exist_ok=True)
    clusters.write_text("create_main_cluster = false\n")
    # Exit status 101 keeps package scripts from starting services.
    policy = root / "usr/sbin/policy-rc.d"
    policy.write_text("#!/bin/sh\nexit 101\n")
    policy.chmod(0o755)
    environment = {**os.environ, "DEBIAN_FRONTEND": "noninteractive", "LC_ALL": "C.UTF-8"}
    run(["chroot", root, "/bin/sh", "-ec", INSTALL], env=environment, timeout=900)


def _write_scripts(root: Path) -> None:
    loader, triplet = LOADERS[platform.machine()]
    base = root / "pgwright/usr"
    shadow = base / "lib/postgresql/17/bin"
    shadow.mkdir(parents=True, exist_ok=True)
    loaders = shadow.parent / "loader"
    loaders.mkdir(exist_ok=True)
    programs = sorted((root / "usr/lib/postgresql/17/bin").iterdir())
    # One name of the loader for each program: `ps`, and whoever looks for a server, see the first argument.
    links = {loaders / program.name: loader for program in programs}
    links |= {base / "share": "usr/share", shadow.parent / "lib": "usr/lib/postgresql/17/lib"}
    for link, target in links.items():
        if not link.is_symlink():
            link.symlink_to(root / target)
    for program in programs:
        script = shadow / program.name
        script.write_text(SCRIPT.format(program=program.name, root=root, triplet=triplet, shadow=shadow))
        script.chmod(0o755)

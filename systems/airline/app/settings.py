"""Everything that the environment decides, read once and checked."""

from __future__ import annotations

import os
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from dotenv import dotenv_values
from sqlalchemy.engine import URL, make_url
from sqlalchemy.exc import ArgumentError

from app.errors import SettingsError

ROOT = Path(__file__).resolve().parent.parent
ENVIRONMENTS = ("development", "test", "staging", "production")
URL_FORM = "postgresql://USER:PASSWORD@HOST:PORT/DATABASE"
# A host that holds anything else is the rest of a password with an unescaped "@", "/", "#" or "?".
HOST_FORM = re.compile(r"[A-Za-z0-9._:-]+")


@dataclass(frozen=True, kw_only=True)
class Settings:
    """The application's settings; times in seconds.

    `database_url` holds the password and is therefore left out of `repr`.
    """

    database_url: URL = field(repr=False)
    environment: str = "development"
    pool_size: int = 20
    max_overflow: int = 10
    pool_recycle: int = 3600
    pool_timeout: int = 30
    application_name: str = "airline"

    @property
    def is_production(self) -> bool:
        """Return whether destructive commands must refuse."""
        return self.environment == "production"

    @property
    def text(self) -> str:
        """Return the URL as text with the password in it: never to be shown."""
        return self.database_url.render_as_string(hide_password=False)

    @property
    def where(self) -> str:
        """Return database, host and role as text for people, without the password."""
        url = self.database_url
        socket = url.query.get("host")
        host = socket if isinstance(socket, str) else ", ".join(socket or ())
        place = url.host or host or "the local socket"
        place += f":{url.port}" if url.port else ""
        role = f" as {url.username}" if url.username else ""
        return f"{url.database} at {place}{role}"


def load_settings(environ: Mapping[str, str] | None = None, *, dotenv: Path | None = None) -> Settings:
    """Read the settings from the environment, and from `.env` what the environment does not say.

    Raises:
        SettingsError: a value is missing or malformed; the message names the
            variable and never repeats a value that may hold a password.
    """
    path = dotenv or ROOT / ".env"
    try:
        file_values = dotenv_values(path) if path.is_file() else {}
    except (OSError, UnicodeDecodeError) as error:
        raise SettingsError(f"{path} cannot be read: {type(error).__name__}") from None
    values = {name: value for name, value in file_values.items() if value is not None}
    values.update(os.environ if environ is None else environ)

    environment = values.get("ENVIRONMENT", "development").strip() or "development"
    if environment not in ENVIRONMENTS:
        raise SettingsError(f"ENVIRONMENT is {environment!r}", hint=f"use one of: {', '.join(ENVIRONMENTS)}")
    return Settings(
        database_url=parse_database_url(values.get("DATABASE_URL", "")),
        environment=environment,
        pool_size=_whole_number(values, "DB_POOL_SIZE", 20, least=1),
        max_overflow=_whole_number(values, "DB_MAX_OVERFLOW", 10, least=0),
        pool_recycle=_whole_number(values, "DB_POOL_RECYCLE", 3600, least=1),
        pool_timeout=_whole_number(values, "DB_POOL_TIMEOUT", 30, least=1),
        application_name=values.get("DB_APPLICATION_NAME", "").strip() or "airline",
    )


def parse_database_url(text: str) -> URL:
    """Return `text` as a URL of the psycopg driver, which serves sync and async alike.

    Raises:
        SettingsError: the text is empty, no URL, or not one of PostgreSQL.
    """
    text = text.strip()
    if not text:
        raise SettingsError(
            "DATABASE_URL is not set",
            hint=f"copy .env.example to .env and fill it in; the form is {URL_FORM}",
        )
    try:
        url = make_url(text)
    except (ArgumentError, ValueError):
        raise _malformed("it cannot be read as a URL (is the port a number?)") from None
    if url.drivername.partition("+")[0] not in {"postgresql", "postgres"}:
        raise _malformed("it does not begin with postgresql://")
    if url.host is not None and not HOST_FORM.fullmatch(url.host):
        raise _malformed("its host holds a character that no host name has")
    if url.port is not None and not 0 < url.port < 65536:
        raise _malformed("its port is not between 1 and 65535")
    if not url.database:
        raise _malformed("it names no database")
    return url.set(drivername="postgresql+psycopg")


def _malformed(reason: str) -> SettingsError:
    return SettingsError(
        f"DATABASE_URL is malformed: {reason}",
        hint=f"the form is {URL_FORM}; write @ / : # ? % in the password as %40 %2F %3A %23 %3F %25",
    )


def _whole_number(values: Mapping[str, str], name: str, default: int, *, least: int) -> int:
    text = values.get(name, "").strip()
    if not text:
        return default
    if not text.isascii() or not text.isdigit() or int(text) < least:
        raise SettingsError(f"{name} is {text!r}", hint=f"use a whole number of at least {least}")
    return int(text)

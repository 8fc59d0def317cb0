"""What AquaMind takes from its environment, and what is wrong with it when it is not usable.

No error here repeats the value that it rejects: a mistyped DATABASE_URL still holds
the password.
"""

import secrets
from collections.abc import Mapping
from pathlib import Path
from typing import Any
from urllib.parse import unquote, urlsplit

from django.core.exceptions import ImproperlyConfigured

_YES = frozenset({"1", "true", "yes", "on"})
_NO = frozenset({"", "0", "false", "no", "off"})
_URL_FORM = "postgresql://USER:PASSWORD@HOST:PORT/NAME or sqlite:///FILE"
_SHORTEST_SECRET_KEY = 32
_MAKE_KEY = 'python -c "import secrets; print(secrets.token_urlsafe(50))"'


class Secret(str):
    """Hold a secret that `repr` does not show, so that no settings listing prints it."""

    __slots__ = ()

    def __repr__(self) -> str:
        return "'********'" if self else "''"


def flag(environ: Mapping[str, str], name: str, *, default: bool = False) -> bool:
    """Read a yes or no from `environ`.

    Raises:
        ImproperlyConfigured: the value is neither.
    """
    value = environ.get(name)
    if value is None:
        return default
    word = value.strip().lower()
    if word not in _YES | _NO:
        raise ImproperlyConfigured(f"{name} must be true or false, not {value!r}.")
    return word in _YES


def whole_number(environ: Mapping[str, str], name: str, *, default: int) -> int:
    """Read a whole number of zero or more from `environ`.

    Raises:
        ImproperlyConfigured: the value is anything else.
    """
    value = environ.get(name, "").strip()
    if not value:
        return default
    if not (value.isascii() and value.isdigit()):
        raise ImproperlyConfigured(f"{name} must be a whole number of zero or more, not {value!r}.")
    return int(value)


def names(environ: Mapping[str, str], name: str, *, default: tuple[str, ...] = ()) -> list[str]:
    """Read a comma-separated list from `environ`."""
    value = environ.get(name)
    if value is None:
        return list(default)
    return [part.strip() for part in value.split(",") if part.strip()]


def secret_key(environ: Mapping[str, str], *, debug: bool) -> Secret:
    """Read SECRET_KEY; where it is not set, make one that lasts as long as the process.

    Migrations, loading and tests sign nothing that outlives them. The web process
    does: see `require_secret_key`.

    Raises:
        ImproperlyConfigured: it is too short to be a secret, outside of debugging.
    """
    value = environ.get("SECRET_KEY", "").strip()
    if value and not debug and len(value) < _SHORTEST_SECRET_KEY:
        raise ImproperlyConfigured(
            f"SECRET_KEY is shorter than {_SHORTEST_SECRET_KEY} characters. Make one with: {_MAKE_KEY}"
        )
    return Secret(value or secrets.token_urlsafe(50))


def require_secret_key(environ: Mapping[str, str], *, debug: bool) -> None:
    """Refuse to serve without SECRET_KEY, outside of debugging.

    Raises:
        ImproperlyConfigured: it is not set: every worker would sign with a key of its own.
    """
    if not debug and not environ.get("SECRET_KEY", "").strip():
        raise ImproperlyConfigured(
            f"SECRET_KEY is not set, and sessions are signed with it. Make one with: {_MAKE_KEY}"
        )


def database(environ: Mapping[str, str], base_dir: Path) -> dict[str, Any]:
    """Turn DATABASE_URL into an entry of Django's DATABASES.

    Every parameter that libpq knows may follow the ``?``: ``sslmode``, ``host`` for a
    folder of Unix sockets, ``service`` and so on.

    Raises:
        ImproperlyConfigured: it is missing, not a URL, of another kind of database, or
            without a database name.
    """
    url = environ.get("DATABASE_URL", "").strip()
    if not url:
        raise ImproperlyConfigured(
            f"DATABASE_URL is not set. Put it in the environment or in .env, as {_URL_FORM}."
        )
    scheme, separator, rest = url.partition("://")
    if separator and scheme in ("postgresql", "postgres"):
        return _postgresql(url, environ)
    if separator and scheme == "sqlite":
        return _sqlite(rest, base_dir)
    raise ImproperlyConfigured(f"DATABASE_URL is not of the form {_URL_FORM}.")


def _postgresql(url: str, environ: Mapping[str, str]) -> dict[str, Any]:
    from psycopg import ProgrammingError  # noqa: PLC0415 - SQLite needs no driver
    from psycopg.conninfo import conninfo_to_dict  # noqa: PLC0415

    try:
        # libpq's own reading, so that a URL means here what it means to psql and pg_dump.
        given = conninfo_to_dict(url)
        # Python checks that the port is a number; libpq would first say so when connecting.
        _ = urlsplit(url).port
    except (ProgrammingError, ValueError):
        # Neither message is passed on: both quote the part that they could not read.
        raise ImproperlyConfigured(
            "DATABASE_URL cannot be read: percent-encode special characters in user and password, "
            f"and check the port. The form is {_URL_FORM}."
        ) from None
    options = {key: value for key, value in given.items() if value is not None}
    name = str(options.pop("dbname", ""))
    if not name and "service" not in options:
        raise ImproperlyConfigured(f"DATABASE_URL names no database. The form is {_URL_FORM}.")
    entry = {
        "ENGINE": "django.db.backends.postgresql",
        "NAME": name,
        "USER": str(options.pop("user", "")),
        "PASSWORD": Secret(options.pop("password", "")),
        "HOST": str(options.pop("host", "")),
        "PORT": str(options.pop("port", "")),
        "CONN_MAX_AGE": whole_number(environ, "DATABASE_CONN_MAX_AGE", default=60),
        "CONN_HEALTH_CHECKS": True,
    }
    # Whoever may create a schema of his own name could otherwise put a table in front of ours.
    options.setdefault("options", "-c search_path=public")
    return {**entry, "OPTIONS": options}


def _sqlite(rest: str, base_dir: Path) -> dict[str, Any]:
    path = unquote(rest.partition("?")[0])
    if path in ("", "/", "/:memory:"):
        name = ":memory:"
    elif path.startswith("/"):
        # sqlite:///a.db is beside manage.py; sqlite:////tmp/a.db is absolute.
        name = str(base_dir / path[1:])
    else:
        raise ImproperlyConfigured("DATABASE_URL names a host, and SQLite has none. Use sqlite:///FILE.")
    return {"ENGINE": "django.db.backends.sqlite3", "NAME": name}

"""Servers beside the database that an application needs: a cache, a queue."""

from __future__ import annotations

import difflib
import re
from dataclasses import dataclass, field
from urllib.parse import SplitResult, parse_qs, unquote, urlsplit

from pgwright.errors import ConfigError

# Each scheme with its usual port, 0 where there is none.
SCHEMES = {"redis": 6379, "rediss": 6379, "unix": 0, "tcp": 0}

_FORMS = "redis://host:6379/0, rediss://host:6379/0 (TLS), unix:///path/redis.sock or tcp://host:1883"
_ENCODE = "percent-encode @ : / ? # and blanks in a password as %40 %3A %2F %3F %23 %20"


@dataclass(frozen=True, kw_only=True)
class Service:
    """Name a server that the project needs besides its databases.

    `url` is of the forms ``redis://``, ``rediss://``, ``unix://`` (a socket of Redis) and ``tcp://`` and may
    contain the password, so it stays out of `repr()`, as `password` does; the other fields are its parts.
    Where its variables are missing or it is malformed, `problem` says so and the rest is empty: a service
    that is not known here stands in nobody's way until something asks for it.
    """

    name: str
    url: str = field(default="", repr=False)
    scheme: str = ""
    host: str = ""
    port: int = 0
    socket: str = ""
    user: str = ""
    password: str = field(default="", repr=False)
    database: int = 0
    problem: ConfigError | None = field(default=None, repr=False, compare=False)

    @property
    def place(self) -> str:
        """Name the server for a message: ``host:port`` or ``socket /path``."""
        if self.socket:
            return f"socket {self.socket}"
        return f"[{self.host}]:{self.port}" if ":" in self.host else f"{self.host}:{self.port}"

    @property
    def is_redis(self) -> bool:
        """Tell whether Redis's protocol is spoken there."""
        return self.scheme in ("redis", "rediss", "unix")


def parse_service(name: str, text: str, *, place: str) -> Service:
    """Take the URL of a service apart; `place` says where it stands, for messages.

    Raises `ConfigError` for a malformed URL or an unknown scheme; no part of it that might be a password is
    repeated.
    """
    text = text.strip()
    scheme = _scheme(name, text, place)

    def malformed(why: str, hint: str = f"write it as {_FORMS}") -> ConfigError:
        return ConfigError(f"the URL of service {name} is malformed: {why}", detail=place, hint=hint)

    if re.search(r"[\s\x00-\x1f]", text):
        raise malformed("there is a blank in it", _ENCODE)
    try:
        parts = urlsplit(text)
        port = parts.port
    except ValueError:
        # "from None": the library's own words quote what may be a part of the password.
        raise malformed("its port must be a number from 1 to 65535", f"{_ENCODE}; {_FORMS}") from None
    if port == 0:
        raise malformed("its port must be a number from 1 to 65535")
    if "@" in parts.path + parts.query or parts.fragment or text.endswith("#"):
        raise malformed("a character of the password, or a # or @ after the host, is not encoded", _ENCODE)
    if why := _SHAPES[scheme](parts, port):
        raise malformed(why)
    query = parse_qs(parts.query)
    # As Redis's clients read it: the option comes before the path.
    number = query.get("db", [parts.path.removeprefix("/") if scheme in ("redis", "rediss") else ""])[0]
    if number and not number.isdecimal():
        raise malformed("the database must be a number")
    return Service(
        name=name,
        url=text,
        scheme=scheme,
        host=unquote(parts.hostname or ""),
        port=port or SCHEMES[scheme],
        socket=unquote(parts.path) if scheme == "unix" else "",
        user=unquote(parts.username or "") or query.get("username", [""])[0],
        password=unquote(parts.password or "") or query.get("password", [""])[0],
        database=int(number) if number else 0,
    )


def _scheme(name: str, text: str, place: str) -> str:
    match = re.match(r"([A-Za-z][A-Za-z0-9+.-]*)://", text)
    if match is None:
        why = "is no URL" if text else "is empty"
        raise ConfigError(f"the URL of service {name} {why}", detail=place, hint=f"write it as {_FORMS}")
    scheme = match[1].lower()
    if scheme not in SCHEMES:
        close = difflib.get_close_matches(scheme, SCHEMES, n=1)
        raise ConfigError(
            f"the URL of service {name} begins with {scheme}://, which is no kind of service known here"
            + (f"; did you mean {close[0]}://?" if close else ""),
            detail=place,
            hint=f"write it as {_FORMS}",
        )
    return scheme


def _redis(parts: SplitResult, _: int | None) -> str | None:
    return None if parts.hostname else "it names no host"


def _unix(parts: SplitResult, _: int | None) -> str | None:
    if parts.hostname:
        return "the path of a socket begins with a third slash"
    return "it names no socket" if parts.path in ("", "/") else None


def _tcp(parts: SplitResult, port: int | None) -> str | None:
    if not parts.hostname or port is None:
        return "tcp:// needs a host and a port"
    if parts.username is not None or parts.path not in ("", "/") or parts.query:
        return "tcp:// takes a host and a port, and nothing more"
    return None


_SHAPES = {"redis": _redis, "rediss": _redis, "unix": _unix, "tcp": _tcp}

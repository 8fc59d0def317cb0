"""Where a database is: connection text of any spelling, taken apart once."""

from __future__ import annotations

import os
import re
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from types import MappingProxyType
from urllib.parse import parse_qsl, quote, unquote, urlencode

from pgwright.errors import ConfigError
from pgwright.model.wording import did_you_mean
from pgwright.pg.redact import redact, remember_secret

_SCHEMES = frozenset({"postgresql", "postgres", "postgis", "pgsql", "psql", "timescale", "timescaledb"})

# Options of drivers and frameworks that travel in the same URL and mean nothing to libpq.
_FOREIGN_OPTIONS = frozenset(
    {
        "async_fallback",
        "conn_health_checks",
        "conn_max_age",
        "connection_limit",
        "pgbouncer",
        "pool_timeout",
        "prepared_statement_cache_size",
        "statement_cache_size",
    }
)

_ENVIRONMENT = MappingProxyType(
    {
        "application_name": "PGAPPNAME",
        "channel_binding": "PGCHANNELBINDING",
        "connect_timeout": "PGCONNECT_TIMEOUT",
        "dbname": "PGDATABASE",
        "gssencmode": "PGGSSENCMODE",
        "host": "PGHOST",
        "hostaddr": "PGHOSTADDR",
        "options": "PGOPTIONS",
        "passfile": "PGPASSFILE",
        "password": "PGPASSWORD",
        "port": "PGPORT",
        "service": "PGSERVICE",
        "sslcert": "PGSSLCERT",
        "sslkey": "PGSSLKEY",
        "sslmode": "PGSSLMODE",
        "sslrootcert": "PGSSLROOTCERT",
        "target_session_attrs": "PGTARGETSESSIONATTRS",
        "user": "PGUSER",
    }
)

_HINT = "write it as postgresql://user@host:5432/database, or as host=... dbname=..."


@dataclass(frozen=True, kw_only=True)
class Address:
    """Hold libpq parameters; what is absent comes from libpq's environment and defaults.

    `str()` and `repr()` never show the password; `text` does.
    """

    params: Mapping[str, str] = field(default_factory=dict, repr=False)

    @property
    def host(self) -> str:
        """Return the host name, address or socket folder; empty for libpq's default socket."""
        return self._value("host") or self._value("hostaddr")

    @property
    def port(self) -> str:
        """Return the port, or the ports of several hosts joined by commas."""
        return self._value("port") or "5432"

    @property
    def dbname(self) -> str:
        """Return the database; libpq falls back to the user's name."""
        return self._value("dbname") or self.user

    @property
    def user(self) -> str:
        """Return the role, empty where libpq takes the name of the operating system's user."""
        return self._value("user")

    @property
    def password(self) -> str | None:
        """Return the password that the text itself or PGPASSWORD holds."""
        return self._value("password") or None

    @property
    def place(self) -> str:
        """Name the server for a message: ``host:port``, ``socket /folder/.s.PGSQL.port`` or a service."""
        service = self._value("service")
        if service and not self.params.get("host"):
            return f"service {service}"
        if not self.host:
            return f"the local socket, port {self.port}"
        if self.host.startswith(("/", "@")):
            return f"socket {self.host}/.s.PGSQL.{self.port}"
        hosts, ports = self.host.split(","), self.port.split(",")
        if len(ports) == 1:
            ports = ports * len(hosts)
        return ", ".join(f"[{h}]:{p}" if ":" in h else f"{h}:{p}" for h, p in zip(hosts, ports, strict=False))

    @property
    def text(self) -> str:
        """Return the address as a URL for libpq, with the password if it has one."""
        params = dict(self.params)
        user, password = params.pop("user", ""), params.pop("password", "")
        host, port, dbname = params.pop("host", ""), params.pop("port", ""), params.pop("dbname", "")
        if not (user or password or host or port or dbname or params):
            return ""
        login = quote(user, safe="") + (":" + quote(password, safe="") if password else "")
        # Socket folders and lists of hosts are only unambiguous as query parameters.
        if host.startswith(("/", "@")) or "," in host:
            params = {"host": host, **({"port": port} if port else {}), **params}
            place = ""
        else:
            place = (f"[{host}]" if ":" in host else quote(host, safe="")) + (f":{port}" if port else "")
        query = "?" + urlencode(params, quote_via=quote, safe="/") if params else ""
        return f"postgresql://{login + '@' if login else ''}{place}/{quote(dbname, safe='')}{query}"

    def with_database(self, dbname: str) -> Address:
        """Return the address of another database on the same server."""
        return replace(self, params={**self.params, "dbname": dbname})

    def without_password(self) -> Address:
        """Return the address without the passwords that it holds."""
        secret = {"password", "sslpassword", "oauth_client_secret"}
        return replace(self, params={k: v for k, v in self.params.items() if k not in secret})

    def environ(self) -> dict[str, str]:
        """Return PGHOST, PGPASSWORD and the rest, so that client programs get no password in argv."""
        return {_ENVIRONMENT[k]: v for k, v in self.params.items() if k in _ENVIRONMENT}

    def __str__(self) -> str:
        return self.without_password().text

    def _value(self, key: str) -> str:
        return self.params.get(key) or os.environ.get(_ENVIRONMENT.get(key, ""), "")


def same_database(one: Address, other: Address) -> bool:
    """Tell whether two addresses lead to one database, however they spell its server.

    localhost, 127.0.0.1, ::1 and the local socket are one place, and so are names of one network address.
    """
    if (one.dbname, one.port) != (other.dbname, other.port):
        return False
    if one.place == other.place:
        return True
    if "service" in one.params or "service" in other.params:
        return False  # what a service file says is libpq's to know
    return not _machines(one.host).isdisjoint(_machines(other.host))


def _machines(hosts: str) -> frozenset[str]:
    """Return the network addresses of hosts; all that stay on this machine count as one."""
    import socket  # noqa: PLC0415
    from ipaddress import ip_address  # noqa: PLC0415

    found: set[str] = set()
    for host in hosts.split(","):
        if not host or host.startswith(("/", "@")):
            found.add("here")
            continue
        try:
            answers = socket.getaddrinfo(host, None, type=socket.SOCK_STREAM)
        except (OSError, UnicodeError):
            found.add(host)
            continue
        addresses = [ip_address(str(answer[4][0]).partition("%")[0]) for answer in answers]
        found.update("here" if address.is_loopback else str(address) for address in addresses)
    return frozenset(found)


def parse_address(text: str) -> Address:
    """Take connection text apart: a URL, a keyword string, ``service=name`` or "" for libpq's environment.

    URLs may carry a driver (``postgresql+psycopg://``), and a password that nobody percent-encoded.
    The password becomes known to `redact`. Raises `ConfigError` for text of another form.
    """
    text = text.strip()
    if not text:
        params = {}
    elif match := re.match(r"([A-Za-z][\w.-]*)(?:\+[\w.-]+)?://", text):
        scheme = match[1].lower()
        if scheme not in _SCHEMES:
            raise ConfigError(
                f"{scheme}:// is not an address of a PostgreSQL database",
                detail=redact(text),
                hint=_HINT,
            )
        params = _from_url(text[match.end() :])
    else:
        params = _from_keywords(text)
    address = Address(params=MappingProxyType(params))
    public = (address.user, address.dbname, *address.host.split(","))
    for secret in (address.password, params.get("sslpassword"), params.get("oauth_client_secret")):
        remember_secret(secret, public=public)
    _check_ports(params.get("port", ""))
    return address


def _from_url(rest: str) -> dict[str, str]:
    login, place = _split_login(rest)
    place, _, query = place.partition("?")
    place, _, dbname = place.partition("/")
    user, _, password = login.partition(":")
    hosts, ports = [], []
    for spot in place.split(",") if place else ():
        host, port = _split_port(spot)
        hosts.append(unquote(host))
        ports.append(port)
    params = {
        "user": unquote(user),
        "password": unquote(password),
        "host": ",".join(hosts),
        "port": ",".join(ports) if any(ports) else "",
        "dbname": unquote(dbname),
    }
    for key, value in parse_qsl(query, keep_blank_values=True):
        if key == "ssl":  # asyncpg's and JDBC's spelling
            params["sslmode"] = {"true": "require", "false": "disable"}.get(value.lower(), value)
        elif key not in _FOREIGN_OPTIONS:
            params[key] = value
    params = {key: value for key, value in params.items() if value}
    _check_options(params)
    return params


def _split_login(rest: str) -> tuple[str, str]:
    """Split ``user:password@`` from the rest, at the last @ before the query.

    A slash before that @ belongs to an unescaped password, unless what precedes it reads as host[:port].
    """
    body, mark, query = rest.partition("?")
    if "@" not in body and "@" in query and ":" in body and "/" not in body:
        body, mark, query = rest, "", ""  # the question mark is part of an unescaped password
    login, at, place = body.rpartition("@")
    if not at:
        return "", rest
    head, slash, _ = login.partition("/")
    _, colon, port = head.rpartition(":")
    if slash and (not colon or port.isdigit()):
        return "", rest
    return login, place + mark + query


def _split_port(spot: str) -> tuple[str, str]:
    if spot.startswith("["):
        host, _, port = spot[1:].partition("]")
        return host, port.removeprefix(":")
    host, _, port = spot.partition(":")
    return host, port


def _from_keywords(text: str) -> dict[str, str]:
    import psycopg  # noqa: PLC0415
    from psycopg.conninfo import conninfo_to_dict  # noqa: PLC0415

    try:
        found = conninfo_to_dict(text)
    except psycopg.ProgrammingError as exc:
        option = re.search(r'option "(\w+)"', str(exc))
        # libpq quotes the text around the mistake, which may be half of a password with a space in it.
        detail = (
            f"unknown option {option[1]}{did_you_mean(option[1], _known_options())}"
            if option
            else "expected keyword=value"
        )
        raise ConfigError("malformed connection text", detail=detail, hint=_HINT) from None
    return {key: str(value) for key, value in found.items() if value is not None}


def _check_options(params: Mapping[str, str]) -> None:
    for key in params:
        # Those of every day are known without the driver, which takes a tenth of a second to import.
        if key not in _ENVIRONMENT and key not in _known_options():
            raise ConfigError(
                f"unknown option {key!r} in a connection URL{did_you_mean(key, _known_options())}",
                detail=redact(str(Address(params=params))),
                hint="options after the ? are those of libpq, for example sslmode, connect_timeout, options",
            )


def _check_ports(ports: str) -> None:
    for port in filter(None, ports.split(",")):
        if not port.isdigit() or not 0 < int(port) < 65536:
            # What stands in the port's place may be a password with its @host forgotten: do not echo it.
            shown = f", not {port}" if port.isdigit() else ""
            raise ConfigError(
                f"the port in a connection URL must be a number from 1 to 65535{shown}",
                hint="percent-encode @ : / ? # in a password as %40 %3A %2F %3F %23; " + _HINT,
            )


def _known_options() -> frozenset[str]:
    from psycopg import pq  # noqa: PLC0415

    return frozenset(option.keyword.decode() for option in pq.Conninfo.get_defaults())

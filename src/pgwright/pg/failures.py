"""Why a connection failed.

libpq reports a failed connection as text only: there is no SQLSTATE to look at, so the text is
matched here, in one table. The words of libpq itself are stable; those of a server that speaks
another language than English fall through to a plain `ConnectError` that repeats them.
"""

from __future__ import annotations

import re
import shlex
from dataclasses import dataclass
from typing import TYPE_CHECKING

from pgwright.errors import (
    AuthenticationError,
    ConnectError,
    PgwrightError,
    PrivilegeError,
    UnknownDatabaseError,
)
from pgwright.pg import neighbours
from pgwright.pg.redact import redact

if TYPE_CHECKING:
    import psycopg

    from pgwright.pg.address import Address

_START = "start it, or use the embedded server: pgwright server start"
_UNCHANGED = "nothing was changed"


@dataclass(frozen=True, kw_only=True)
class _Failure:
    """Say how a failure reads: `message` and `hint` are filled from the address and the match's groups."""

    pattern: str
    message: str
    hint: str
    error: type[PgwrightError] = ConnectError


_FAILURES: tuple[_Failure, ...] = (
    _Failure(
        pattern=r"connection timeout expired|timeout expired|Connection timed out",
        message="no answer from {place} in time",
        hint="check the address and the firewall between here and there, then run: pgwright doctor",
    ),
    _Failure(
        pattern=r"definition of service \"(?P<name>[^\"]*)\" not found",
        message="service {name} is not defined",
        hint="add a [{name}] section to ~/.pg_service.conf, or name the file in PGSERVICEFILE",
    ),
    _Failure(
        pattern=r"failed to resolve host '(?P<name>[^']*)'"
        r"|could not translate host name \"(?P<name2>[^\"]*)\"",
        message="unknown host {name}",
        hint="check its spelling and the name service: getent hosts {name}",
    ),
    _Failure(
        pattern=r"Permission denied; is the server running locally",
        message="no permission to use {place}",
        hint="join the group that owns the socket folder, or connect over TCP: host=127.0.0.1",
    ),
    _Failure(
        pattern=r"No route to host|Network is unreachable|Host is unreachable",
        message="no route to {place}",
        hint="check the address and the network: ping {host}",
    ),
    _Failure(
        pattern=r"received invalid response to SSL negotiation|expected authentication request from server"
        r"|invalid response to (?:GSSAPI|SSL) negotiation|unsupported frontend protocol",
        message="what listens at {place} does not speak PostgreSQL's protocol",
        hint="check the port: PostgreSQL's is 5432 unless configured otherwise",
    ),
    _Failure(
        pattern=r"server does not support SSL, but SSL was required",
        message="{place} offers no TLS, but the address demands it",
        hint="turn TLS on at the server (ssl = on), or on a trusted network use sslmode=prefer",
    ),
    _Failure(
        pattern=r"certificate verify failed|does not match host name|root certificate file .* does not exist"
        r"|self.signed certificate|certificate has expired",
        message="the TLS certificate of {place} is not trusted",
        hint="name the authority that signed it: sslrootcert=/path/to/ca.crt (or sslrootcert=system)",
    ),
    _Failure(
        pattern=r"no pg_hba\.conf entry for .*(?:no encryption|SSL off)",
        message="{place} refuses user {user} on database {dbname} without TLS",
        hint="connect with TLS: add sslmode=require to the address; if that is refused too, add a line to "
        "pg_hba.conf: hostssl {dbname} {user} ADDRESS/32 scram-sha-256, then: SELECT pg_reload_conf()",
        error=AuthenticationError,
    ),
    _Failure(
        pattern=r"no pg_hba\.conf entry|pg_hba\.conf rejects connection",
        message="pg_hba.conf of {place} has no line that admits user {user} to database {dbname} from here",
        hint="add one as its administrator: hostssl {dbname} {user} ADDRESS/32 scram-sha-256, "
        "then: SELECT pg_reload_conf()",
        error=AuthenticationError,
    ),
    _Failure(
        pattern=r"no password supplied",
        message="{place} asks user {user} for a password and none was given",
        hint="set PGPASSWORD, or add a line to ~/.pgpass (mode 0600): {host}:{port}:{dbname}:{user}:PASSWORD",
        error=AuthenticationError,
    ),
    _Failure(
        pattern=r"password authentication failed|SASL authentication failed|SCRAM",
        message="{place} does not accept the password of user {user}",
        hint="check user and password in the environment or .env; an administrator sets a new one with: "
        "\\password {user}",
        error=AuthenticationError,
    ),
    _Failure(
        pattern=r"(?P<method>Peer|Ident|LDAP|PAM|RADIUS|GSSAPI|certificate|OAuth\w*)"
        r"[\w ]* authentication failed",
        message="{place} does not accept user {user} ({method} authentication)",
        hint="peer and ident compare the role with the operating system's user: run as that user, name "
        "another role, or add host=127.0.0.1 to connect over TCP with a password",
        error=AuthenticationError,
    ),
    _Failure(
        pattern=r"role \"(?P<name>[^\"]*)\" (?:does not exist|is not permitted to log in)",
        message="role {name} of {place} cannot log in",
        hint='as an administrator: CREATE ROLE "{name}" LOGIN, or ALTER ROLE "{name}" LOGIN if it exists',
        error=AuthenticationError,
    ),
    _Failure(
        pattern=r"database \"(?P<name>[^\"]*)\" is not currently accepting connections",
        message="database {name} at {place} accepts no connections",
        hint='as an administrator: ALTER DATABASE "{name}" ALLOW_CONNECTIONS true',
    ),
    _Failure(
        pattern=r"permission denied for database \"(?P<name>[^\"]*)\"",
        message="user {user} may not connect to database {name} at {place}",
        hint='as the database\'s owner: GRANT CONNECT ON DATABASE "{name}" TO "{user}"',
        error=PrivilegeError,
    ),
    _Failure(
        pattern=r"too many connections for (?P<kind>role|database) \"(?P<name>[^\"]*)\"",
        message="the connection limit of {kind} {name} at {place} is reached",
        hint='close idle sessions, or as an administrator: ALTER {kind} "{name}" CONNECTION LIMIT n',
    ),
    _Failure(
        pattern=r"too many clients already|remaining connection slots are reserved"
        r"|no more connections allowed",
        message="{place} has no free connection",
        hint="see who holds them, as a superuser: pgwright inspect activity; "
        "then close idle sessions, put a pooler in front, or raise max_connections",
    ),
    _Failure(
        pattern=r"the database system is (?P<what>starting up|shutting down|in recovery mode"
        r"|not (?:yet )?accepting connections)",
        message="{place} is {what}",
        hint="try again in a moment; while it recovers after a crash its log shows the progress",
    ),
    _Failure(
        pattern=r"server closed the connection unexpectedly|Connection reset by peer|unexpected EOF"
        r"|SSL SYSCALL",
        message="{place} closed the connection before answering",
        hint="if this is PostgreSQL, its log has the reason; otherwise another program holds this port",
    ),
    _Failure(
        pattern=r"invalid (?P<name>\w+) value|invalid integer value|invalid port number|bad value",
        message="the address has a value that libpq does not understand",
        hint="correct it, then run: pgwright doctor",
    ),
)


def connection_error(exc: psycopg.Error, address: Address) -> PgwrightError:
    """Return the error that explains a failed connection attempt, not yet raised.

    May look around for a moment (other ports of a local server, names of databases) to make the hint exact.
    """
    words = _own_words(exc)
    # Causes are recognised in the bare words: a password may be one of them ("database", "system").
    detail = f"{redact(words)}; {_UNCHANGED}"
    if (name := _missing_database(words)) is not None:
        close = neighbours.similar_databases(address, name)
        near = f"did you mean {' or '.join(close)}? " if close else ""
        return UnknownDatabaseError(
            redact(f"database {name} does not exist at {address.place}"),
            detail=detail,
            hint=redact(
                f"{near}to make an empty one: {_createdb(address, name)}; to build it from the models, or a "
                # It may be another than the project's own, such as the other side of a comparison.
                f"file: pgwright schema create --create-database --url {shlex.quote(str(address))}"
            ),
        )
    if re.search(r"Connection refused|No such file or directory; is the server running", words):
        ports = neighbours.listening_ports(address)
        hint = f"something listens on port {' and '.join(ports)}: is the port right" if ports else ""
        return ConnectError(
            f"no server is listening at {address.place}",
            detail=detail,
            hint=f"{hint}; otherwise {_START}" if hint else _START,
        )
    facts = {
        "place": address.place,
        "host": address.host or "localhost",
        "port": address.port,
        "dbname": address.dbname or "(default)",
        "user": address.user or "(default)",
    }
    for failure in _FAILURES:
        if match := re.search(failure.pattern, words):
            found = {key.rstrip("2"): value for key, value in match.groupdict().items() if value}
            facts = {**facts, **found}
            return failure.error(
                redact(failure.message.format_map(facts)),
                detail=detail,
                hint=redact(failure.hint.format_map(facts)),
            )
    return ConnectError(
        f"cannot connect to {address.place}",
        detail=detail,
        hint="the server's log says more; check the address in pgwright.toml, .env or the environment",
    )


def _own_words(exc: psycopg.Error) -> str:
    """Return the message of libpq or the server without the driver's preface, on one line."""
    text = str(exc).strip()
    # With several addresses psycopg lists every attempt after the last one; the last one tells enough.
    text = text.split("\nMultiple connection attempts failed")[0]
    text = re.sub(r"\A(?:connection failed|connection is bad): ", "", text)
    # A tab continues libpq's sentence; another line is the server's DETAIL or HINT.
    text = re.sub(r"\n(?!\t)\s*", "; ", text.replace("\n\tIs the server", "; is the server"))
    return text.replace("\n\t", " ").rstrip(".?")


def _createdb(address: Address, name: str) -> str:
    """Return the command of PostgreSQL's own client that makes a database there, its options as libpq's."""
    options = {"-h": address.host, "-p": address.port, "-U": address.user}
    words = [word for option, value in options.items() if value for word in (option, value)]
    return shlex.join(["createdb", *words, name])


def _missing_database(words: str) -> str | None:
    match = re.search(r"database \"([^\"]*)\" does not exist|no such database: (\S+)", words)
    return match and (match[1] or match[2])

"""A server that the project needs beside the database cannot be reached, or refuses the project."""

from __future__ import annotations

import re
import socket
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from pgwright.checks.check import Check, Row, Scope, Situation
from pgwright.model.finding import Finding, Severity
from pgwright.pg.redact import redact, remember_secret

if TYPE_CHECKING:
    from pgwright.config import Project
    from pgwright.config.service import Service

TIMEOUT = 2.0  # seconds, for the connection and for each answer

# What a pool of connections would take from the URL; one connection has no use for it.
_POOL_OPTIONS = ("max_connections", "timeout")
_INSTALL = "pip install 'pgwright[redis]'"


@dataclass(frozen=True, kw_only=True)
class _Failure:
    """Say how a failure reads; `pattern` is searched for in the scheme of the URL and the error's words.

    `message` and `hint` are filled from the service.
    """

    pattern: str
    message: str
    hint: str


_DIALING: tuple[_Failure, ...] = (
    _Failure(
        pattern=r"ConnectionRefusedError",
        message="{name} is not running: nothing listens at {place}",
        hint="{start}",
    ),
    _Failure(
        pattern=r"FileNotFoundError",
        message="{name} is not running: there is no {place}",
        hint="{start}",
    ),
    _Failure(
        pattern=r"PermissionError",
        message="no permission to use {place} of {name}",
        hint="join the group that owns it (ls -l {socket}), or connect over TCP: redis://127.0.0.1:6379",
    ),
    _Failure(
        pattern=r"gaierror|UnicodeError",
        message="unknown host {host} of {name}",
        hint="check its spelling and the name service: getent hosts {host}",
    ),
    _Failure(
        pattern=r"No route to host|Network is unreachable|Host is unreachable",
        message="no route to {place} of {name}",
        hint="check the address and the network: ping {host}",
    ),
    _Failure(
        pattern=r"TimeoutError|timed out",
        message="no answer from {place} of {name} within {timeout:g} s",
        hint="check the address and the firewall between here and there, then run: "
        "pgwright doctor --only service_unreachable",
    ),
)

# The words of Redis itself and of TLS, the more exact ones first.
_TALKING: tuple[_Failure, ...] = (
    _Failure(
        pattern=r"NOAUTH|Authentication required",
        message="{name} at {place} asks for a password, and its URL holds none",
        hint="write it into the URL, in the environment or .env, percent-encoded: {scheme}://:****@{spot}",
    ),
    _Failure(
        pattern=r"without any password configured|no password is set",
        message="{name} at {place} knows no password, but its URL holds one",
        hint="take it out of the URL; or, to protect the server: redis-cli CONFIG SET requirepass (and "
        "requirepass in redis.conf)",
    ),
    _Failure(
        pattern=r"WRONGPASS|invalid password|invalid username-password|Invalid Username or Password",
        message="{name} at {place} does not accept the password of user {user}",
        hint="check user and password of the URL in the environment or .env; the server's are requirepass in "
        "redis.conf, and redis-cli ACL LIST",
    ),
    _Failure(
        pattern=r"NOPERM|NoPermissionError",
        message="{name} at {place} lets user {user} in, but not do what is asked of it here (PING, SELECT)",
        hint="as its administrator: redis-cli ACL SETUSER {user} +ping +select",
    ),
    _Failure(
        pattern=r"DB index is out of range|invalid DB index|SELECT is not allowed in cluster mode",
        message="{name} at {place} has no database {number}",
        hint="write another number at the end of the URL; how many there are (a cluster has 0 alone): "
        "redis-cli CONFIG GET databases",
    ),
    _Failure(
        pattern=r"CERTIFICATE_VERIFY_FAILED|certificate verify failed|doesn't match|does not match host",
        message="the TLS certificate of {name} at {place} is not trusted",
        hint="name the authority that signed it in the URL: {scheme}://{spot}?ssl_ca_certs=/path/to/ca.crt",
    ),
    _Failure(
        pattern=r"CERTIFICATE_REQUIRED|certificate required|PEER_DID_NOT_RETURN_A_CERTIFICATE",
        message="{name} at {place} asks for a certificate of the client's",
        hint="name it in the URL: ?ssl_certfile=/path/client.crt&ssl_keyfile=/path/client.key; or at the "
        "server: tls-auth-clients no",
    ),
    _Failure(
        pattern=r"FileNotFoundError",
        message="a certificate or key that the URL of {name} names does not exist",
        hint="check ssl_ca_certs, ssl_certfile and ssl_keyfile in the URL",
    ),
    _Failure(
        pattern=r"handshake operation timed out|WRONG_VERSION_NUMBER|record layer failure",
        message="{name} at {place} speaks no TLS",
        hint="write redis:// instead of rediss://, or turn TLS on at the server: tls-port in redis.conf",
    ),
    # Since TLS 1.3 a client may meet the end of the connection before it reads why.
    _Failure(
        pattern=r"(?s)^rediss .*(EOF occurred|closed by server|Connection reset|Broken pipe)",
        message="{name} at {place} ends the connection during TLS, as one does that asks for a certificate "
        "of the client's",
        hint="name one in the URL: ?ssl_certfile=/path/client.crt&ssl_keyfile=/path/client.key; the server's "
        "log says more, and tls-auth-clients in redis.conf decides",
    ),
    _Failure(
        pattern=r"SSL\w*Error|SSLEOF|\[SSL",
        message="TLS with {name} at {place} fails",
        hint="compare tls-protocols and tls-ciphers in redis.conf; try: openssl s_client -connect {spot}",
    ),
    _Failure(
        pattern=r"LOADING|BusyLoadingError",
        message="{name} at {place} is still loading its data",
        hint="wait, then run: pgwright doctor --only service_unreachable",
    ),
    _Failure(
        pattern=r"protected mode",
        message="{name} at {place} answers its own machine alone (protected mode)",
        hint="give it a password there: requirepass in redis.conf; and write it into the URL",
    ),
    _Failure(
        pattern=r"max number of clients",
        message="{name} at {place} has no free connection",
        hint="see who holds them: redis-cli CLIENT LIST; or raise maxclients in redis.conf",
    ),
    _Failure(
        pattern=r"unexpected keyword argument|Invalid value for",
        message="the URL of {name} holds an option that Redis's client does not know",
        hint="options after the ? are those of redis.from_url, for example db, ssl_ca_certs, socket_timeout",
    ),
    _Failure(
        pattern=r"TimeoutError|timed out|Timeout",
        message="{name} at {place} accepts connections but does not answer within {timeout:g} s",
        hint="it hangs, or something else listens there: redis-cli -h {host} -p {port} PING",
    ),
    _Failure(
        pattern=r"closed by server|Connection reset|Broken pipe|Protocol Error|InvalidResponse|not PONG",
        message="what listens at {place} of {name} does not speak Redis's protocol",
        hint="check the port; where the server wants TLS, write rediss:// instead of redis://",
    ),
)


def unreachable_services(project: Project) -> Iterator[Finding]:
    """Yield what keeps the project's services from being used; each that hangs takes some seconds."""
    for service in project.services:
        problem = service.problem
        if problem is not None:
            yield CHECK.finding(
                service.name,
                f"{service.name}: {problem.message}",
                hint=problem.hint,
                severity=Severity.WARNING,
                error=problem.code,
                detail=problem.detail or "",
            )
        else:
            yield from _examined(service)


def _examined(service: Service) -> Iterator[Finding]:
    remember_secret(service.password, public=(service.user, service.host, service.name))
    try:
        _dial(service)
    except (OSError, UnicodeError) as error:
        yield _failed(service, error, _DIALING)
        return
    if not service.is_redis:
        return
    try:
        import redis  # noqa: PLC0415
    except ImportError:
        yield CHECK.finding(
            service.name,
            f"{service.name}: the port at {service.place} answers; whether Redis does, and accepts the "
            "password, was not looked at",
            hint=f"install pgwright[redis] to check more: {_INSTALL}",
            severity=Severity.INFO,
            place=service.place,
        )
        return
    try:
        _ping(service)
    except (redis.RedisError, OSError, ValueError, TypeError) as error:
        yield _failed(service, error, _TALKING)


def _dial(service: Service) -> None:
    """Open a connection and close it. Raises OSError, or UnicodeError for a name that cannot be one."""
    if service.socket:
        with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as local:
            local.settimeout(TIMEOUT)
            local.connect(service.socket)
        return
    socket.create_connection((service.host, service.port), timeout=TIMEOUT).close()


def _ping(service: Service) -> None:
    """Log in, choose the database and ask for a sign of life, as the application will."""
    import redis  # noqa: PLC0415
    from redis.backoff import NoBackoff  # noqa: PLC0415
    from redis.connection import parse_url  # noqa: PLC0415
    from redis.retry import Retry  # noqa: PLC0415

    options: dict[str, Any] = {"protocol": 2, **parse_url(service.url)}  # type: ignore[no-untyped-call]
    for name in _POOL_OPTIONS:
        options.pop(name, None)
    options |= {"socket_timeout": TIMEOUT, "socket_connect_timeout": TIMEOUT, "retry": Retry(NoBackoff(), 0)}
    connection = options.pop("connection_class", redis.Connection)(**options)
    try:
        connection.connect()
        connection.send_command("PING")
        answer = connection.read_response()
        if answer not in (b"PONG", "PONG"):
            raise redis.ResponseError("not PONG")
    finally:
        connection.disconnect()


def _failed(service: Service, error: BaseException, failures: Sequence[_Failure]) -> Finding:
    words = redact(_words(error))
    said = f"{service.scheme} {words}"
    known = next((failure for failure in failures if re.search(failure.pattern, said)), None)
    message, hint = ("{name} at {place} cannot be used", "its words: {words}")
    if known is not None:
        message, hint = known.message, known.hint
    facts = {
        "name": service.name,
        "place": service.place,
        "spot": service.socket or service.place,
        "host": service.host or "localhost",
        "port": service.port,
        "socket": service.socket,
        "scheme": service.scheme,
        "user": service.user or "default",
        "number": service.database,
        "timeout": TIMEOUT,
        "start": _start(service),
        "words": words,
    }
    return CHECK.finding(
        service.name,
        message.format(**facts),
        hint=hint.format(**facts),
        place=service.place,
        error=words,
    )


def _words(error: BaseException) -> str:
    """Return what an error and those that caused it say."""
    said: list[str] = []
    cause: BaseException | None = error
    while cause is not None and len(said) < 5:
        said.append(f"{type(cause).__name__}: {cause}")
        cause = cause.__cause__ or cause.__context__
    return "; ".join(said)


def _start(service: Service) -> str:
    if not service.is_redis:
        return f"start it, or correct its address; what listens there: ss -ltn 'sport = :{service.port}'"
    if service.socket:
        return (
            f"start it with that socket (unixsocket {service.socket} in redis.conf): "
            "systemctl start redis-server"
        )
    if service.host in ("localhost", "127.0.0.1", "::1"):
        return f"start it: systemctl start redis-server, or for a try: redis-server --port {service.port}"
    return (
        f"start it on {service.host} (systemctl start redis-server), and let it listen there: "
        "bind in redis.conf"
    )


def _evaluate(_: Sequence[Row], situation: Situation) -> Iterable[Finding]:
    return () if situation.project is None else unreachable_services(situation.project)


CHECK = Check(
    id="service_unreachable",
    title="a service of the project cannot be reached",
    scope=Scope.PROJECT,
    severity=Severity.CRITICAL,
    applies=lambda situation: situation.project is not None and bool(situation.project.services),
    evaluate=_evaluate,
    slow=True,  # what hangs is waited for
)

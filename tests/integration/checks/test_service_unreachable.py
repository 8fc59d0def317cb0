"""`service_unreachable` against real Redis servers, closed and silent ports."""

from __future__ import annotations

import shutil
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from pgwright.checks import run_checks
from pgwright.checks.service_unreachable import TIMEOUT, unreachable_services
from pgwright.config import load_project
from pgwright.model.finding import Finding, Severity
from tests.integration.cli.running import pgwright
from tests.servers import redis_server

PASSWORD = "hunter2/@top"
ENCODED = "hunter2%2F%40top"

needs_redis = pytest.mark.skipif(redis_server.program() is None, reason=redis_server.reason())


@pytest.fixture(scope="module")
def open_redis(tmp_path_factory: pytest.TempPathFactory) -> Iterator[redis_server.Redis]:
    with redis_server.redis_server(tmp_path_factory.mktemp("open")) as server:
        yield server


@pytest.fixture(scope="module")
def locked_redis(tmp_path_factory: pytest.TempPathFactory) -> Iterator[redis_server.Redis]:
    settings = (f'requirepass "{PASSWORD}"', f"user reader on >{PASSWORD} ~* -@all +select")
    with redis_server.redis_server(tmp_path_factory.mktemp("locked"), *settings) as server:
        yield server


@pytest.fixture(scope="module")
def tls_redis(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[redis_server.Redis, Path]]:
    if shutil.which("openssl") is None:
        pytest.skip("no openssl to make a certificate with")
    folder = tmp_path_factory.mktemp("tls")
    subprocess.run(
        [
            *("openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes"),
            *("-days", "2", "-subj", "/CN=localhost"),
            *("-addext", "subjectAltName=DNS:localhost,IP:127.0.0.1"),
            *("-keyout", str(folder / "key.pem"), "-out", str(folder / "cert.pem")),
        ],
        check=True,
        capture_output=True,
    )
    with redis_server.redis_server(folder, "tls-auth-clients no", certificate=folder) as server:
        if not server.tls_port:
            pytest.skip("this redis-server has no TLS")
        yield server, folder / "cert.pem"


@contextmanager
def listening(*, answer: bytes | None = None) -> Iterator[int]:
    """Listen on a port: say nothing to whoever connects, or `answer`, and end the connection."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        port = server.getsockname()[1]

        def serve() -> None:
            while True:
                try:
                    client, _ = server.accept()
                except OSError:
                    return
                with client:
                    client.settimeout(10)
                    # What is unread when a socket is closed becomes a reset of the connection.
                    while client.recv(4096):
                        client.sendall(answer or b"")

        if answer is not None:
            thread = threading.Thread(target=serve)
            thread.start()
        try:
            yield port
        finally:
            if answer is not None:
                server.shutdown(socket.SHUT_RDWR)
                thread.join()


def closed_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as server:
        port: int = server.getsockname()[1]
        return port


def found(folder: Path, url: str, *, name: str = "cache") -> tuple[Finding, ...]:
    (folder / "pgwright.toml").write_text(f'[services]\n{name} = "${{CACHE_URL}}"\n')
    findings = tuple(unreachable_services(load_project(folder, environ={"CACHE_URL": url})))
    for finding in findings:
        assert finding.key == f"service_unreachable:{name}"
        assert finding.hint
        assert "hunter2" not in repr(finding) and "hidden-word" not in repr(finding)
    return findings


def only(folder: Path, url: str) -> Finding:
    (finding,) = found(folder, url)
    return finding


@needs_redis
def test_reached(open_redis: redis_server.Redis, locked_redis: redis_server.Redis, tmp_path: Path) -> None:
    for url in (
        f"redis://localhost:{open_redis.port}",
        f"redis://127.0.0.1:{open_redis.port}/15?socket_timeout=60&max_connections=3",
        f"unix://{open_redis.socket}?db=2",
        f"tcp://127.0.0.1:{open_redis.port}",
        f"redis://:{ENCODED}@127.0.0.1:{locked_redis.port}/3",
        f"redis://default:{ENCODED}@127.0.0.1:{locked_redis.port}",
        f"redis://127.0.0.1:{locked_redis.port}?password={ENCODED}",
        f"unix://:{ENCODED}@{locked_redis.socket}",
    ):
        assert found(tmp_path, url) == (), url


@needs_redis
def test_password(open_redis: redis_server.Redis, locked_redis: redis_server.Redis, tmp_path: Path) -> None:
    place = f"127.0.0.1:{locked_redis.port}"
    finding = only(tmp_path, f"redis://{place}/0")
    assert finding.severity is Severity.CRITICAL
    assert finding.message == f"cache at {place} asks for a password, and its URL holds none"
    assert f"redis://:****@{place}" in (finding.hint or "")
    assert "asks for a password" in only(tmp_path, f"unix://{locked_redis.socket}").message
    for login, user in ((":hidden-word", "default"), ("jo:hidden-word", "jo")):
        finding = only(tmp_path, f"redis://{login}@{place}")
        assert finding.message == f"cache at {place} does not accept the password of user {user}"
    finding = only(tmp_path, f"redis://:hidden-word@127.0.0.1:{open_redis.port}")
    assert "knows no password" in finding.message
    finding = only(tmp_path, f"redis://reader:{ENCODED}@{place}")
    assert "not do what is asked" in finding.message
    assert "ACL SETUSER reader" in (finding.hint or "")


@needs_redis
def test_wrong_database(open_redis: redis_server.Redis, tmp_path: Path) -> None:
    for url in (f"redis://127.0.0.1:{open_redis.port}/16", f"unix://{open_redis.socket}?db=16"):
        finding = only(tmp_path, url)
        assert finding.message.endswith("has no database 16")
        assert "CONFIG GET databases" in (finding.hint or "")


@needs_redis
def test_no_free_connection(tmp_path: Path) -> None:
    with (
        redis_server.redis_server(tmp_path, "maxclients 1") as server,
        socket.create_connection(("127.0.0.1", server.port)) as guest,
    ):
        guest.sendall(b"PING\r\n")
        assert guest.recv(100) == b"+PONG\r\n"
        finding = only(tmp_path, f"redis://127.0.0.1:{server.port}")
    assert "has no free connection" in finding.message


@needs_redis
def test_tls(
    tls_redis: tuple[redis_server.Redis, Path], open_redis: redis_server.Redis, tmp_path: Path
) -> None:
    server, certificate = tls_redis
    place = f"127.0.0.1:{server.tls_port}"
    assert found(tmp_path, f"rediss://{place}/1?ssl_ca_certs={certificate}") == ()
    finding = only(tmp_path, f"rediss://{place}")
    assert finding.message == f"the TLS certificate of cache at {place} is not trusted"
    assert f"rediss://{place}?ssl_ca_certs=" in (finding.hint or "")
    finding = only(tmp_path, f"rediss://127.0.0.1:{open_redis.port}")
    assert "speaks no TLS" in finding.message
    finding = only(tmp_path, f"redis://{place}")
    assert "does not speak Redis's protocol" in finding.message
    assert "write rediss://" in (finding.hint or "")
    finding = only(tmp_path, f"rediss://{place}?ssl_ca_certs=/no/such.crt")
    assert "does not exist" in finding.message or "not trusted" in finding.message


@needs_redis
def test_tls_client_certificate(tls_redis: tuple[redis_server.Redis, Path], tmp_path: Path) -> None:
    _, certificate = tls_redis
    with redis_server.redis_server(tmp_path, certificate=certificate.parent) as strict:
        url = f"rediss://127.0.0.1:{strict.tls_port}?ssl_ca_certs={certificate}"
        finding = only(tmp_path, url)
        assert "asks for a certificate of the client's" in finding.message, finding.evidence
        mine = f"&ssl_certfile={certificate}&ssl_keyfile={certificate.with_name('key.pem')}"
        assert found(tmp_path, url + mine) == ()


def test_closed_port(tmp_path: Path) -> None:
    port = closed_port()
    finding = only(tmp_path, f"redis://:hidden-word@127.0.0.1:{port}")
    assert finding.message == f"cache is not running: nothing listens at 127.0.0.1:{port}"
    assert f"redis-server --port {port}" in (finding.hint or "")
    assert finding.severity is Severity.CRITICAL
    finding = only(tmp_path, f"tcp://127.0.0.1:{port}")
    assert finding.message == f"cache is not running: nothing listens at 127.0.0.1:{port}"
    assert "redis" not in (finding.hint or "")
    finding = only(tmp_path, f"unix://{tmp_path}/no.sock")
    assert finding.message == f"cache is not running: there is no socket {tmp_path}/no.sock"
    assert "unixsocket" in (finding.hint or "")


def test_unknown_host(tmp_path: Path) -> None:
    for host in ("no-such-host.invalid", "a" * 70 + ".invalid"):
        assert only(tmp_path, f"redis://{host}:6379").message == f"unknown host {host} of cache"


def test_hung_port(tmp_path: Path) -> None:
    with listening() as port:
        started = time.monotonic()
        finding = only(tmp_path, f"redis://:hidden-word@127.0.0.1:{port}/0?socket_timeout=60")
        assert time.monotonic() - started < 3 * TIMEOUT
        assert finding.message == (
            f"cache at 127.0.0.1:{port} accepts connections but does not answer within 2 s"
        )
        assert found(tmp_path, f"tcp://127.0.0.1:{port}") == ()


def test_something_else_listens(tmp_path: Path) -> None:
    with listening(answer=b"HTTP/1.1 400 Bad Request\r\n\r\n") as port:
        finding = only(tmp_path, f"redis://127.0.0.1:{port}")
    assert "does not speak Redis's protocol" in finding.message


def test_unknown_option(tmp_path: Path) -> None:
    with listening() as port:
        assert "an option that Redis's client" in only(tmp_path, f"redis://127.0.0.1:{port}?colour=1").message


def test_without_the_library_the_port_is_looked_at(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "redis", None)  # what makes an import fail
    with listening() as port:
        finding = only(tmp_path, f"redis://:hidden-word@127.0.0.1:{port}")
        assert finding.severity is Severity.INFO
        assert f"the port at 127.0.0.1:{port} answers" in finding.message
        assert "pgwright[redis]" in (finding.hint or "")
        assert found(tmp_path, f"tcp://127.0.0.1:{port}") == ()
    assert "not running" in only(tmp_path, f"redis://127.0.0.1:{closed_port()}").message


def test_a_url_that_is_no_use(tmp_path: Path) -> None:
    finding = only(tmp_path, "")
    assert finding.severity is Severity.WARNING
    assert "environment variable CACHE_URL is not set" in finding.message
    assert "export CACHE_URL=" in (finding.hint or "")
    finding = only(tmp_path, "redis://:hunter2@h:port")
    assert "malformed" in finding.message
    assert "[services] cache" in finding.evidence["detail"]


def test_doctor_reaches_both(database: str, tmp_path: Path) -> None:
    (tmp_path / "pgwright.toml").write_text(
        '[databases.default]\nurl = "${DATABASE_URL}"\n[services]\nredis = "${REDIS_URL}"\n'
    )
    words = ("doctor", "--only", "server_unreachable", "--only", "service_unreachable")
    closed = f"redis://:hidden-word@127.0.0.1:{closed_port()}/0"
    done = pgwright(*words, cwd=tmp_path, DATABASE_URL=database, REDIS_URL=closed)
    assert done.returncode == 1, done.stderr
    assert "redis is not running: nothing listens at" in done.stdout
    assert "service_unreachable:redis" in done.stdout
    done = pgwright(*words, cwd=tmp_path, DATABASE_URL="postgresql://jo@127.0.0.1:1/app", REDIS_URL=closed)
    assert "server_unreachable:server" in done.stdout
    assert "redis is not running" in done.stdout, "a database that is down does not hide the other"
    assert "hidden-word" not in done.stdout + done.stderr
    (tmp_path / ".env").write_text("REDIS_URL=redis:/hidden-word\n")
    done = pgwright(*words, cwd=tmp_path, DATABASE_URL=database)
    assert "the URL of service redis is no URL" in done.stdout
    assert done.returncode == 1
    with listening() as port:
        (tmp_path / "pgwright.toml").write_text(f'[services]\nqueue = "tcp://127.0.0.1:{port}"\n')
        report = run_checks(database, load_project(tmp_path, environ={}), only=["service_unreachable"])
    assert (report.findings, report.checked) == ((), ("service_unreachable",))


def test_left_out_where_it_is_not_wanted(tmp_path: Path) -> None:
    (tmp_path / "pgwright.toml").write_text(f'[services]\nredis = "tcp://127.0.0.1:{closed_port()}"\n')
    project = load_project(tmp_path, environ={})
    down = "postgresql://jo@127.0.0.1:1/app"
    assert run_checks(down, project, skip=["service_unreachable"]).checked == ("server_unreachable",)
    assert run_checks(down, project).checked == ("server_unreachable", "service_unreachable")

"""Redis servers for the tests, each in a folder of its own, for as long as a ``with`` block lasts."""

from __future__ import annotations

import os
import shutil
import socket
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from . import debian
from .builds import NOT_PREPARED, read_reasons

NAME = "redis"


@dataclass(frozen=True, kw_only=True)
class Redis:
    """Say where a server listens; `tls_port` is 0 without TLS."""

    port: int
    tls_port: int
    socket: Path


def prepare() -> None:
    """Install Redis's programs as root on Debian and Ubuntu.

    The package `redis-tools` has the server too, under another name; `redis-server` would also start a
    service on this machine.

    Raises:
        FetchError: it is not installed and cannot be.
    """
    if program() is None:
        debian.install("redis-tools")


def program() -> str | None:
    """Return the server's program, None where there is none.

    All of Redis's programs that check files are the server: it looks at the name it is called by.
    """
    return shutil.which("redis-server") or shutil.which("redis-check-rdb")


def reason() -> str:
    """Say why there is no server."""
    return f"no redis-server: {read_reasons().get(NAME, NOT_PREPARED)}"


@contextmanager
def redis_server(folder: Path, *settings: str, certificate: Path | None = None) -> Iterator[Redis]:
    """Start a server with lines of redis.conf and end it afterwards.

    `certificate` is a folder with ``cert.pem`` and ``key.pem``; with it the server has a port with TLS too.
    """
    found = program()
    assert found is not None, reason()
    path = folder / "redis.sock"
    for _ in range(5):
        # Another process may take a port between its choice and its use.
        port, tls_port = _free_port(), _free_port() if certificate else 0
        lines = [
            "bind 127.0.0.1",
            f"port {port}",
            f"unixsocket {path}",
            f"dir {folder}",
            'save ""',
            *settings,
        ]
        if certificate:
            lines += [
                f"tls-port {tls_port}",
                f"tls-cert-file {certificate / 'cert.pem'}",
                f"tls-key-file {certificate / 'key.pem'}",
                f"tls-ca-cert-file {certificate / 'cert.pem'}",
            ]
        with (folder / "redis.log").open("w+") as log:
            # Settings come by standard input, passwords among them.
            process = subprocess.Popen(
                ["redis-server", "-"],
                executable=found,
                cwd=folder,
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=log,
                text=True,
                env={"PATH": os.environ["PATH"], "LC_ALL": "C.UTF-8"},
            )
            assert process.stdin is not None and process.stdout is not None
            try:
                process.stdin.write("\n".join(lines) + "\n")
                process.stdin.close()
                said: list[str] = []
                for line in process.stdout:
                    said.append(line)
                    if "ready to accept connections" in line.lower():
                        yield Redis(port=port, tls_port=tls_port, socket=path)
                        return
            finally:
                process.kill()
                process.wait()
                process.stdout.close()
        if "in use" not in "".join(said):
            break
    raise AssertionError("redis-server did not start:\n" + "".join(said) + (folder / "redis.log").read_text())


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port

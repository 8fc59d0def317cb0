"""A proxy between a client and a server that cuts every connection after so many bytes."""

from __future__ import annotations

import contextlib
import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager

import psycopg


def port_of(url: str) -> int:
    return int(psycopg.conninfo.conninfo_to_dict(url)["port"] or 0)


@contextmanager
def proxy(url: str, *, cut_after: int | None = None, port: int = 0) -> Iterator[str]:
    """Pass connections on to the server at `url`; after so many bytes of both ways, cut all for good."""
    address = ("127.0.0.1", port_of(url))
    listening = socket.create_server(("127.0.0.1", port))
    open_sockets: list[socket.socket] = []
    passed = 0

    def cut() -> None:
        listening.close()
        for one in open_sockets:
            with contextlib.suppress(OSError):
                one.shutdown(socket.SHUT_RDWR)

    def pass_on(source: socket.socket, sink: socket.socket) -> None:
        nonlocal passed
        with contextlib.suppress(OSError):
            while block := source.recv(65536):
                passed += len(block)
                if cut_after is not None and passed > cut_after:
                    cut()
                    return
                sink.sendall(block)
        with contextlib.suppress(OSError):
            sink.shutdown(socket.SHUT_WR)

    def serve() -> None:
        with contextlib.suppress(OSError):
            while True:
                client, _ = listening.accept()
                server = socket.create_connection(address)
                open_sockets.extend((client, server))
                for pair in ((client, server), (server, client)):
                    threading.Thread(target=pass_on, args=pair, daemon=True).start()

    threading.Thread(target=serve, daemon=True).start()
    try:
        yield url.replace(f":{address[1]}/", f":{listening.getsockname()[1]}/")
    finally:
        cut()
        for one in open_sockets:
            one.close()

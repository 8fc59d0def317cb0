"""A proxy in front of an object store that cuts, delays, answers 500 or 503, or is not there at all."""

from __future__ import annotations

import contextlib
import random
import socket
import threading
import time
from collections.abc import Iterator
from urllib.parse import urlsplit

_ANSWER = b"HTTP/1.1 %d Trouble\r\nContent-Length: 0\r\nConnection: close\r\n\r\n"


class Flaky:
    """Pass connections on to `upstream`, none while it is `down`; `rate` of what is sent meets a fault."""

    def __init__(self, upstream: str, seed: int) -> None:
        parts = urlsplit(upstream)
        self._upstream = (parts.hostname or "", parts.port or 80)
        self._random = random.Random(seed)  # noqa: S311 - the same faults each time
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.url = f"http://127.0.0.1:{self._listener.getsockname()[1]}{parts.path}"
        self.rate, self.down, self.faults = 0.0, False, 0
        self._open: set[socket.socket] = set()
        threading.Thread(target=self._accept, daemon=True).start()

    def cut_all(self) -> None:
        """Break every connection off, wherever it is."""
        for end in tuple(self._open):
            _abort(end)

    def close(self) -> None:
        self._listener.close()
        self.cut_all()

    def _accept(self) -> None:
        with contextlib.suppress(OSError):
            while True:
                client, _ = self._listener.accept()
                threading.Thread(target=self._serve, args=(client,), daemon=True).start()

    def _serve(self, client: socket.socket) -> None:
        if self.down:
            _abort(client)
            return
        with contextlib.suppress(OSError):
            server = socket.create_connection(self._upstream)
            self._open |= {client, server}
            threading.Thread(target=self._pump, args=(server, client), daemon=True).start()
            self._pump(client, server, faulty=True)

    def _pump(self, source: socket.socket, sink: socket.socket, *, faulty: bool = False) -> None:
        """Pass bytes on until either side ends, or until they meet a fault that ends both."""
        try:
            while data := source.recv(1 << 16):
                fault = self._fault() if faulty else ""
                if fault == "delay":
                    time.sleep(self._random.uniform(0.1, 1))
                elif fault == "cut":
                    break
                elif fault:
                    source.sendall(_ANSWER % int(fault))
                    break
                sink.sendall(data)
        except OSError:
            pass
        finally:
            for end in (source, sink):
                self._open.discard(end)
                _abort(end)

    def _fault(self) -> str:
        if self._random.random() >= self.rate:
            return ""
        self.faults += 1
        return self._random.choice(("cut", "delay", "500", "503"))


def _abort(end: socket.socket) -> None:
    with contextlib.suppress(OSError):
        end.shutdown(socket.SHUT_RDWR)
    end.close()


@contextlib.contextmanager
def flaky(upstream: str, seed: int) -> Iterator[Flaky]:
    """Give a proxy in front of the server at `upstream` for the block."""
    proxy = Flaky(upstream, seed)
    try:
        yield proxy
    finally:
        proxy.close()

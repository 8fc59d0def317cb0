"""An object store of a few lines that speaks the XML protocol of Google and Amazon, and fails on demand.

It checks what a real one checks and obstore relies on (preconditions, parts put together in order), and
nothing else: no signatures.
"""

from __future__ import annotations

import hashlib
import itertools
import re
import threading
from collections import deque
from collections.abc import Iterator
from contextlib import contextmanager
from email.utils import formatdate
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import parse_qs, unquote, urlsplit
from xml.sax.saxutils import escape

_NO_UPLOAD = b"<Error><Code>NoSuchUpload</Code></Error>"

Fault = int | str  # a status to answer with; "cut": half an answer, then the connection closes; "": none


class XmlStub(ThreadingHTTPServer):
    """Hold objects by path; `faults` are taken from the left, one for each request that they fit."""

    daemon_threads = True

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.objects: dict[str, bytes] = {}
        self.uploads: dict[str, dict[int, bytes]] = {}
        self.numbers = itertools.count(1)  # no two uploads at a time have one name
        self.faults: deque[Fault] = deque()
        self.requests: list[str] = []
        self.largest_body = 0
        self.lock = threading.Lock()

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server_address[1]}"


@contextmanager
def serving() -> Iterator[XmlStub]:
    stub = XmlStub()
    thread = threading.Thread(target=stub.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True)
    thread.start()
    try:
        yield stub
    finally:
        stub.shutdown()
        stub.server_close()
        thread.join()


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    wbufsize = 1 << 16  # head and body in one packet: apart, the second waits for 40 ms
    server: XmlStub

    def log_message(self, *args: object) -> None:
        pass

    def _begin(self) -> tuple[str, dict[str, list[str]], bytes] | None:
        parts = urlsplit(self.path)
        body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
        with self.server.lock:
            self.server.requests.append(f"{self.command} {self.path}")
            self.server.largest_body = max(self.server.largest_body, len(body))
            fault = self.server.faults.popleft() if self.server.faults else None
        if not fault:
            return unquote(parts.path), parse_qs(parts.query, keep_blank_values=True), body
        if fault == "cut":
            self._cut(unquote(parts.path))
        else:
            self._answer(int(fault), b"<Error><Code>Trouble</Code></Error>")
        return None

    def _cut(self, path: str) -> None:
        """Promise the whole object and send half of it."""
        found = self.server.objects.get(path, b"")
        if self.command == "GET":
            data = self._begin_range(found)
            self.wfile.write(data[: len(data) // 2])
            self.wfile.flush()
        self.close_connection = True
        self.connection.close()

    def _begin_range(self, found: bytes) -> bytes:
        """Send the head of an answer to GET and return the bytes that have to follow."""
        match = re.fullmatch(r"bytes=(\d+)-(\d*)", self.headers.get("Range", ""))
        if match is None:
            self._head(200, len(found), found)
            return found
        start, end = int(match[1]), int(match[2] or len(found) - 1) + 1
        data = found[start:end]
        place = (("Content-Range", f"bytes {start}-{start + len(data) - 1}/{len(found)}"),)
        self._head(206, len(data), found, place)
        return data

    def _head(self, status: int, length: int, of: bytes, extra: tuple[tuple[str, str], ...] = ()) -> None:
        self.send_response(status)
        self.send_header("Content-Length", str(length))
        self.send_header("ETag", f'"{hashlib.md5(of, usedforsecurity=False).hexdigest()}"')
        self.send_header("x-goog-generation", "1")
        self.send_header("Last-Modified", formatdate(usegmt=True))
        for name, value in extra:
            self.send_header(name, value)
        self.end_headers()

    def _answer(self, status: int, body: bytes = b"", of: bytes = b"") -> None:
        self._head(status, len(body), of)
        self.wfile.write(body)

    def do_HEAD(self) -> None:
        if (begun := self._begin()) is not None:
            found = self.server.objects.get(begun[0])
            if found is None:
                self._answer(404)
            else:
                self._head(200, len(found), found)

    def do_GET(self) -> None:
        if (begun := self._begin()) is None:
            return
        path, query, _ = begun
        if "list-type" in query:
            self._list(path, query)
            return
        found = self.server.objects.get(path)
        if found is None:
            self._answer(404, b"<Error><Code>NoSuchKey</Code></Error>")
            return
        self.wfile.write(self._begin_range(found))

    def _list(self, path: str, query: dict[str, list[str]]) -> None:
        bucket, prefix = path.rstrip("/") + "/", query.get("prefix", [""])[0]
        names = sorted(
            name.removeprefix(bucket) for name in self.server.objects if name.startswith(bucket + prefix)
        )
        items = "".join(
            f"<Contents><Key>{escape(name)}</Key><Size>{len(self.server.objects[bucket + name])}</Size>"
            "<LastModified>2025-01-01T00:00:00Z</LastModified><ETag>x</ETag></Contents>"
            for name in names
        )
        self._answer(200, f"<ListBucketResult>{items}</ListBucketResult>".encode())

    def do_PUT(self) -> None:
        if (begun := self._begin()) is None:
            return
        path, query, body = begun
        if "partNumber" in query:
            upload = self.server.uploads.get(query["uploadId"][0])
            if upload is None:
                # Parts are sent beside each other: one may arrive after another's failure ended the upload.
                self._answer(404, _NO_UPLOAD)
                return
            upload[int(query["partNumber"][0])] = body
            self._answer(200, of=body)
            return
        must_be_new = self.headers.get("x-goog-if-generation-match") == "0" or "If-None-Match" in self.headers
        with self.server.lock:
            if must_be_new and path in self.server.objects:
                self._answer(412)
                return
            self.server.objects[path] = body
        self._answer(200, of=body)

    def do_POST(self) -> None:
        if (begun := self._begin()) is None:
            return
        path, query, body = begun
        if "uploads" in query:
            name = str(next(self.server.numbers))
            self.server.uploads[name] = {}
            form = "InitiateMultipartUploadResult"
            self._answer(200, f"<{form}><UploadId>{name}</UploadId></{form}>".encode())
            return
        parts = self.server.uploads.pop(query["uploadId"][0], None)
        if parts is None:
            self._answer(404, _NO_UPLOAD)
            return
        wanted = [int(number) for number in re.findall(rb"<PartNumber>(\d+)</PartNumber>", body)]
        self.server.objects[path] = b"".join(parts[number] for number in wanted)
        form = "CompleteMultipartUploadResult"
        self._answer(200, f"<{form}><ETag>done</ETag></{form}>".encode())

    def do_DELETE(self) -> None:
        if (begun := self._begin()) is None:
            return
        path, query, _ = begun
        if "uploadId" in query:
            self.server.uploads.pop(query["uploadId"][0], None)
        elif self.server.objects.pop(path, None) is None:
            self._answer(404)
            return
        self._answer(204)

"""Manifests are read by several threads of a process that has read none before."""

import subprocess
import sys
from datetime import UTC, datetime

from pgwright.backup.manifest import Kind, Manifest, encode

_READ = """
import sys, threading
from pgwright.backup.manifest import decode
content = sys.stdin.buffer.read()
sys.setswitchinterval(1e-6)
ready, found = threading.Barrier(8), []
def read():
    ready.wait()
    found.append(decode(content, name="a").id)
threads = [threading.Thread(target=read) for _ in range(8)]
[t.start() for t in threads]
[t.join() for t in threads]
assert found == ["a"] * 8, found
"""
_NOW = datetime(2025, 7, 19, tzinfo=UTC)


def test_threads_decode_their_first_manifest_at_once() -> None:
    manifest = Manifest(
        id="a",
        sequence=1,
        kind=Kind.DUMP,
        form="custom",
        started_at=_NOW,
        finished_at=_NOW,
        place="here",
        server_version=180001,
        program="18.1",
        pgwright="1",
        made_by="me",
        files=(),
    )
    for _ in range(5):
        done = subprocess.run(
            [sys.executable, "-c", _READ], input=encode(manifest), capture_output=True, check=False
        )
        assert done.returncode == 0, done.stderr

"""The manifest: it comes back as it was, and no byte of it can change unseen."""

from __future__ import annotations

import json
import subprocess
import sys
from datetime import UTC, datetime

import pytest

from pgwright.backup.repository.manifest import (
    DatabaseFacts,
    Kind,
    Manifest,
    Role,
    StoredFile,
    TableFacts,
    decode,
    encode,
)
from pgwright.errors import BackupDamaged

NOW = datetime(2025, 7, 19, 12, tzinfo=UTC)
FILE = StoredFile(
    name="shop.dump.zst", role=Role.WHOLE, size=7, sha256="0" * 64, plain_size=9, encoding=("zstd",)
)
MADE = Manifest(
    id="20250719T120000Z-shop-0000",
    sequence=3,
    kind=Kind.DUMP,
    form="custom",
    started_at=NOW,
    finished_at=NOW,
    place="db:5432",
    server_version=180001,
    program="18.1",
    pgwright="0.1",
    made_by="jo@db",
    files=(FILE,),
    databases=(
        DatabaseFacts(
            name="shop",
            encoding="UTF8",
            collation="C",
            character_type="C",
            owner="jo",
            tables=(TableFacts(schema="public", name='Naïve "one"', rows=2),),
        ),
    ),
)
# Several threads of a process that has read no manifest before.
READ_AT_ONCE = """
import sys, threading
from pgwright.backup.repository.manifest import decode
content = sys.stdin.buffer.read()
sys.setswitchinterval(1e-6)
ready, found = threading.Barrier(8), []
def read():
    ready.wait()
    found.append(decode(content, name="a").id)
threads = [threading.Thread(target=read) for _ in range(8)]
[t.start() for t in threads]
[t.join() for t in threads]
assert found == [sys.argv[1]] * 8, found
"""


def test_round_trip() -> None:
    assert decode(encode(MADE), name="x") == MADE


def test_threads_decode_their_first_manifest_at_once() -> None:
    for _ in range(5):
        command = [sys.executable, "-c", READ_AT_ONCE, MADE.id]
        done = subprocess.run(command, input=encode(MADE), capture_output=True, check=False)
        assert done.returncode == 0, done.stderr


def test_every_changed_byte_is_found() -> None:
    content = encode(MADE)
    for position in range(len(content)):
        changed = bytearray(content)
        changed[position] ^= 0x20
        with pytest.raises(BackupDamaged, match="manifest"):
            decode(bytes(changed), name="x")


def test_a_shortened_manifest_is_found() -> None:
    content = encode(MADE)
    for length in range(0, len(content), 50):
        with pytest.raises(BackupDamaged):
            decode(content[:length], name="x")


def test_unknown_keys_of_a_later_version_are_ignored() -> None:
    import hashlib  # noqa: PLC0415

    body = json.loads(encode(MADE))
    del body["sha256"]
    body["colour"] = "red"
    text = json.dumps(body, indent=1, sort_keys=True, ensure_ascii=False)
    body["sha256"] = hashlib.sha256(text.encode()).hexdigest()
    later = json.dumps(body, indent=1, sort_keys=True, ensure_ascii=False) + "\n"
    assert decode(later.encode(), name="x") == MADE

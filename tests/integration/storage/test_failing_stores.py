"""Stores that fail: what passes by itself is waited out, what does not is said plainly."""

from __future__ import annotations

import errno
import os
import signal
import subprocess
import sys
from datetime import timedelta
from pathlib import Path

import pytest

from pgwright.errors import StorageDenied, StorageError, UsageError
from pgwright.storage import objects, open_store
from tests.integration.storage.xml_stub import XmlStub

PART = b"0123456789abcdef" * 65536  # 1 MB


def test_passing_failures_are_waited_out(gcs: XmlStub) -> None:
    store = open_store("gs://bucket/x")
    gcs.faults.extend([503, 500, 503])
    store.put("small", b"data")
    gcs.faults.extend([500])
    store.put("large", iter([PART] * 40))
    assert gcs.largest_body == 16 << 20, "uploaded in parts"
    assert not gcs.uploads
    gcs.faults.extend([503])
    assert sum(map(len, store.stream("large"))) == 40 << 20


def test_tries_end_with_the_time_and_not_with_their_number(
    gcs: XmlStub, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Pauses are random: eight of them may be over within seconds."""
    brief = timedelta(milliseconds=1)
    backoff = {"init_backoff": brief, "max_backoff": brief, "base": 2}
    monkeypatch.setitem(objects._RETRY, "backoff", backoff)
    gcs.faults.extend([503] * 30)
    open_store("gs://bucket/x").put("small", b"data")
    assert not gcs.faults


def test_a_download_that_is_cut_goes_on_where_it_was(gcs: XmlStub) -> None:
    store = open_store("gs://bucket/x")
    whole = b"".join(bytes([number]) * len(PART) for number in range(8))
    store.put("file", whole)
    # The first request asks for the size.
    gcs.faults.extend(["", "cut", "cut", 503, "cut"])
    assert b"".join(store.stream("file")) == whole
    assert not gcs.faults


def test_refused_credentials_name_the_variables(gcs: XmlStub) -> None:
    gcs.faults.extend([403])
    with pytest.raises(StorageDenied, match="GOOGLE_APPLICATION_CREDENTIALS"):
        open_store("gs://bucket/x").put("file", b"data")


def test_a_server_that_stays_away_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("pgwright.storage.objects._RETRY", {"max_retries": 1})
    monkeypatch.setenv("GOOGLE_BASE_URL", "http://127.0.0.1:9")
    monkeypatch.setenv("GOOGLE_BEARER_TOKEN", "not-a-real-token")
    with pytest.raises(StorageError, match="check the network") as failure:
        open_store("gs://bucket/x").read("file")
    assert "gs://bucket/x/file" in str(failure.value)
    assert "Debug source" not in str(failure.value)


WRITER = """
import sys, time
from pgwright.storage import open_store
def pieces():
    for n in range(1000):
        yield b"x" * 1_000_000
        if n == 20:
            print("half", flush=True)
            time.sleep(60)
open_store(sys.argv[1]).put("file", pieces())
"""


@pytest.mark.parametrize("address", ["", "localhost:9000", "https://"])
def test_an_address_that_is_none_is_named(monkeypatch: pytest.MonkeyPatch, address: str) -> None:
    monkeypatch.setenv("AWS_ENDPOINT_URL", address)
    with pytest.raises(UsageError, match="AWS_ENDPOINT_URL is no address"):
        open_store("s3://bucket/below")


def test_a_killed_writer_leaves_no_file(tmp_path: Path) -> None:
    open_store(str(tmp_path)).put("file", b"before")
    writer = subprocess.Popen(
        [sys.executable, "-c", WRITER, str(tmp_path)], stdout=subprocess.PIPE, env=dict(os.environ)
    )
    assert writer.stdout is not None and writer.stdout.readline() == b"half\n"
    writer.send_signal(signal.SIGKILL)
    writer.wait()
    writer.stdout.close()
    assert [path.name for path in tmp_path.iterdir()] == ["file"]
    assert (tmp_path / "file").read_bytes() == b"before"


def test_a_file_system_without_nameless_files_does_as_well(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    real = os.open

    def refusing(path: object, flags: int, *rest: int, **named: int) -> int:
        if flags & os.O_TMPFILE == os.O_TMPFILE:
            raise OSError(errno.EOPNOTSUPP, "Operation not supported")
        return real(path, flags, *rest, **named)  # type: ignore[arg-type]

    monkeypatch.setattr(os, "open", refusing)
    store = open_store(str(tmp_path))
    store.put("file", [PART])
    assert store.create("other", b"1") and not store.create("other", b"2")
    assert sorted(path.name for path in tmp_path.iterdir()) == ["file", "other"]
    assert (tmp_path / "file").stat().st_mode & 0o777 == 0o600


def test_a_place_that_cannot_be_written_is_named(tmp_path: Path) -> None:
    (tmp_path / "file").write_bytes(b"")
    with pytest.raises(StorageError, match="cannot be written"):
        open_store(str(tmp_path / "file")).put("below", b"x")


def test_a_link_stays_and_what_it_leads_to_is_replaced(tmp_path: Path) -> None:
    link, file = tmp_path / "link", tmp_path / "there" / "file"
    file.parent.mkdir()
    file.write_bytes(b"before")
    link.symlink_to(file)
    open_store(str(tmp_path)).put("link", b"rows")
    assert link.is_symlink() and file.read_bytes() == b"rows"


def test_a_file_cut_short_while_it_is_read_is_noticed(tmp_path: Path) -> None:
    store = open_store(str(tmp_path))
    store.put("file", PART * 8)
    pieces = store.stream("file")
    next(pieces)
    os.truncate(tmp_path / "file", 2_000_000)
    with pytest.raises(StorageError, match="ended after"):
        list(pieces)

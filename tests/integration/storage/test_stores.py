"""What every place for files promises, held against each kind."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from pgwright.errors import ChecksumMismatch, PgwrightError, StorageError, StoredFileMissing, UsageError
from pgwright.storage import Store, open_file, open_store

MEGABYTE = bytes(range(256)) * 4096


def _pieces(count: int) -> Iterator[bytes]:
    for number in range(count):
        yield MEGABYTE[number:] + MEGABYTE[:number]


def test_a_stream_comes_back_as_it_went(store: Store) -> None:
    whole = b"".join(_pieces(20))
    stat = store.put("2026/large.bin", _pieces(20))
    assert (stat.name, stat.size) == ("2026/large.bin", len(whole))
    assert stat.sha256 == hashlib.sha256(whole).hexdigest()
    assert b"".join(store.stream("2026/large.bin", sha256=stat.sha256)) == whole
    assert b"".join(store.stream("2026/large.bin", offset=999, length=2_000_000)) == whole[999:2_000_999]
    assert b"".join(store.stream("2026/large.bin", offset=len(whole) - 5)) == whole[-5:]


def test_a_file_can_be_read_in_any_order(store: Store) -> None:
    whole = b"".join(_pieces(6))
    store.put("columns", _pieces(6))
    with store.open("columns") as file:
        file.seek(-10, 2)
        assert file.read() == whole[-10:]
        file.seek(5)
        assert (file.read(3), file.tell()) == (whole[5:8], 8)
        file.seek(0)
        assert file.read() == whole


def test_what_is_written_twice_is_the_later(store: Store) -> None:
    first = store.put("name", b"one")
    second = store.put("name", [b"", b"tw", b"o"])
    assert store.read("name") == b"two"
    assert first.etag != second.etag
    assert [stat.name for stat in store.list()] == ["name"]


def test_an_empty_file_is_a_file(store: Store) -> None:
    store.put("empty", iter(()))
    assert store.read("empty") == b""
    found = store.stat("empty")
    assert found is not None and found.size == 0


def test_a_pipe_stays_one(tmp_path: Path) -> None:
    pipe = tmp_path / "pipe"
    os.mkfifo(pipe)
    reader = os.open(pipe, os.O_RDWR | os.O_NONBLOCK)
    try:
        stat = open_store(str(tmp_path)).put("pipe", [b"on", b"e"])
        assert os.read(reader, 99) == b"one"
    finally:
        os.close(reader)
    assert (stat.size, pipe.is_fifo()) == (3, True)


def test_create_stores_only_once(store: Store) -> None:
    assert store.create("lock", b"mine")
    assert not store.create("lock", b"yours")
    assert store.read("lock") == b"mine"
    store.delete("lock")
    assert store.create("lock", b"yours")


def test_listing_takes_any_prefix_and_sorts(store: Store) -> None:
    names = ["a/10.csv", "a/2.csv", "a b/ü.csv", "ab.csv", "b.csv"]
    for name in names:
        store.put(name, name.encode())
    assert [stat.name for stat in store.list()] == sorted(names)
    assert [stat.name for stat in store.list("a/")] == ["a/10.csv", "a/2.csv"]
    assert [stat.name for stat in store.list("a/1")] == ["a/10.csv"]
    assert [(stat.name, stat.size) for stat in store.list("ab")] == [("ab.csv", 6)]
    assert list(store.list("nothing/")) == []


def test_what_is_not_there(store: Store) -> None:
    assert store.stat("gone") is None
    store.delete("gone")
    with pytest.raises(StoredFileMissing, match="gone"):
        store.read("gone")
    with pytest.raises(StoredFileMissing):
        store.open("gone")


def test_a_source_that_fails_leaves_nothing(store: Store) -> None:
    def failing() -> Iterator[bytes]:
        yield from _pieces(18)
        raise PgwrightError("the server went away")

    store.put("kept", b"before")
    for name in ("kept", "new"):
        with pytest.raises(PgwrightError, match="the server went away"):
            store.put(name, failing())
    assert store.read("kept") == b"before"
    assert [stat.name for stat in store.list()] == ["kept"]


def test_an_operating_system_error_of_the_source_is_not_blamed_on_the_store(store: Store) -> None:
    def failing() -> Iterator[bytes]:
        yield b"x"
        raise TimeoutError("source")

    with pytest.raises(TimeoutError, match="source"):
        store.put("new", failing())


def test_other_bytes_are_noticed(store: Store) -> None:
    stat = store.put("file", b"these")
    store.put("file", b"those")
    with pytest.raises(ChecksumMismatch, match="file"):
        list(store.stream("file", sha256=stat.sha256))


@pytest.mark.parametrize("name", ["", "/etc/passwd", "../up", "a//b", "a/./b", "a/", "a\\b", "a\0b"])
def test_names_that_lead_elsewhere_are_refused(store: Store, name: str) -> None:
    with pytest.raises(UsageError):
        store.put(name, b"")
    with pytest.raises(UsageError):
        store.stat(name)


def test_one_file_is_named_by_its_url(store: Store) -> None:
    place, name = open_file(f"{store.url}/deep/er.csv")
    place.put(name, b"x")
    assert store.read("deep/er.csv") == b"x"


@pytest.mark.parametrize(
    ("url", "words"),
    [
        ("s4://bucket/x", r"did you mean s3://"),
        ("ftp://host/x", r"ftp://"),
        ("s3://key:secret@bucket/x", r"not a place"),
        ("s3://", r"not a place"),
        ("gs://bucket?token=secret", r"not a place"),
    ],
)
def test_a_wrong_url_is_refused_without_its_secrets(url: str, words: str) -> None:
    with pytest.raises(UsageError, match=words) as failure:
        open_store(url)
    assert "secret" not in str(failure.value)


def test_a_missing_bucket_says_so(s3: str) -> None:
    with pytest.raises(StorageError) as failure:
        open_store(s3.replace("bucket", "no-such-bucket")).put("x", b"1")
    assert "create it first" in str(failure.value)

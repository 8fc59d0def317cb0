"""Where things are kept, and what a folder must be like to be used."""

from __future__ import annotations

import os
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from pgwright.errors import ServerError, UsageError
from pgwright.server import cache_home, state_home
from pgwright.server.account import account_of, can_reach, closed_to
from pgwright.server.instance import instance_directory
from pgwright.server.paths import locked, make_directory, socket_directory, write_private
from pgwright.server.scratch import is_scratch_name, with_database


def test_homes_follow_the_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    assert state_home({"PGWRIGHT_HOME": "/a/b"}) == Path("/a/b")
    assert cache_home({"PGWRIGHT_CACHE": "/a/b"}) == Path("/a/b")
    monkeypatch.setattr(os, "geteuid", lambda: 1000)
    monkeypatch.setenv("HOME", "/home/somebody")
    assert state_home({"XDG_DATA_HOME": "/x"}) == Path("/x/pgwright")
    assert state_home({"XDG_DATA_HOME": "relative"}) == Path("/home/somebody/.local/share/pgwright")
    assert cache_home({}) == Path("/home/somebody/.cache/pgwright")
    monkeypatch.setattr(os, "geteuid", lambda: 0)
    assert state_home({"XDG_DATA_HOME": "/root/data"}) == Path("/var/lib/pgwright")
    assert cache_home({}) == Path("/var/cache/pgwright")


@pytest.mark.parametrize("name", ["", "Upper", "a/b", "..", "-x", "a" * 41, "a b", "é"])
def test_names_that_are_no_folder_names_are_refused(name: str, tmp_path: Path) -> None:
    with pytest.raises(UsageError):
        instance_directory(name, tmp_path)


def test_a_file_in_the_place_of_a_folder_is_refused(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(ServerError, match="not a directory"):
        make_directory(tmp_path / "file")
    (tmp_path / "open").mkdir()
    (tmp_path / "open").chmod(0o770)
    with pytest.raises(ServerError, match="others may write"):
        make_directory(tmp_path / "open")


def test_a_folder_made_by_several_at_once_has_its_mode_from_the_start(tmp_path: Path) -> None:
    path = tmp_path / "new"
    seen: set[int] = set()
    with ThreadPoolExecutor(8) as pool:
        for _ in range(50):
            results = pool.map(lambda _: make_directory(path, mode=0o711).stat().st_mode & 0o777, range(8))
            seen.update(results)
            path.rmdir()
    assert seen == {0o711}
    assert list(tmp_path.iterdir()) == []


def test_private_files_are_replaced_whole(tmp_path: Path) -> None:
    path = tmp_path / "secret"
    write_private(path, "one")
    write_private(path, "two")
    assert path.read_text() == "two"
    assert path.stat().st_mode & 0o777 == 0o600
    assert list(tmp_path.iterdir()) == [path]


def test_a_held_lock_is_named_after_the_wait(tmp_path: Path) -> None:
    path = tmp_path / "lock"
    with (
        locked(path, timeout=1, purpose="testing"),
        pytest.raises(ServerError, match="another process has been testing"),
        locked(path, timeout=0.05, purpose="testing"),
    ):
        pass
    with locked(path, timeout=0, purpose="testing"):
        pass


def test_socket_paths_stay_short() -> None:
    account = account_of(os.geteuid())
    assert socket_directory(Path("/srv/one"), account) == Path("/srv/one/socket")
    deep = Path("/srv") / ("d" * 100)
    first, second = socket_directory(deep / "a", account), socket_directory(deep / "b", account)
    assert first != second
    assert len(str(first)) < 90


def test_reach_is_read_from_permission_bits(tmp_path: Path) -> None:
    stranger = account_of(54321)
    inner = tmp_path / "inner"
    inner.mkdir(mode=0o700)
    assert not can_reach(stranger, inner / "deeper")
    assert closed_to(stranger, inner / "deeper") == inner
    assert can_reach(stranger, Path("/"))
    assert can_reach(account_of(inner.stat().st_uid), inner)


def test_scratch_names_carry_their_own_proof() -> None:
    assert not is_scratch_name("pgwright_scratch_1_0123456789abcdef")
    assert not is_scratch_name("pgwright_scratch")


@pytest.mark.parametrize(
    ("given", "expected"),
    [
        ("postgresql://u:p%40@h:1/old?sslmode=require", "postgresql://u:p%40@h:1/new%20db?sslmode=require"),
        ("postgresql:///old?host=/run/x&port=5433", "postgresql:///new%20db?host=/run/x&port=5433"),
        ("postgresql://h?dbname=old&options=-c%20a%3D1+2", "postgresql://h/new%20db?options=-c%20a%3D1+2"),
        ("postgresql://a:1,b:2/old", "postgresql://a:1,b:2/new%20db"),
    ],
)
def test_only_the_database_of_an_address_changes(given: str, expected: str) -> None:
    assert with_database(given, "new db") == expected

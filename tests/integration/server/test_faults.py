"""Servers and processes that are killed, ports that are taken, files that are left over."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
from pathlib import Path

import psycopg
import pytest

from pgwright.errors import PortInUse, ServerError
from pgwright.server import Instance, instances, ports, start, status, stop, url
from pgwright.server.cluster import prepare_log
from pgwright.server.instance import owner_of
from tests.integration.server.conftest import Spawn, until

_START = "import pgwright.server as s; i = s.start(durable=False); print(i.port, s.status().pid, flush=True)"


def _works(instance: Instance) -> bool:
    with psycopg.connect(url(instance)) as connection:
        return connection.execute("SELECT 1").fetchone() == (1,)


def _kill_postmaster() -> int:
    pid = status().pid
    assert pid is not None
    os.kill(pid, signal.SIGKILL)
    until(lambda: not status().running, "the killed server to be seen as stopped")
    return pid


def test_a_killed_server_is_started_again(home: Path) -> None:
    instance = start(durable=False)
    with psycopg.connect(url(instance), autocommit=True) as connection:
        connection.execute("CREATE TABLE kept AS SELECT generate_series(1, 1000)")
    _kill_postmaster()
    assert (instance.data_dir / "postmaster.pid").exists()
    assert stop() is False
    assert start() == instance
    with psycopg.connect(url(instance)) as connection:
        assert connection.execute("SELECT count(*) FROM kept").fetchone() == (1000,)


def test_a_killed_server_that_left_a_busy_process_is_started_again(home: Path) -> None:
    instance = start(durable=False)
    busy = psycopg.connect(url(instance), autocommit=True)
    try:
        # A loop that never looks whether the main process still lives.
        busy.pgconn.send_query(b"DO $$ BEGIN LOOP END LOOP; END $$")
        backend = busy.info.backend_pid
        with psycopg.connect(url(instance)) as other:
            active = "SELECT 1 FROM pg_stat_activity WHERE pid = %s AND state = 'active'"
            until(lambda: other.execute(active, (backend,)).fetchone(), "the loop to run")
        _kill_postmaster()
        os.kill(backend, 0)  # it is still there
        assert _works(start())
    finally:
        busy.close()


def test_a_stale_pid_file_with_a_reused_number(home: Path) -> None:
    instance = start(durable=False)
    _kill_postmaster()
    account = owner_of(instance.data_dir)
    other = subprocess.Popen(["sleep", "600"], user=account.uid if account.is_other else None)
    try:
        pid_file = instance.data_dir / "postmaster.pid"
        lines = pid_file.read_text().splitlines()
        pid_file.write_text("\n".join([str(other.pid), *lines[1:]]) + "\n")
        assert status().running is False
        assert stop() is False
        assert _works(start())
        assert stop() is True
        assert other.poll() is None
    finally:
        other.kill()
        other.wait()


def test_an_empty_pid_file(home: Path) -> None:
    instance = start(durable=False)
    stop()
    (instance.data_dir / "postmaster.pid").touch()
    assert _works(start())


def test_two_starts_at_once_give_one_server(home: Path, spawn: Spawn) -> None:
    results = [process.communicate(timeout=60) for process in [spawn(_START) for _ in range(3)]]
    assert [errors for _, errors in results] == ["", "", ""]
    assert len({output for output, _ in results}) == 1
    assert len(instances()) == 1
    assert _works(start())


def test_the_first_unpacking_happens_once(home: Path, spawn: Spawn, monkeypatch: pytest.MonkeyPatch) -> None:
    cache = home.parent / "cache"
    monkeypatch.setenv("PGWRIGHT_CACHE", str(cache))
    code = "import pgwright.server as s; b = s.embedded_binaries(); print(b.bin_dir.stat().st_ino, b.version)"
    results = [process.communicate(timeout=60) for process in [spawn(code) for _ in range(2)]]
    assert [errors for _, errors in results] == ["", ""]
    assert len({output for output, _ in results}) == 1
    assert sorted(entry.name for entry in cache.iterdir() if entry.is_dir()) == [
        next(entry.name for entry in cache.glob("postgresql-*"))
    ]


@pytest.mark.parametrize("moment", [".data-*/PG_VERSION", "data", "data/postmaster.pid"])
def test_a_start_that_is_killed_leaves_nothing_in_the_way(home: Path, spawn: Spawn, moment: str) -> None:
    process = spawn(_START)
    directory = home / "instances" / "default"
    until(lambda: list(directory.glob(moment)) or process.poll() is not None, f"{moment} to appear")
    process.kill()
    process.wait()
    instance = start(durable=False)
    assert _works(instance)
    assert list(directory.glob(".data-*")) == list(directory.glob(".password-*")) == []


def test_a_server_outlives_the_process_that_started_it(home: Path, spawn: Spawn) -> None:
    process = spawn(_START + "; import time; time.sleep(600)")
    assert process.stdout is not None
    port, pid = process.stdout.readline().split()
    process.kill()
    process.wait()
    adopted = start()
    assert (adopted.port, status().pid) == (int(port), int(pid))
    assert _works(adopted)


def test_a_taken_port(home: Path) -> None:
    instance = start(durable=False)
    stop()
    with socket.socket() as squatter:
        squatter.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        squatter.bind(("127.0.0.1", instance.port))
        squatter.listen()
        with pytest.raises(PortInUse, match=f"port {instance.port} "):
            start(port=instance.port)
        with pytest.raises(PortInUse, match=f"port {instance.port} "):
            start("fresh", port=instance.port)
        assert not (home / "instances" / "fresh").exists()
        moved = start()
        assert moved.port != instance.port
        assert _works(moved)
    assert start().port == moved.port
    with pytest.raises(ServerError, match=f"runs already, on port {moved.port}"):
        start(port=instance.port)


def test_a_port_taken_between_the_look_and_the_start(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    instance = start(durable=False)
    stop()
    with socket.socket() as squatter:
        squatter.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        squatter.bind(("127.0.0.1", instance.port))
        squatter.listen()
        # For this port the look says "free", as it does when another process is a moment faster.
        honest = ports.is_free
        monkeypatch.setattr(ports, "is_free", lambda port: port == instance.port or honest(port))
        moved = start()
    assert moved.port != instance.port
    assert _works(moved)


def test_stop_in_every_mode(home: Path) -> None:
    instance = start(durable=False)
    with psycopg.connect(url(instance)) as client:
        with pytest.raises(ServerError, match="did not stop within") as caught:
            stop(mode="smart", timeout=0.2)
        assert caught.value.hint is not None and "--mode fast" in caught.value.hint
        assert stop(mode="fast") is True
        with pytest.raises(psycopg.OperationalError):
            client.execute("SELECT 1")
    start()
    assert stop(mode="immediate") is True
    assert _works(start())


def test_a_lost_record_and_a_damaged_one_are_named(home: Path) -> None:
    instance = start(durable=False)
    stop()
    record = instance.directory / "instance.json"
    text = record.read_text()
    record.write_text(text[: len(text) // 2])
    with pytest.raises(ServerError, match="cannot read"):
        start()
    record.unlink()
    with pytest.raises(ServerError, match="record of the server 'default' is gone"):
        start()
    record.write_text(text)
    assert _works(start())


def test_a_long_log_is_cut_while_the_server_writes(home: Path) -> None:
    instance = start(durable=False)
    log = instance.directory / "server.log"
    with log.open("ab") as file:
        file.write(b"x" * (17 * 1024 * 1024) + b"\nlast words\n")
    prepare_log(log, owner_of(instance.data_dir))
    assert log.stat().st_size == 0
    assert (instance.directory / "server.log.old").read_text().endswith("\nlast words\n")
    with psycopg.connect(url(instance)) as connection, pytest.raises(psycopg.errors.UndefinedTable):
        connection.execute("SELECT * FROM no_such_table")
    until(lambda: "no_such_table" in log.read_text(), "the server to write to the cut log")
    assert "\0" not in log.read_text()


def test_a_home_that_cannot_be_written(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PGWRIGHT_HOME", "/proc/pgwright")
    with pytest.raises(ServerError, match="cannot write") as caught:
        start()
    assert caught.value.hint is not None and "PGWRIGHT_HOME" in caught.value.hint

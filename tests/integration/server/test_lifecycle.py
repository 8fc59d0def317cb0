"""Starting and stopping servers, on good days."""

from __future__ import annotations

import json
import os
import stat
import subprocess
from collections.abc import Callable, Mapping
from pathlib import Path

import psycopg
import pytest

from pgwright.errors import ServerError, UsageError
from pgwright.server import (
    Binaries,
    embedded_binaries,
    environment,
    find,
    instances,
    is_running,
    remove,
    start,
    status,
    stop,
    url,
)
from pgwright.server.account import Account
from tests.servers.builds import Missing
from tests.servers.builds import find as find_build


def _ask(address: str, query: str) -> object:
    with psycopg.connect(address) as connection:
        row = connection.execute(query.encode()).fetchone()
    assert row is not None
    return row[0]


def test_start_status_stop_and_start_again(home: Path) -> None:
    assert not status().exists
    assert stop() is False

    first = start()
    again = start()
    assert again == first
    assert find("default") == first

    seen = status()
    assert seen.running and seen.exists and seen.pid is not None
    assert (seen.port, seen.version, seen.data_dir) == (first.port, "18.1", first.data_dir)
    assert seen.size_bytes > 10_000_000
    assert seen.started_at is not None
    assert _ask(url("default"), "SELECT pg_postmaster_start_time()::timestamptz(0)") is not None
    assert _ask(url("default", over="socket"), "SELECT inet_client_addr() IS NULL") is True

    assert stop() is True
    stopped = status()
    assert stopped.exists and not stopped.running and stopped.pid is None and stopped.started_at is None
    assert stopped.port == first.port

    assert start() == first
    assert remove("default") is True
    assert not first.directory.exists()
    assert remove("default") is False


def test_a_new_server_is_closed_to_others_and_safe(home: Path) -> None:
    instance = start()
    address = url(instance)
    for name, value in {
        "listen_addresses": "127.0.0.1",
        "password_encryption": "scram-sha-256",
        "server_encoding": "UTF8",
        "data_checksums": "on",
        "fsync": "on",
        "timezone": "UTC",
    }.items():
        assert _ask(address, f"SHOW {name}") == value
    methods = "SELECT string_agg(DISTINCT auth_method, ',') FROM pg_hba_file_rules"
    assert _ask(address, methods) == "scram-sha-256"
    assert _ask(address, "SELECT upper('äöé') = 'ÄÖÉ' AND 'Z' < 'a'") is True

    without_password = f"host=127.0.0.1 port={instance.port} user=postgres dbname=postgres passfile=/dev/null"
    with pytest.raises(psycopg.OperationalError, match="password"):
        psycopg.connect(without_password)
    with pytest.raises(psycopg.OperationalError, match="password"):
        psycopg.connect(f"{without_password} password=wrong")


def test_secrets_are_in_private_files_only(home: Path) -> None:
    instance = start(settings={"log_connections": "on", "log_statement": "all"})
    record = json.loads((instance.directory / "instance.json").read_text())
    _ask(url(instance), "SELECT 1")
    holders = []
    for path in home.rglob("*"):
        if path.is_file() and record["password"].encode() in path.read_bytes():
            holders.append(path.name)
            assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert sorted(holders) == ["instance.json", "pgpass"]
    assert record["password"] not in repr(instance)
    for folder in (instance.data_dir, instance.socket_dir):
        assert stat.S_IMODE(folder.stat().st_mode) == 0o700


def test_psql_needs_no_password_on_its_command_line(home: Path) -> None:
    instance = start()
    hostile = {**os.environ, "PGSERVICE": "elsewhere", "PGPASSWORD": "wrong", "PGPORT": "1"}
    for host in ("127.0.0.1", str(instance.socket_dir)):
        finished = subprocess.run(
            [embedded_binaries().program("psql"), "--no-psqlrc", "-Atc", "SELECT current_user"],
            env={**environment(instance, base=hostile), "PGHOST": host},
            capture_output=True,
            text=True,
            check=False,
        )
        assert (finished.stdout, finished.stderr) == ("postgres\n", "")


def test_settings_and_durability_stay_on_record(home: Path) -> None:
    start(settings={"work_mem": "7MB", "wal_level": "logical", "search_path": "it's, public"}, durable=False)
    stop()
    instance = start()
    assert _ask(url(instance), "SHOW work_mem") == "7MB"
    assert _ask(url(instance), "SHOW wal_level") == "logical"
    assert _ask(url(instance), "SHOW search_path") == "it's, public"
    assert _ask(url(instance), "SHOW fsync") == "off"

    with pytest.raises(ServerError, match="other settings"):
        start(settings={"work_mem": "8MB"})
    assert start().port == instance.port
    with psycopg.connect(url(instance), autocommit=True) as connection:
        connection.execute("ALTER SYSTEM SET work_mem = '9MB'")
        connection.execute("SELECT pg_reload_conf()")
    stop()
    assert _ask(url(start()), "SHOW work_mem") == "9MB"


def test_a_setting_that_fails_is_named_and_not_kept(home: Path) -> None:
    with pytest.raises(ServerError, match="did not start") as caught:
        start(settings={"shared_bufers": "1GB"})
    assert "shared_bufers" in str(caught.value.detail)
    assert not is_running()
    assert _ask(url(start()), "SELECT 1") == 1


@pytest.mark.parametrize(
    "settings",
    [
        {"port": "1"},
        {"Listen_Addresses": "*"},
        {"listen_addresses": "127.0.0.1, 192.0.2.1"},
        {"a b": "c"},
        {"work_mem": "1\n2"},
    ],
)
def test_settings_that_would_open_the_server_are_refused(home: Path, settings: dict[str, str]) -> None:
    with pytest.raises(UsageError):
        start(settings=settings)
    assert not home.exists()


def test_socket_alone_is_possible(home: Path) -> None:
    instance = start(settings={"listen_addresses": ""})
    assert _ask(url(instance), "SHOW listen_addresses") == ""
    assert _ask(url(instance), "SELECT inet_client_addr() IS NULL") is True
    assert environment(instance)["PGHOST"] == str(instance.socket_dir)
    with pytest.raises(UsageError, match="Unix socket only"):
        url(instance, over="tcp")


def test_several_servers_and_a_deep_home(monkeypatch: pytest.MonkeyPatch, home: Path) -> None:
    deep = home.parent / ("d" * 80)
    monkeypatch.setenv("PGWRIGHT_HOME", str(deep))
    try:
        one, two = start("one", durable=False), start("two", durable=False)
        assert one.port != two.port
        assert [instance.name for instance in instances()] == ["one", "two"]
        assert _ask(url("one", over="socket"), "SHOW port") == str(one.port)
        assert _ask(url("two", over="socket"), "SHOW port") == str(two.port)
        assert not one.socket_dir.is_relative_to(deep)
    finally:
        for instance in instances():
            remove(instance)
    assert not one.socket_dir.exists()


def test_the_same_code_runs_other_versions(home: Path) -> None:
    build = next((found for v in (12, 13, 15) if not isinstance(found := find_build(v), Missing)), None)
    if build is None:
        pytest.skip("no PostgreSQL older than 18 here; run: scripts/test-servers")
    instance = start("old", binaries=Binaries(bin_dir=build.bindir), durable=False)
    assert str(_ask(url(instance), "SHOW server_version")).split(".")[0].split(" ")[0] == str(build.version)
    assert _ask(url(instance), "SELECT upper('äöé') IN ('ÄÖÉ', 'äöé') AND 'Z' < 'a'") is True
    stop("old")
    assert start("old").bin_dir == build.bindir
    stop("old")
    with pytest.raises(ServerError, match=f"belongs to PostgreSQL {build.version}"):
        start("old", binaries=embedded_binaries())


def test_an_ordinary_user_runs_servers_too(
    home: Path,
    ordinary_user: tuple[Account, Callable[[str, Mapping[str, str]], subprocess.CompletedProcess[str]]],
) -> None:
    account, run = ordinary_user
    own = home.parent / "user"
    own.mkdir()
    os.chown(own, account.uid, account.gid)
    code = (
        "import pgwright.server as s, psycopg\n"
        "i = s.start(durable=False)\n"
        "with psycopg.connect(s.url(i)) as c: c.execute('SELECT 1')\n"
        "with psycopg.connect(s.url(i, over='socket')) as c: c.execute('SELECT 1')\n"
        "print(i.data_dir.stat().st_uid, s.status().running, s.stop())\n"
        "s.remove('default')\n"
    )
    variables = {"XDG_DATA_HOME": str(own / "data"), "PGWRIGHT_CACHE": str(own / "cache")}
    finished = run(code, variables)
    assert (finished.stdout, finished.stderr) == (f"{account.uid} True True\n", "")
    assert (own / "data" / "pgwright" / "instances").is_dir()


def test_foreign_folders_are_refused(home: Path) -> None:
    if os.geteuid() != 0:
        pytest.skip("only root can make folders of other users")
    home.mkdir()
    os.chown(home, 12345, 12345)
    with pytest.raises(ServerError, match="belongs to user 12345"):
        start()
    os.chown(home, 0, 0)
    home.chmod(0o777)
    with pytest.raises(ServerError, match="others may write"):
        start()
    home.chmod(0o711)
    home.parent.chmod(0o700)
    with pytest.raises(ServerError, match="cannot enter"):
        start()
    assert list((home / "instances").rglob("*data*")) == []

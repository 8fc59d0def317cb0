"""Connections to a real server: the ways in, and the ways in which they fail."""

from __future__ import annotations

import socket
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import datetime, timedelta
from pathlib import Path

import psycopg
import pytest
from psycopg import sql

from pgwright.errors import (
    AuthenticationError,
    ConnectError,
    PrivilegeError,
    UnknownDatabaseError,
    UnsupportedServerError,
)
from pgwright.pg import Address, capabilities, connect, parse_address
from pgwright.pg import connect as connect_function
from tests.servers.running import Server

PASSWORD = "wrong-Pa55word"


@pytest.fixture
def address(database: str) -> Address:
    return parse_address(database)


def changed(address: Address, **params: str) -> str:
    return Address(params={**address.params, **params}).text


@contextmanager
def listener(answer: Callable[[socket.socket], None] | None) -> Iterator[int]:
    """Listen on a free port; `answer` handles each connection, None leaves it hanging."""
    held: list[socket.socket] = []
    with socket.create_server(("127.0.0.1", 0)) as server:

        def serve() -> None:
            while True:
                try:
                    client, _ = server.accept()
                except OSError:
                    return
                held.append(client)
                if answer is not None:
                    answer(client)

        thread = threading.Thread(target=serve, daemon=True)
        thread.start()
        try:
            yield server.getsockname()[1]
        finally:
            server.shutdown(socket.SHUT_RDWR)
            thread.join()
            for client in held:
                client.close()


def closed_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as server:
        return int(server.getsockname()[1])


def test_forms_of_the_same_address(
    address: Address, database: str, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    keywords = " ".join(f"{k}='{v}'" for k, v in address.params.items())
    service = tmp_path / "services"
    service.write_text("[here]\n" + "".join(f"{k}={v}\n" for k, v in address.params.items()))
    monkeypatch.setenv("PGSERVICEFILE", str(service))
    texts = [database, address.text, address.text.replace("://", "+psycopg://"), keywords, "service=here"]
    for text in texts:
        with connect(text) as conn:
            assert conn.info.dbname == address.dbname
    for name, value in address.environ().items():
        monkeypatch.setenv(name, value)
    with connect("") as conn:
        assert conn.info.dbname == address.dbname


def test_session_is_as_asked_for(database: str) -> None:
    show = (
        "select current_setting('statement_timeout'), current_setting('lock_timeout'),"
        " current_setting('application_name')"
    )
    with connect(database, statement_timeout=2.5, lock_timeout=0.5) as conn:
        assert not conn.autocommit
        conn.rollback()
        assert conn.execute(show).fetchone() == ("2500ms", "500ms", "pgwright")
    with connect(database, autocommit=True, application_name="mine") as conn:
        assert conn.autocommit
        row = conn.execute(show).fetchone()
        assert row is not None
        assert row[2] == "mine"


def test_both_import_paths_give_the_function() -> None:
    from pgwright.pg.connect import connect as other

    assert other is connect_function


def test_closed_port_on_loopback() -> None:
    port = closed_port()
    with pytest.raises(ConnectError, match="no server is listening") as caught:
        connect(f"host=127.0.0.1 port={port}")
    assert str(port) in caught.value.message
    assert caught.value.hint is not None
    assert "pgwright server start" in caught.value.hint


def test_missing_socket_names_the_port_that_is_there(address: Address, tmp_path: Path) -> None:
    with socket.socket(socket.AF_UNIX) as near:
        near.bind(str(tmp_path / ".s.PGSQL.6001"))
        near.listen()
        with pytest.raises(ConnectError, match="no server is listening") as caught:
            connect(f"host={tmp_path} port=6002")
    assert caught.value.hint is not None
    assert "6001" in caught.value.hint


def test_unknown_host() -> None:
    with pytest.raises(ConnectError, match=r"unknown host nowhere\.invalid"):
        connect("host=nowhere.invalid")


def test_unknown_service() -> None:
    with pytest.raises(ConnectError, match="service nowhere is not defined"):
        connect("service=nowhere")


def test_wrong_password_is_not_repeated(address: Address) -> None:
    with pytest.raises(AuthenticationError, match="does not accept the password") as caught:
        connect(changed(address, password=PASSWORD))
    assert PASSWORD not in str(caught.value)
    assert PASSWORD not in repr(caught.value.__cause__)


def test_missing_password_names_pgpass(
    address: Address, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("PGPASSFILE", str(tmp_path / "none"))
    with pytest.raises(AuthenticationError, match="none was given") as caught:
        connect(address.without_password().text)
    assert caught.value.hint is not None
    assert "pgpass" in caught.value.hint


def test_unknown_database_names_a_similar_one(address: Address) -> None:
    wrong = address.dbname[:-1]
    with pytest.raises(UnknownDatabaseError, match=f"database {wrong} does not exist") as caught:
        connect(address.with_database(wrong).text)
    assert caught.value.hint is not None
    assert address.dbname in caught.value.hint


def test_unknown_database_without_a_similar_one(address: Address) -> None:
    with pytest.raises(UnknownDatabaseError) as caught:
        connect(address.with_database("qqqqqqqqqq").text)
    assert caught.value.hint is not None
    assert "createdb -h" in caught.value.hint
    # Whichever command met it, on whichever side: the database itself is named.
    assert "schema create --create-database --url " in caught.value.hint
    assert "qqqqqqqqqq" in caught.value.hint.partition("--url")[2]
    assert str(address.password) not in caught.value.hint
    assert "did you mean" not in caught.value.hint


def test_tls_demanded_of_a_server_without_it(address: Address) -> None:
    with pytest.raises(ConnectError, match="offers no TLS") as caught:
        connect(changed(address, sslmode="require"))
    assert caught.value.hint is not None
    assert "sslmode" in caught.value.hint


def test_listener_that_is_not_postgresql() -> None:
    def http(client: socket.socket) -> None:
        client.recv(1024)
        client.sendall(b"HTTP/1.1 400 Bad Request\r\n\r\n")

    with listener(http) as port, pytest.raises(ConnectError, match="does not speak PostgreSQL"):
        connect(f"host=127.0.0.1 port={port}")


def test_listener_that_hangs_up() -> None:
    with (
        listener(lambda client: client.close()) as port,
        pytest.raises(ConnectError, match="closed the connection"),
    ):
        connect(f"host=127.0.0.1 port={port} sslmode=disable")


def test_listener_that_never_answers() -> None:
    with listener(None) as port, pytest.raises(ConnectError, match="no answer"):
        connect(f"host=127.0.0.1 port={port}", connect_timeout=1)


def test_role_that_may_not_log_in_or_connect(address: Address, database: str) -> None:
    role = f"{address.dbname}_role"
    name, db = sql.Identifier(role), sql.Identifier(address.dbname)
    there = {"user": role, "password": PASSWORD}
    with psycopg.connect(database, autocommit=True) as conn:
        conn.execute(
            sql.SQL("create role {} login connection limit 0 password {}").format(name, sql.Literal(PASSWORD))
        )
        try:
            with pytest.raises(ConnectError, match=f"the connection limit of role {role}"):
                connect(changed(address, **there))
            conn.execute(sql.SQL("alter role {} connection limit -1").format(name))
            conn.execute(sql.SQL("revoke connect on database {} from public").format(db))
            with pytest.raises(PrivilegeError, match="may not connect") as caught:
                connect(changed(address, **there))
            assert caught.value.hint is not None
            # The hint is a command: it must do what it says.
            conn.execute(caught.value.hint.partition(": ")[2].encode())
            connect(changed(address, **there)).close()
            conn.execute(sql.SQL("alter role {} nologin").format(name))
            with pytest.raises(AuthenticationError, match="cannot log in"):
                connect(changed(address, **there))
        finally:
            conn.execute(sql.SQL("revoke connect on database {} from {}").format(db, name))
            conn.execute(sql.SQL("drop role {}").format(name))


def test_database_that_is_closed(address: Address, database: str) -> None:
    maintenance = address.with_database("postgres").text
    with psycopg.connect(maintenance, autocommit=True) as conn:
        name = sql.Identifier(address.dbname)
        conn.execute(sql.SQL("alter database {} allow_connections false").format(name))
        try:
            with pytest.raises(ConnectError, match="accepts no connections"):
                connect(database)
        finally:
            conn.execute(sql.SQL("alter database {} allow_connections true").format(name))


def test_server_that_is_too_old(database: str, monkeypatch: pytest.MonkeyPatch) -> None:
    # No server below 12 can be had; the number is the one thing that is not real here.
    monkeypatch.setattr(psycopg.ConnectionInfo, "server_version", property(lambda _: 110022))
    with pytest.raises(UnsupportedServerError, match="PostgreSQL 11") as caught:
        connect(database)
    assert caught.value.detail is not None
    assert "need 12" in caught.value.detail


def test_capabilities_of_each_version(each_server: Server) -> None:
    with connect(each_server.url) as conn:
        info = capabilities(conn)
    assert info.major == each_server.version
    assert info.version.startswith(f"{each_server.version}.")
    assert info.is_superuser
    assert not info.in_recovery
    assert info.edition == "PostgreSQL"
    assert "plpgsql" in info.extensions
    assert info.has("merge") == (each_server.version >= 15)
    assert (info.timescaledb is None) == ("timescaledb" not in info.extensions)


def test_moments_are_read_whatever_style_a_database_prefers(database: str) -> None:
    with connect(database, autocommit=True) as conn:
        name = psycopg.sql.Identifier(conn.info.dbname)
        for setting in ("DateStyle = 'German'", "IntervalStyle = 'sql_standard'"):
            conn.execute(psycopg.sql.SQL("ALTER DATABASE {} SET " + setting).format(name))
    with connect(database) as conn:
        query = "SELECT '2026-05-04 03:02:01+00'::timestamptz AT TIME ZONE 'UTC', interval '1 day -1 hours'"
        row = conn.execute(query).fetchone()
    assert row == (datetime(2026, 5, 4, 3, 2, 1), timedelta(hours=23))

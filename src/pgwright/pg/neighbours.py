"""What else is near an address that failed: other ports, other databases."""

from __future__ import annotations

import difflib
import socket
from collections.abc import Iterable
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pgwright.pg.address import Address

_COMMON_PORTS = ("5432", "5433", "6432")
_SOCKET_FOLDERS = (Path("/var/run/postgresql"), Path("/tmp"))  # noqa: S108 - where PostgreSQL puts its sockets
_PATIENCE = 0.3  # seconds; this runs only after a failure, to improve its hint


def listening_ports(address: Address) -> tuple[str, ...]:
    """Return other ports at the address's host where something listens, as text."""
    host = address.host
    if "," in host:
        return ()
    if not host or host.startswith("/"):
        folders = (Path(host),) if host else _SOCKET_FOLDERS
        found = {
            path.suffix.removeprefix(".")
            for folder in folders
            for path in folder.glob(".s.PGSQL.*")
            if path.is_socket() and _answers(socket.AF_UNIX, str(path))
        }
        return tuple(sorted(found - {address.port}))
    return tuple(port for port in _COMMON_PORTS if port != address.port and _listens(host, port))


def similar_databases(address: Address, wanted: str) -> tuple[str, ...]:
    """Return names of databases on the server that resemble `wanted`, the nearest first.

    Empty when none does or when no maintenance database lets us in.
    """
    return tuple(difflib.get_close_matches(wanted, _databases(address), n=3))


def _databases(address: Address) -> Iterable[str]:
    import psycopg  # noqa: PLC0415

    for maintenance in ("postgres", "template1"):
        params = {**address.with_database(maintenance).params, "connect_timeout": "2"}
        try:
            with psycopg.connect(**params, autocommit=True) as conn:  # type: ignore[arg-type]
                rows = conn.execute("select datname from pg_database where datallowconn").fetchall()
                return [row[0] for row in rows]
        except psycopg.Error:
            continue
    return []


def _listens(host: str, port: str) -> bool:
    try:
        with socket.create_connection((host, int(port)), timeout=_PATIENCE):
            return True
    except OSError:
        return False


def _answers(family: socket.AddressFamily, path: str) -> bool:
    with socket.socket(family, socket.SOCK_STREAM) as probe:
        probe.settimeout(_PATIENCE)
        try:
            probe.connect(path)
        except OSError:
            return False
        return True

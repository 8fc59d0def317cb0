"""Open connections, and say plainly why one could not be opened."""

from __future__ import annotations

import os
from functools import cache
from typing import TYPE_CHECKING, Any

from pgwright.errors import UnsupportedServerError

if TYPE_CHECKING:
    import psycopg

    from pgwright.pg.address import Address

OLDEST_SUPPORTED = 12


def connect(
    url: str,
    *,
    autocommit: bool = False,
    application_name: str = "pgwright",
    connect_timeout: float = 10,
    statement_timeout: float | None = None,
    lock_timeout: float | None = None,
) -> psycopg.Connection[tuple[Any, ...]]:
    """Connect to the database that `url` names, or explain why that fails.

    `url` is a URL (``postgresql://``, ``postgres://``, also with a driver: ``postgresql+psycopg://``), a
    libpq keyword string, ``service=name``, or "" for libpq's environment. Timeouts are in seconds;
    `connect_timeout` counts per host, is rounded up to 2, and gives way to one in `url` or
    PGCONNECT_TIMEOUT. The other two last for the session; None leaves the server's own.

    Raises `ConfigError` for malformed text, `ConnectError` and its subclasses when the server cannot
    be reached or refuses, `PrivilegeError` without CONNECT on the database, and
    `UnsupportedServerError` below PostgreSQL 12.
    """
    import psycopg  # noqa: PLC0415 - a quarter of a second that help pages must not wait for

    _quieten()
    from pgwright.pg.address import parse_address  # noqa: PLC0415
    from pgwright.pg.failures import connection_error  # noqa: PLC0415

    address = parse_address(url)
    params: dict[str, Any] = dict(address.params)
    if not os.environ.get("PGCONNECT_TIMEOUT"):
        params.setdefault("connect_timeout", max(2, round(connect_timeout)))
    if not os.environ.get("PGAPPNAME"):
        params.setdefault("application_name", application_name)
    try:
        conn = psycopg.connect(**params, autocommit=True)
    except psycopg.Error as exc:
        raise connection_error(exc, address) from exc
    try:
        _require_supported(conn, address)
        _set_timeouts(conn, statement_timeout, lock_timeout)
        _set_styles(conn)
        conn.autocommit = autocommit
    except BaseException:
        conn.close()
        raise
    return conn


@cache
def _quieten() -> None:
    """Keep the driver's warnings off the terminal of programs that set up no logging.

    It warns of each rollback that an interrupt has cut short; the end of the connection does the same.
    """
    import logging  # noqa: PLC0415 - as above

    logging.getLogger("psycopg").addHandler(logging.NullHandler())


def _set_styles(conn: psycopg.Connection[Any]) -> None:
    """Have the server write moments and spans of time as the driver reads them, whatever a role prefers."""
    for name, value in (("DateStyle", "ISO"), ("IntervalStyle", "postgres")):
        if not (conn.info.parameter_status(name) or value).startswith(value):
            conn.execute(f"SET {name} = {value}".encode())


def _require_supported(conn: psycopg.Connection[Any], address: Address) -> None:
    have = conn.info.server_version
    if have < OLDEST_SUPPORTED * 10000:
        raise UnsupportedServerError(
            f"PostgreSQL {have // 10000} at {address.place} is too old",
            detail=f"have {have // 10000}, need {OLDEST_SUPPORTED} or later; nothing was changed",
            hint="upgrade the server (pg_upgrade, or pg_dump and restore into a newer one)",
        )


def _set_timeouts(conn: psycopg.Connection[Any], statement: float | None, lock: float | None) -> None:
    # By statement rather than the startup packet's "options": pgbouncer refuses a packet with those.
    wanted = {"statement_timeout": statement, "lock_timeout": lock}
    found = [(name, f"{round(seconds * 1000)}ms") for name, seconds in wanted.items() if seconds is not None]
    if found:
        from psycopg import sql  # noqa: PLC0415

        calls = sql.SQL(", ").join([sql.SQL("set_config(%s, %s, false)")] * len(found))
        query = sql.SQL("select {}").format(calls)
        conn.execute(query, [text for pair in found for text in pair])

"""What there is of TimescaleDB in a database, and how one is filled whole.

Its catalog comes as rows then, and its jobs wait until the end.
"""

from __future__ import annotations

from typing import Any, Final

from psycopg import Connection, sql

from pgwright.pg.address import Address
from pgwright.pg.quoting import Name

TIMESCALE = "timescaledb"

LICENCE: Final = sql.SQL(
    # The licence is a setting of the library, which may be loaded where the extension was never created.
    "coalesce((SELECT current_setting('timescaledb.license', true) FROM pg_catalog.pg_extension "
    "WHERE extname = 'timescaledb'), '')"
)
"""The SQL of a database's edition: ``timescale``, ``apache``, empty without the extension."""

_AT_WORK = "-c timescaledb.restoring=off"


def begin_restoring(conn: Connection[Any]) -> None:
    """Let the extension take chunks and its own tables as they come, in this and in later sessions."""
    _call(conn, "timescaledb_pre_restore")


def end_restoring(conn: Connection[Any]) -> None:
    """Give the database its usual work back, jobs too, which then run at once; without effect elsewhere."""
    if is_restoring(conn):
        _call(conn, "timescaledb_post_restore")


def is_restoring(conn: Connection[Any]) -> bool:
    """Tell whether the database is being filled."""
    row = conn.execute(
        "SELECT EXISTS (SELECT FROM pg_catalog.pg_db_role_setting s, unnest(s.setconfig) setting "
        "JOIN pg_catalog.pg_database d ON d.datname = pg_catalog.current_database() "
        "WHERE s.setdatabase = d.oid AND setting = 'timescaledb.restoring=on')"
    ).fetchone()
    return row == (True,)


def as_at_work(conn: Connection[Any], address: Address) -> Address:
    """Return the address for sessions that see hypertables as usual while the database's jobs still wait.

    `conn` is a session of the same database. Verified after its jobs had begun, a restored database would
    differ by what they did.
    """
    if not is_restoring(conn):  # poolers take no options
        return address
    options = f"{address.params.get('options', '')} {_AT_WORK}".strip()
    return Address(params={**address.params, "options": options})


def schema_of(conn: Connection[Any]) -> str | None:
    """Return the schema of the extension's functions, which need not be on the search path; None without."""
    row = conn.execute(
        "SELECT n.nspname FROM pg_catalog.pg_extension e JOIN pg_catalog.pg_namespace n "
        "ON n.oid = e.extnamespace WHERE e.extname = %s",
        [TIMESCALE],
    ).fetchone()
    return str(row[0]) if row else None


def _call(conn: Connection[Any], function: str) -> None:
    schema = schema_of(conn)
    if schema is not None:
        conn.execute(sql.SQL("SELECT {}()").format(Name(schema, function)))

"""The database that a restore makes: created like the old one, put in its place by renaming."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from psycopg import sql

from pgwright.backup.repository.manifest import DatabaseFacts
from pgwright.errors import ConnectError, ExtensionMissingError, PrivilegeError, UsageError
from pgwright.pg.address import Address, parse_address
from pgwright.pg.connect import connect
from pgwright.pg.extensions import package_for
from pgwright.pg.timescale import begin_restoring

if TYPE_CHECKING:
    import psycopg


_LONGEST = 63  # bytes of a name; PostgreSQL cuts off the rest without an error


@contextmanager
def maintenance(server: Address, name: str) -> Iterator[psycopg.Connection[Any]]:
    """Connect to a database beside the one that is restored, `name`: ``postgres``, else ``template1``.

    No session can rename the database that it is in.
    """
    beside = "template1" if name == "postgres" else "postgres"
    try:
        conn = connect(server.with_database(beside).text, autocommit=True)
    except ConnectError:
        conn = connect(server.with_database("template1").text, autocommit=True)
    with conn:
        yield conn


def draft_of(name: str) -> str:
    """Return the name under which a database grows. Raises `UsageError` for a name that is too long."""
    if len(name.encode()) > _LONGEST:
        raise UsageError(
            f"{name} is too long for the name of a database",
            detail=f"PostgreSQL keeps {_LONGEST} bytes of it; nothing was changed",
            hint="choose a shorter one: --as NAME",
        )
    return _suffixed(name, "_restoring")


def _suffixed(name: str, suffix: str) -> str:
    """Return a name with a suffix, the name cut short where both together would be."""
    return name.encode()[: _LONGEST - len(suffix)].decode(errors="ignore") + suffix


def exists(conn: psycopg.Connection[Any], name: str) -> bool:
    """Tell whether the server has a database."""
    return conn.execute("SELECT 1 FROM pg_database WHERE datname = %s", (name,)).fetchone() is not None


def is_empty(conn: psycopg.Connection[Any], name: str) -> bool:
    """Tell whether a database has no table of its user."""
    address = parse_address(conn.info.dsn)
    params = {**address.params, "dbname": name}
    if conn.info.password:
        params["password"] = conn.info.password
    with connect(Address(params=params).text, autocommit=True) as other:
        row = other.execute(
            "SELECT 1 FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace "
            "WHERE c.relkind IN ('r', 'p', 'v', 'm', 'f') AND c.oid >= 16384 AND n.nspname NOT LIKE 'pg\\_%' "
            "AND NOT EXISTS (SELECT 1 FROM pg_depend d WHERE d.objid = c.oid AND d.deptype = 'e') LIMIT 1"
        ).fetchone()
    return row is None


def create(conn: psycopg.Connection[Any], name: str, facts: DatabaseFacts) -> Sequence[str]:
    """Create a database with the old encoding and collation, or the server's own, which the notes then say.

    Raises `PrivilegeError`.
    """
    import psycopg  # noqa: PLC0415

    base = sql.SQL("CREATE DATABASE {} TEMPLATE template0 ENCODING {}").format(
        sql.Identifier(name), sql.Literal(facts.encoding)
    )
    locale = sql.SQL(" LC_COLLATE {} LC_CTYPE {}").format(
        sql.Literal(facts.collation), sql.Literal(facts.character_type)
    )
    major = conn.info.server_version // 10000
    if major >= 15 and facts.provider == "i":
        locale += sql.SQL(" LOCALE_PROVIDER icu ICU_LOCALE {}").format(sql.Literal(facts.locale))
    elif major >= 17 and facts.provider == "b":
        locale += sql.SQL(" LOCALE_PROVIDER builtin BUILTIN_LOCALE {}").format(sql.Literal(facts.locale))
    elif major >= 15:
        locale += sql.SQL(" LOCALE_PROVIDER libc")
    try:
        conn.execute(base + locale)
        return ()
    except psycopg.errors.InsufficientPrivilege as error:
        raise PrivilegeError(
            f"the role {conn.info.user} may not create databases",
            detail=str(error.diag.message_primary),
            hint=f'as a superuser: ALTER ROLE "{conn.info.user}" CREATEDB',
        ) from error
    except (
        psycopg.errors.WrongObjectType,
        psycopg.errors.InvalidParameterValue,
        psycopg.errors.FeatureNotSupported,
    ):
        conn.execute(base)
        return (
            f"this server has no collation {facts.locale or facts.collation}: "
            "the database has the server's own, and text may sort differently",
        )


def require_extensions(conn: psycopg.Connection[Any], facts: DatabaseFacts) -> None:
    """Raise `ExtensionMissingError` where the server cannot offer what the backup has, in any version."""
    there = {row[0] for row in conn.execute("SELECT name FROM pg_available_extensions")}
    if missing := sorted(facts.extensions.keys() - there):
        packages = [package_for(name, conn.info.server_version // 10000) for name in missing]
        raise ExtensionMissingError(
            f"this server does not have {', '.join(missing)}, which the backup needs",
            detail="nothing was changed",
            hint=f"install there: {', '.join(packages)}",
        )


def before_timescale(conn: psycopg.Connection[Any], version: str) -> None:
    """Create the extension in the backup's version, ready to restore. Raises `ExtensionMissingError`."""
    import psycopg  # noqa: PLC0415

    try:
        conn.execute(sql.SQL("CREATE EXTENSION timescaledb VERSION {}").format(sql.Literal(version)))
        begin_restoring(conn)
    except psycopg.Error as error:
        raise ExtensionMissingError(
            f"this server cannot restore TimescaleDB {version}",
            detail=str(error.diag.message_primary or error).strip(),
            hint=f"install exactly version {version} there, restore, and upgrade it afterwards",
        ) from error


def apply_settings(conn: psycopg.Connection[Any], name: str, facts: DatabaseFacts) -> None:
    """Give a database the settings of the old one (ALTER DATABASE ... SET)."""
    for setting in facts.settings:
        key, _, value = setting.partition("=")
        parts = sql.SQL(".").join(sql.Identifier(part) for part in key.split("."))
        # Settings that are lists were stored as lists: quoting them as one text would make one element.
        conn.execute(
            sql.SQL("ALTER DATABASE {} SET {} TO {}").format(
                sql.Identifier(name), parts, sql.Literal(value) if "," not in value else _listed(value)
            )
        )


def _listed(value: str) -> sql.Composed:
    items = [item.strip().strip('"') for item in value.split(",")]
    return sql.SQL(", ").join(sql.Literal(item) for item in items)


def drop(conn: psycopg.Connection[Any], name: str) -> None:
    """Drop a draft, ending what is left in it."""
    conn.execute("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = %s", (name,))
    conn.execute(sql.SQL("DROP DATABASE IF EXISTS {}").format(sql.Identifier(name)))


def swap(conn: psycopg.Connection[Any], draft: str, name: str) -> str | None:
    """Give the draft its name and return what the old database is called now; both renames or none."""
    rename = sql.SQL("ALTER DATABASE {} RENAME TO {}")
    kept = None
    if exists(conn, name):
        kept = _suffixed(name, f"_before_{datetime.now(UTC):%Y%m%d_%H%M%S}")
    with conn.transaction():
        if kept:
            # New sessions wait for the rename, which sees to it that none uses the old one.
            conn.execute(
                "SELECT pg_terminate_backend(pid) FROM pg_stat_activity "
                "WHERE datname = %s AND pid <> pg_backend_pid()",
                (name,),
            )
            conn.execute(rename.format(sql.Identifier(name), sql.Identifier(kept)))
        conn.execute(rename.format(sql.Identifier(draft), sql.Identifier(name)))
    return kept

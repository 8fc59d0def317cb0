"""Databases that last for one ``with`` block, and the server that they live on.

A scratch database is held by a session that keeps an advisory lock named after
it. When its process ends in any way, on any machine, the server drops the
session and with it the lock; the next user of scratch databases then finds the
database unheld and drops it.
"""

from __future__ import annotations

import contextlib
import hashlib
import os
import re
import secrets
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal
from urllib.parse import quote, urlencode, urlsplit

from pgwright.errors import (
    AuthenticationError,
    ConfigError,
    ConnectError,
    ExtensionMissingError,
    PrivilegeError,
    ServerError,
    StatementError,
    UnknownDatabaseError,
)
from pgwright.server.icu import without_icu
from pgwright.server.instance import url as instance_url
from pgwright.server.lifecycle import is_running, start
from pgwright.server.spare import SPARE, leave_spare, take_spare

if TYPE_CHECKING:
    import psycopg
    from psycopg import sql

EMBEDDED = "embedded"
INSTANCE_NAME = "scratch"

_PREFIX = "pgwright_scratch"
_NAME = re.compile(rf"({_PREFIX}_\d+_[0-9a-f]{{10}})([0-9a-f]{{6}})")
_MARK = "pgwright.server_purpose"

# Every statement on a scratch server is small and its data worthless.
SCRATCH_SETTINGS: Mapping[str, str] = {
    _MARK: INSTANCE_NAME,
    "autovacuum": "off",
    "jit": "off",
    "max_connections": "200",
    "shared_buffers": "32MB",
    "synchronous_commit": "off",
    "max_wal_size": "256MB",
    "log_checkpoints": "off",
    "max_locks_per_transaction": "1024",
}


@dataclass(frozen=True, kw_only=True)
class ScratchDatabase:
    """Name a database that is dropped when its ``with`` block ends.

    `url` contains the password; `server_version` is PostgreSQL's number, such as
    180001; `embedded` tells whether it lives on pgwright's own scratch server, `icu` whether that server
    has ICU's collations.
    """

    url: str
    name: str
    server_version: int
    embedded: bool
    icu: bool = True

    def spelt(self, text: str) -> tuple[str, ...]:
        """Return SQL as this server understands it, as texts to be run one after the other."""
        return (text,) if self.icu or not self.embedded else without_icu(text)

    def __repr__(self) -> str:
        return f"ScratchDatabase(name={self.name!r}, server_version={self.server_version})"


@contextlib.contextmanager
def scratch_database(
    *,
    server: Literal["embedded"] | str = EMBEDDED,
    template: str | None = None,
    extensions: Sequence[str] = (),
    home: Path | None = None,
) -> Iterator[ScratchDatabase]:
    """Make an empty database with a unique name and drop it at the end of the block.

    `server` is ``"embedded"`` (pgwright's own scratch server, started on demand)
    or the URL of a server on which the role may create databases. `template`
    names a database to copy, default ``template0``; `extensions` are created in
    the new database. Scratch databases of killed processes are dropped on the way.

    Raises the ConnectError family, PrivilegeError, ExtensionMissingError,
    StatementError, or ServerError when the embedded server cannot be started.
    """
    if server == EMBEDDED:
        # One that an older pgwright started, with other settings, serves as well.
        settings = None if is_running(INSTANCE_NAME, home=home) else SCRATCH_SETTINGS
        start(INSTANCE_NAME, durable=False, settings=settings, home=home)
        maintenance_url = instance_url(INSTANCE_NAME, over="socket", home=home)
        base = instance_url(INSTANCE_NAME, home=home)
    else:
        maintenance_url = base = _normalised(server)
    name = _new_name()
    with contextlib.ExitStack() as stack:
        holder = stack.enter_context(_connect(maintenance_url))
        _prepare_holder(holder)
        _drop_leftovers(holder)
        holder.execute("SELECT pg_advisory_lock(%s)", (_lock_key(name),))
        ours = _is_scratch_server(holder)
        # On anybody else's server a database of that name is somebody's.
        spares = ours and template is None
        if spares:
            stack.callback(leave_spare, holder, _creation(holder, SPARE, "template0", ours=ours).as_string())
        stack.callback(_drop_at_exit, holder, maintenance_url, name)
        if not (spares and take_spare(holder, name)):
            _create(holder, name, template or "template0", ours=ours)
        target = with_database(base, name)
        if extensions:
            _create_extensions(target, extensions)
        yield ScratchDatabase(
            url=target,
            name=name,
            server_version=holder.info.server_version,
            embedded=ours,
            icu=_has_icu(holder),
        )


def ensure_roles(url: str, names: Sequence[str]) -> tuple[str, ...]:
    """Create the roles that an embedded scratch server lacks, without login, and return their names.

    Ownership and grants can only be rehearsed when the roles exist. Roles belong
    to a whole server, so any other server is refused with ServerError. Several
    processes may ask for the same roles at once.
    """
    from psycopg import errors, sql  # noqa: PLC0415

    created = []
    with _connect(url) as connection:
        if not _is_scratch_server(connection):
            raise ServerError(
                "roles are created on pgwright's own scratch servers only",
                detail="Roles belong to the whole server. Nothing was changed.",
                hint="create them there yourself with CREATE ROLE, or use the embedded scratch server",
            )
        rows = connection.execute("SELECT rolname FROM pg_roles WHERE rolname = ANY(%s)", (list(names),))
        existing = {row[0] for row in rows}
        for name in dict.fromkeys(names):
            if name in existing:
                continue
            try:
                connection.execute(sql.SQL("CREATE ROLE {} NOLOGIN").format(sql.Identifier(name)))
                created.append(name)
            except (errors.DuplicateObject, errors.UniqueViolation):
                continue
            except errors.Error as error:
                raise _statement_error(f"cannot create the role {name}", error) from error
    return tuple(created)


def with_database(url: str, database: str) -> str:
    """Return a connection URL with another database in it, everything else letter for letter."""
    parts = urlsplit(url)
    kept = "&".join(pair for pair in parts.query.split("&") if pair and not pair.startswith("dbname="))
    text = f"{parts.scheme}://{parts.netloc}/{quote(database, safe='')}"
    return f"{text}?{kept}" if kept else text


def _normalised(server: str) -> str:
    """Return a connection text as a URL: strips SQLAlchemy's driver, accepts ``key=value`` pairs."""
    from psycopg import ProgrammingError  # noqa: PLC0415
    from psycopg.conninfo import conninfo_to_dict  # noqa: PLC0415

    if re.match(r"postgres(ql)?(\+\w+)?://", server):
        return re.sub(r"^postgres(ql)?(\+\w+)?://", "postgresql://", server)
    try:
        pairs = conninfo_to_dict(server)
    except ProgrammingError:
        raise ConfigError(
            "the scratch server is neither 'embedded' nor a connection URL",
            hint='write scratch = "embedded" or scratch = "postgresql://user@host/postgres"',
        ) from None
    database = str(pairs.pop("dbname", "") or "")
    # `quote` and not the default: libpq does not read "+" as a space.
    query = urlencode({key: str(value) for key, value in pairs.items()}, quote_via=quote, safe="/")
    return f"postgresql:///{quote(database, safe='')}?{query}"


def _connect(url: str) -> psycopg.Connection[Any]:
    import psycopg  # noqa: PLC0415

    try:
        return psycopg.connect(
            url, autocommit=True, connect_timeout=10, application_name="pgwright scratch", keepalives_idle=60
        )
    except psycopg.Error as error:
        # The server's words name host, port, role and database, never the password.
        text = str(error).strip() if isinstance(error, psycopg.OperationalError) else "the URL is malformed"
        kind: type[ConnectError] = ConnectError
        if "password" in text or "authentication" in text or "role " in text:
            kind = AuthenticationError
        elif "database " in text and "does not exist" in text:
            kind = UnknownDatabaseError
        raise kind(
            "cannot connect to the scratch server",
            detail=text,
            hint='check scratch in pgwright.toml, or use scratch = "embedded"',
        ) from None


def _prepare_holder(holder: psycopg.Connection[Any]) -> None:
    """Keep the session that holds the lock from being ended by time limits of the server."""
    holder.execute("SET statement_timeout = 0")
    holder.execute("SET lock_timeout = 0")
    if holder.info.server_version >= 140000:
        holder.execute("SET idle_session_timeout = 0")


def _is_scratch_server(connection: psycopg.Connection[Any]) -> bool:
    row = connection.execute("SELECT current_setting(%s, true)", (_MARK,)).fetchone()
    return row is not None and row[0] == INSTANCE_NAME


def _has_icu(connection: psycopg.Connection[Any]) -> bool:
    query = "SELECT FROM pg_collation WHERE collprovider = 'i' AND collname = 'und-x-icu'"
    return connection.execute(query).fetchone() is not None


def _new_name() -> str:
    stem = f"{_PREFIX}_{os.getpid()}_{secrets.token_hex(5)}"
    return stem + _check_digits(stem)


def _check_digits(stem: str) -> str:
    return hashlib.sha256(stem.encode()).hexdigest()[:6]


def is_scratch_name(name: str) -> bool:
    """Tell whether a database name was made here: its last six digits follow from the rest."""
    match = _NAME.fullmatch(name)
    return match is not None and match.group(2) == _check_digits(match.group(1))


def _lock_key(name: str) -> int:
    return int.from_bytes(hashlib.sha256(name.encode()).digest()[:8], "big", signed=True)


def _creation(holder: psycopg.Connection[Any], name: str, template: str, *, ours: bool) -> sql.Composed:
    from psycopg import sql  # noqa: PLC0415

    statement = sql.SQL("CREATE DATABASE {} TEMPLATE {}").format(
        sql.Identifier(name), sql.Identifier(template)
    )
    if ours and holder.info.server_version >= 150000:
        # The default writes every page into the WAL, to spare a busy server two checkpoints. Here they
        # cost nothing, and a copy of the files is made in a third of the time.
        statement += sql.SQL(" STRATEGY file_copy")
    return statement


def _create(holder: psycopg.Connection[Any], name: str, template: str, *, ours: bool) -> None:
    from psycopg import errors  # noqa: PLC0415

    try:
        holder.execute(_creation(holder, name, template, ours=ours))
    except errors.InsufficientPrivilege as error:
        raise PrivilegeError(
            f"the role {holder.info.user} may not create scratch databases",
            detail=str(error).strip(),
            hint=f'as a superuser run: ALTER ROLE "{holder.info.user}" CREATEDB; or use scratch = "embedded"',
        ) from error
    except errors.Error as error:
        raise _statement_error("cannot create a scratch database", error) from error


def _create_extensions(url: str, extensions: Sequence[str]) -> None:
    from psycopg import errors, sql  # noqa: PLC0415

    with _connect(url) as connection:
        for name in extensions:
            statement = sql.SQL("CREATE EXTENSION IF NOT EXISTS {} CASCADE").format(sql.Identifier(name))
            try:
                connection.execute(statement)
            except (errors.UndefinedFile, errors.FeatureNotSupported, errors.UndefinedObject) as error:
                raise ExtensionMissingError(
                    f"the scratch server has no extension {name}",
                    detail=str(error).strip(),
                    hint='set scratch = "postgresql://…" in pgwright.toml to a server that has it',
                ) from error
            except errors.Error as error:
                raise _statement_error(
                    f"cannot create the extension {name} on the scratch server", error
                ) from error


def _drop_leftovers(holder: psycopg.Connection[Any]) -> None:
    """Drop scratch databases that no session holds.

    One that somebody is still connected to is left alone, even unheld: a child
    of the killed process may be at work in it.
    """
    from psycopg import errors, sql  # noqa: PLC0415

    rows = holder.execute(
        "SELECT datname FROM pg_database WHERE datname LIKE %s", (f"{_PREFIX}%",)
    ).fetchall()
    for name in (row[0] for row in rows):
        if not is_scratch_name(name):
            continue
        key = _lock_key(name)
        taken = holder.execute("SELECT pg_try_advisory_lock(%s)", (key,)).fetchone()
        if taken is None or not taken[0]:
            continue
        try:
            # Asked first, because DROP DATABASE waits 5 s for sessions to leave before it refuses.
            in_use = "SELECT 1 FROM pg_stat_activity WHERE datname = %s LIMIT 1"
            if holder.execute(in_use, (name,)).fetchone() is None:
                holder.execute(sql.SQL("DROP DATABASE IF EXISTS {}").format(sql.Identifier(name)))
        except (errors.ObjectInUse, errors.InsufficientPrivilege, errors.InternalError):
            continue
        finally:
            holder.execute("SELECT pg_advisory_unlock(%s)", (key,))


def _drop_at_exit(holder: psycopg.Connection[Any], url: str, name: str) -> None:
    """Drop the database, over a new session when the holder's was lost.

    A server that is gone is not an error here: the block's own error says more,
    and the next user drops what is left.
    """
    import psycopg  # noqa: PLC0415

    try:
        _drop(holder, name)
    except (psycopg.OperationalError, psycopg.InterfaceError):
        with contextlib.suppress(ConnectError, psycopg.Error), _connect(url) as again:
            _drop(again, name)


def _drop(connection: psycopg.Connection[Any], name: str) -> None:
    from psycopg import sql  # noqa: PLC0415

    database = sql.Identifier(name)
    if connection.info.server_version >= 130000:
        connection.execute(sql.SQL("DROP DATABASE IF EXISTS {} WITH (FORCE)").format(database))
        return
    # New sessions must be kept out first, or one could come between ending the old ones and the drop.
    exists = connection.execute("SELECT 1 FROM pg_database WHERE datname = %s", (name,)).fetchone()
    if exists is None:
        return
    connection.execute(sql.SQL("ALTER DATABASE {} ALLOW_CONNECTIONS false").format(database))
    connection.execute("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = %s", (name,))
    connection.execute(sql.SQL("DROP DATABASE IF EXISTS {}").format(database))


def _statement_error(message: str, error: psycopg.Error) -> StatementError:
    state = f" (SQLSTATE {error.sqlstate})" if error.sqlstate else ""
    return StatementError(message, detail=f"{str(error).strip()}{state}", hint=error.diag.message_hint)

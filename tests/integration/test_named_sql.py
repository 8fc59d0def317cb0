"""Every named query is understood by every server version, and returns the columns that it declares."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

import psycopg
import pytest
from psycopg import pq, sql

from tests.servers.running import Server
from tests.unit.architecture.sqlheader import SqlHeader
from tests.unit.architecture.tree import PACKAGE, sql_files

PLACEHOLDER = re.compile(r"%(?:\((?P<name>\w+)\))?(?P<kind>[sbt%])")


def _names() -> list[tuple[str, str]]:
    """Return (folder, name) of each named query; variants by version count once."""
    found = {(str(path.parent.relative_to(PACKAGE)), re.sub(r"-\d+$", "", path.stem)) for path in sql_files()}
    return sorted(found)


def _variant(folder: str, name: str, major: int) -> Path | None:
    """Return the file that serves a server version: the newest one that is not newer than it."""
    base = PACKAGE / folder / f"{name}.sql"
    numbered = {
        int(path.stem.rpartition("-")[2]): path
        for path in base.parent.glob(f"{name}-*.sql")
        if path.stem.removeprefix(f"{name}-").isdigit()
    }
    usable = [since for since in numbered if since <= major]
    if usable:
        return numbered[max(usable)]
    since = SqlHeader.read(base).since if base.exists() else None
    return base if since is not None and since <= major else None


def numbered_parameters(query: str) -> str:
    """Return a query with psycopg's placeholders written as the server wants them: ``$1``."""
    names: dict[str, int] = {}

    def number(match: re.Match[str]) -> str:
        if match["kind"] == "%":
            return "%"
        name = match["name"] or f"position {len(names)}"
        return f"${names.setdefault(name, len(names) + 1)}"

    return PLACEHOLDER.sub(number, query)


def _skip_without(extension: str, connection: psycopg.Connection) -> None:
    query = "SELECT 1 FROM pg_available_extensions WHERE name = %s"
    if connection.execute(query, (extension,)).fetchone() is None:
        pytest.skip(f"this server has no extension {extension}")


@pytest.fixture(scope="module")
def prepared_on(each_server: Server) -> Iterator[psycopg.Connection]:
    with psycopg.connect(each_server.url, autocommit=False) as connection:
        yield connection


@pytest.mark.parametrize(("folder", "name"), _names(), ids=str)
def test_query_is_understood(
    folder: str, name: str, prepared_on: psycopg.Connection, each_server: Server
) -> None:
    path = _variant(folder, name, each_server.version)
    if path is None:
        pytest.skip(f"{folder}/{name}.sql is for later versions")
    header = SqlHeader.read(path)
    if header.requires:
        # An extension such as TimescaleDB has to be created by the first command of a session.
        with psycopg.connect(each_server.url, autocommit=False) as fresh:
            _understood(path, header, fresh)
    else:
        _understood(path, header, prepared_on)


def _understood(path: Path, header: SqlHeader, connection: psycopg.Connection) -> None:
    try:
        for extension in header.requires:
            _skip_without(extension, connection)
            connection.execute(sql.SQL("CREATE EXTENSION IF NOT EXISTS {}").format(sql.Identifier(extension)))
        text = path.read_text(encoding="utf-8")
        if not header.is_query:
            connection.execute(text.encode())
            return
        result = connection.pgconn.prepare(b"", numbered_parameters(text).encode())
        assert result.status == pq.ExecStatus.COMMAND_OK, result.error_message.decode()
        described = connection.pgconn.describe_prepared(b"")
        returned = [(described.fname(n) or b"").decode() for n in range(described.nfields)]
        assert tuple(returned) == header.columns
    finally:
        connection.rollback()

"""Look for damage in a live database: page checksums, and every table and index by amcheck.

pg_amcheck reads all pages of tables (PostgreSQL 14 on) and B-tree indexes, and looks each row up in its
indexes; it locks nothing that writers need. It finds what checksums cannot: rows missing from an index after
a change of collation, broken visibility, bugs.
"""

from __future__ import annotations

import re
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from psycopg import sql

from pgwright.backup.programs import client_environment, newest_programs
from pgwright.backup.repository.streams import feed
from pgwright.errors import BackupFailed, ConnectError, ExtensionMissingError, PrivilegeError
from pgwright.pg.address import parse_address
from pgwright.pg.capabilities import has
from pgwright.pg.connect import connect
from pgwright.pg.extensions import package_for
from pgwright.pg.quoting import Name, render

if TYPE_CHECKING:
    import psycopg

Progress = Callable[[str, int, int], None]

_REPORT = re.compile(
    r"^(?P<kind>heap table|btree index) \"[^\"]*?\.(?P<schema>[^\"]*?)\.(?P<name>[^\"]*)\""
    r"(?P<place>[^\n]*):\n(?P<words>(?:[ \t]+[^\n]*\n?)+)",
    re.MULTILINE,
)
# Long values are kept in a table of their own, whose name says nothing to anybody.
_TOAST = (
    "SELECT t.relname, n.nspname, c.relname FROM pg_class c JOIN pg_class t ON t.oid = c.reltoastrelid "
    "JOIN pg_namespace n ON n.oid = c.relnamespace"
)
# A page names the file that it is in: read through an index, it may be one of the table.
_PAGE = re.compile(r'in block \d+ of relation "?(?P<path>[\w/]+\d)')
_FILES = (
    "SELECT pg_relation_filepath(c.oid), CASE WHEN c.relkind = 'i' THEN 'index' ELSE 'table' END, "
    "n.nspname, c.relname FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace "
    "WHERE pg_relation_filepath(c.oid) IS NOT NULL"
)
_CRASH = "server closed the connection unexpectedly"
_RESTART_SECONDS = 60.0
_FAILURES = "SELECT checksum_failures FROM pg_stat_database WHERE datname = current_database()"


@dataclass(frozen=True, kw_only=True)
class Damage:
    """Name something that is damaged: a ``table`` or an ``index``, what was found, and what to do."""

    kind: str
    name: str
    words: str
    remedy: str


@dataclass(frozen=True, kw_only=True)
class Examination:
    """Say how a database is: `checksums` tells whether its pages carry any.

    `failures` counts pages that did not fit theirs since the statistics were reset. `crashed` tells that the
    server went down over the last of the damages, so that what comes after it was not read.
    """

    checksums: bool
    failures: int
    damages: tuple[Damage, ...]
    crashed: bool = False

    @property
    def is_sound(self) -> bool:
        """Tell whether nothing was found."""
        return not self.damages and not self.failures


def examine_database(url: str, *, install: bool = False, progress: Progress | None = None) -> Examination:
    """Read the whole database at `url` and return what is damaged.

    `install` creates the extension amcheck where it is missing. Raises `ExtensionMissingError` without it,
    `PrivilegeError` for a role that may not use it.
    """
    with connect(url, autocommit=True) as conn:
        _require_amcheck(conn, install=install)
        row = conn.execute("SHOW data_checksums").fetchone()
        found = _by_program(url, conn) if has(conn, "amcheck_program") else _by_query(conn, progress)
    crashed = any(_CRASH in damage.words for damage in found)
    return Examination(
        checksums=row == ("on",), failures=_failures(url, wait=crashed), damages=tuple(found), crashed=crashed
    )


def _failures(url: str, *, wait: bool) -> int:
    """Return how many pages did not fit their checksums; `wait` for a server that recovers from a crash."""
    deadline = time.monotonic() + _RESTART_SECONDS
    while True:
        try:
            with connect(url, autocommit=True) as conn:
                row = conn.execute(_FAILURES).fetchone()
                return (row[0] or 0) if row else 0
        except ConnectError:
            if not wait or time.monotonic() > deadline:
                raise
            time.sleep(0.5)


def _require_amcheck(conn: psycopg.Connection[Any], *, install: bool) -> None:
    import psycopg  # noqa: PLC0415

    if conn.execute("SELECT 1 FROM pg_extension WHERE extname = 'amcheck'").fetchone():
        return
    if not install:
        raise ExtensionMissingError(
            "the database lacks the extension amcheck, which reads tables and indexes for damage",
            detail="nothing was changed",
            hint="add --install, or as a superuser: CREATE EXTENSION amcheck",
        )
    try:
        conn.execute("CREATE EXTENSION amcheck")
    except psycopg.errors.InsufficientPrivilege as error:
        raise PrivilegeError(
            "only a superuser may create the extension amcheck",
            detail=str(error.diag.message_primary),
            hint="as a superuser: CREATE EXTENSION amcheck",
        ) from error
    except psycopg.Error as error:
        raise ExtensionMissingError(
            "the server does not have the extension amcheck",
            detail=str(error.diag.message_primary),
            hint=f"install {package_for('amcheck', conn.info.server_version // 10000)}",
        ) from error


def _by_program(url: str, conn: psycopg.Connection[Any]) -> list[Damage]:
    address = parse_address(url)
    programs = newest_programs(conn.info.server_version // 10000)
    # Each row is looked up in every index of its table: the comparison of heap and index.
    command: list[str | Path] = [
        programs.program("pg_amcheck"),
        "--no-password",
        "--heapallindexed",
        f"--database={conn.info.dbname}",
    ]
    places = Places.of(conn)
    code, words = feed(command, (), environment=client_environment(programs, address))
    damages = parse_report(words, places)
    if code and not damages:
        raise BackupFailed("pg_amcheck failed", detail=words, hint="run it as a superuser")
    return damages


@dataclass(frozen=True, kw_only=True)
class Places:
    """Say what people know as that which is damaged.

    `owners` names the tables whose long values are in the given tables of ``pg_toast``, `files` the kind,
    schema and name of what is in a file.
    """

    owners: Mapping[str, str]
    files: Mapping[str, tuple[str, str, str]]

    @classmethod
    def of(cls, conn: psycopg.Connection[Any]) -> Places:
        """Return those of a database."""
        owners = {toast: render(Name(schema, name)) for toast, schema, name in conn.execute(_TOAST)}
        return cls(owners=owners, files={path: (*what,) for path, *what in conn.execute(_FILES)})

    def damage(self, kind: str, schema: str, name: str, words: str) -> Damage:
        """Return what is damaged where something was found while `name` was read."""
        page = _PAGE.search(words)
        if page and page["path"] in self.files:
            kind, schema, name = self.files[page["path"]]
        known = render(Name(schema, name))
        if kind == "table" and schema == "pg_toast":
            known, words = self.owners.get(name, known), f"in its long values, {known}: {words}"
        return _damage(kind, known, words)


def parse_report(words: str, places: Places) -> list[Damage]:
    """Return what pg_amcheck reports, one entry for each table and index that is damaged."""
    found: dict[tuple[str, str], Damage] = {}
    for match in _REPORT.finditer(words):
        kind = "table" if match["kind"] == "heap table" else "index"
        said = f"{match['place'].strip(', ')} {match['words'].strip()}".strip()
        damage = places.damage(kind, match["schema"], match["name"], said)
        found.setdefault((damage.kind, damage.name), damage)
    return list(found.values())


def _by_query(conn: psycopg.Connection[Any], progress: Progress | None) -> list[Damage]:
    """Do what PostgreSQL 12 and 13 can: every B-tree index against its table."""
    import psycopg  # noqa: PLC0415

    indexes = conn.execute(
        "SELECT n.nspname, c.relname, c.oid FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace "
        "JOIN pg_am a ON a.oid = c.relam JOIN pg_index i ON i.indexrelid = c.oid "
        "WHERE a.amname = 'btree' AND c.relkind = 'i' AND c.relpersistence <> 't' AND i.indisvalid "
        "ORDER BY 1, 2"
    ).fetchall()
    places = Places.of(conn)
    found: dict[tuple[str, str], Damage] = {}
    for number, (schema, name, oid) in enumerate(indexes, start=1):
        try:
            conn.execute(sql.SQL("SELECT bt_index_check({}::regclass, true)").format(sql.Literal(oid)))
        except (psycopg.errors.DataCorrupted, psycopg.errors.IndexCorrupted, psycopg.InternalError) as error:
            damage = places.damage("index", schema, name, str(error.diag.message_primary))
            found.setdefault((damage.kind, damage.name), damage)
        if progress:
            progress("indexes read", number, len(indexes))
    return list(found.values())


def _damage(kind: str, name: str, words: str) -> Damage:
    if kind == "index":
        # Those of the system's own tables cannot be built beside the old one.
        how = "" if name.startswith("pg_catalog.") else " CONCURRENTLY"
        remedy = f"REINDEX INDEX{how} {name}; then look again"
    else:
        remedy = (
            "stop the server, and keep a copy of its data directory as it is; start it again, then bring the "
            "table back beside it: from a base backup with all later changes, pgwright backup recover "
            f"--latest, or from a dump, pgwright backup restore --as NAME; take {name} from there"
        )
    return Damage(kind=kind, name=name, words=words, remedy=remedy)

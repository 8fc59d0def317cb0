"""Restore tables, or the data alone, into a database that exists: one transaction, counted before it ends.

Rows only go into tables that are missing or empty. Foreign keys of the tables come off for the load and are
added again afterwards, which checks every row; so the order of tables does not matter, nobody needs to be
superuser, and nothing is left unchecked.
"""

from __future__ import annotations

import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import chain
from typing import TYPE_CHECKING, Any

from psycopg import sql
from psycopg.rows import dict_row

from pgwright.backup import contents
from pgwright.backup.inventory import MIGRATION_RECORDS
from pgwright.backup.load import Progress, archive_sql, in_memory, listing, run_script
from pgwright.backup.manifest import DatabaseFacts, Manifest, Role, StoredFile, TableFacts
from pgwright.backup.programs import client_environment, newest_programs
from pgwright.backup.repository import Repository
from pgwright.backup.restore import Restored, dump_facts
from pgwright.backup.rewriting import rewritten
from pgwright.errors import TargetNotEmpty, UsageError
from pgwright.pg.address import parse_address
from pgwright.pg.connect import connect
from pgwright.pg.session import advisory_lock
from pgwright.pg.sqlfiles import load_sql
from pgwright.server import Binaries

if TYPE_CHECKING:
    import psycopg


def restore_tables(
    repository: Repository,
    backup: Manifest,
    url: str,
    wanted: Sequence[str],
    *,
    owner: bool = True,
    roles: tuple[tuple[str, str], ...] = (),
    progress: Progress | None = None,
) -> Restored:
    """Restore tables of a backup into the database at `url`.

    By default these are all but the records of migrations and those of pgwright.
    Raises `TargetNotEmpty` where one holds rows already, `RestoreFailed` where something does not fit; the
    database is then as it was.
    """
    began = time.monotonic()
    facts, chosen = _chosen(backup, wanted)
    address = parse_address(url)
    with connect(url, autocommit=True) as conn, advisory_lock(conn, "restore tables"):
        major = conn.info.server_version // 10000
        present = _present(conn, chosen)
        programs = newest_programs(max(major, int(backup.program.split(".")[0])))
        script = _Script(
            repository=repository,
            backup=backup,
            programs=programs,
            major=major,
            chosen=chosen,
            present=present,
            options=() if owner else ("--no-owner", "--no-privileges"),
            progress=progress,
        )
        off, on = _guards(conn, present)
        flow = chain(
            (off,), rewritten(script.rows(), roles, notes=facts.column_notes), (on, _counts(chosen, conn))
        )
        run_script(programs, client_environment(programs, address), flow, whole=True)
    return Restored(
        name=address.dbname,
        backup=backup.id,
        kept=None,
        tables=len(chosen),
        rows=sum(table.rows or 0 for table in chosen),
        seconds=time.monotonic() - began,
        notes=(),
    )


def check_tables(backup: Manifest, url: str, wanted: Sequence[str]) -> None:
    """Raise what `restore_tables` would before it begins, so that nobody is asked in vain."""
    _, chosen = _chosen(backup, wanted)
    with connect(url, autocommit=True) as conn:
        _present(conn, chosen)


def _chosen(backup: Manifest, wanted: Sequence[str]) -> tuple[DatabaseFacts, tuple[TableFacts, ...]]:
    """Return what a backup says of its database, and of the wanted tables."""
    facts = dump_facts(backup, backup.content)
    if backup.of(Role.SQL):
        raise UsageError(
            f"backup {backup.id} is plain SQL: it can only be restored whole",
            hint="for single tables choose another form: pgwright backup create --format custom",
        )
    return facts, _named(facts.tables, wanted, backup)


def _named(tables: Sequence[TableFacts], wanted: Sequence[str], backup: Manifest) -> tuple[TableFacts, ...]:
    if not wanted:
        # They say what the schema is, which is there already, and not what it holds.
        return tuple(t for t in tables if t.name not in MIGRATION_RECORDS and t.schema != "pgwright")
    found = []
    for name in wanted:
        matching = [t for t in tables if name in (str(t), t.name)]
        if len(matching) != 1:
            which = "several tables" if matching else "no table"
            raise UsageError(
                f"backup {backup.id} holds {which} called {name}",
                hint="its tables: pgwright backup list --json; write a name with its schema",
            )
        found += matching
    return tuple(found)


def _present(conn: psycopg.Connection[Any], chosen: Sequence[TableFacts]) -> frozenset[TableFacts]:
    """Return the tables that exist. Raises `TargetNotEmpty` for one with rows."""
    found = set()
    for table in chosen:
        name = sql.Identifier(table.schema, table.name)
        row = conn.execute("SELECT to_regclass(%s) IS NOT NULL", (name.as_string(conn),)).fetchone()
        if not row or not row[0]:
            continue
        if conn.execute(sql.SQL("SELECT 1 FROM ONLY {} LIMIT 1").format(name)).fetchone():
            raise TargetNotEmpty(
                f"the table {table} holds rows already",
                detail="nothing was changed",
                hint="restore beside it with --as NAME, and take from there what you need",
            )
        found.add(table)
    return frozenset(found)


@dataclass(frozen=True, kw_only=True)
class _Script:
    """Make the SQL that restores the chosen tables; those in `present` exist and are empty."""

    repository: Repository
    backup: Manifest
    programs: Binaries
    major: int
    chosen: Sequence[TableFacts]
    present: frozenset[TableFacts]
    options: tuple[str, ...]
    progress: Progress | None

    def rows(self) -> Iterator[bytes]:
        """Yield definitions of the tables that are missing, rows, then indexes and constraints."""
        total = sum(file.plain_size for file in self.backup.files)
        done = 0
        for section in ("--section=pre-data", "--section=data", "--section=post-data"):
            for file in self._files(section):
                for chunk in self._section(file, section):
                    done += len(chunk)
                    if self.progress:
                        self.progress("bytes restored", min(done, total), total)
                    yield chunk

    def _section(self, file: StoredFile, section: str) -> Iterator[bytes]:
        lines = self._lines(file)
        if not lines:
            return
        with in_memory([("\n".join(lines) + "\n").encode()]) as path:
            options = (*self.options, section, f"--use-list={path}")
            archive = self.repository.read(self.backup.id, file)
            yield from archive_sql(self.programs, archive, options, major=self.major)

    def _files(self, section: str) -> tuple[StoredFile, ...]:
        if whole := self.backup.of(Role.WHOLE):
            return whole
        return self.backup.of(Role.DATA if section == "--section=data" else Role.SCHEMA)

    def _lines(self, file: StoredFile) -> list[str]:
        """Return the wanted lines of an archive's contents: of tables that exist, the data alone."""
        entries = contents.parse(listing(self.programs, self.repository.read(self.backup.id, file)))
        new = [table for table in self.chosen if table not in self.present]
        filled = [e for e in contents.of_tables(entries, tuple(self.present)) if e.is_data]
        return [entry.line for entry in (*contents.of_tables(entries, new), *filled)]


def _guards(conn: psycopg.Connection[Any], present: frozenset[TableFacts]) -> tuple[bytes, bytes]:
    """Return the SQL that takes foreign keys and triggers off the tables, and that which puts them back."""
    off, on = [], []
    text = load_sql("pgwright.backup", "guards", 12)
    with conn.cursor(row_factory=dict_row) as cursor:
        cursor.execute(text.encode(), {"tables": [[t.schema, t.name] for t in present]})
        for row in cursor.fetchall():
            off.append(row["off"])
            on.append(row["back"])
    return "\n".join([*off, ""]).encode(), "\n".join(["RESET search_path;", *reversed(on), ""]).encode()


def _counts(chosen: Sequence[TableFacts], conn: psycopg.Connection[Any]) -> bytes:
    """Return SQL that fails, and with it the transaction, where a table has other rows than the backup."""
    check = sql.SQL(
        "DO $check$ DECLARE found bigint; BEGIN SELECT count(*) INTO found FROM ONLY {table}; "
        "IF found <> {rows} THEN RAISE EXCEPTION USING MESSAGE = format('%s has %s rows, the backup %s', "
        "{name}, found, {rows}); END IF; END $check$;"
    )
    return b"\n".join(
        check.format(
            table=sql.Identifier(table.schema, table.name),
            rows=sql.Literal(table.rows),
            name=sql.Literal(str(table)),
        ).as_bytes(conn)
        for table in chosen
        if table.rows is not None
    )

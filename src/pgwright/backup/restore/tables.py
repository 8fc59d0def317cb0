"""Restore tables, or the data alone, into a database that exists: one transaction, counted before it ends.

Rows only go into tables that are missing or empty. Foreign keys of the tables come off for the load and are
added again afterwards, which checks every row; so the order of tables does not matter, nobody needs to be
superuser, and nothing is left unchecked.
"""

from __future__ import annotations

import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import chain
from typing import TYPE_CHECKING, Any

from psycopg import sql
from psycopg.rows import dict_row

from pgwright.backup.contents import archive as contents
from pgwright.backup.contents.inventory import MIGRATION_RECORDS
from pgwright.backup.programs import client_environment, newest_programs
from pgwright.backup.repository.manifest import Content, DatabaseFacts, Manifest, Role, StoredFile, TableFacts
from pgwright.backup.repository.repository import Repository
from pgwright.backup.restore.database import Restored, dump_facts
from pgwright.backup.restore.load import Progress, archive_sql, in_memory, listing, run_script
from pgwright.backup.restore.rewriting import rewritten
from pgwright.errors import TargetNotEmpty, UsageError
from pgwright.kinds.timeseries.policy_carry import Carried, carrying, missing_for
from pgwright.kinds.timeseries.rollup_names import trigger_names
from pgwright.model.names import QualifiedName
from pgwright.pg.address import parse_address
from pgwright.pg.connect import connect
from pgwright.pg.materialized import refreshes
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
    places = _places(chosen, routed=backup.content is Content.DATA)
    address = parse_address(url)
    with connect(url, autocommit=True) as conn, advisory_lock(conn, "restore tables"):
        major = conn.info.server_version // 10000
        filled = _present(conn, places)
        present = frozenset(table for place in filled for table in place.parts)
        made = tuple(table for table in chosen if table not in present)
        declared, notes = _declarations(conn, facts.policies, filled, made)
        programs = newest_programs(max(major, int(backup.program.split(".")[0])))
        script = _Script(
            repository=repository,
            backup=backup,
            programs=programs,
            major=major,
            made=made,
            present=present,
            without=_triggers_without_function(conn, facts.policies),
            options=() if owner else ("--no-owner", "--no-privileges"),
            progress=progress,
        )
        off, on = _guards(conn, filled)
        flow = chain(
            (off,),
            rewritten(script.rows(), roles, notes=facts.column_notes),
            (on, declared, _counts(places, conn), *(() if wanted else _refreshes(conn))),
        )
        run_script(programs, client_environment(programs, address), flow, whole=True)
    return Restored(
        name=address.dbname,
        backup=backup.id,
        kept=None,
        tables=replace(facts, tables=chosen).table_count,
        rows=sum(table.rows or 0 for table in chosen),
        seconds=time.monotonic() - began,
        notes=notes,
    )


def check_tables(backup: Manifest, url: str, wanted: Sequence[str]) -> None:
    """Raise what `restore_tables` would before it begins, so that nobody is asked in vain."""
    _, chosen = _chosen(backup, wanted)
    with connect(url, autocommit=True) as conn:
        _present(conn, _places(chosen, routed=backup.content is Content.DATA))


def _chosen(backup: Manifest, wanted: Sequence[str]) -> tuple[DatabaseFacts, tuple[TableFacts, ...]]:
    """Return what a backup says of its database, and of the wanted tables."""
    facts = dump_facts(backup, backup.content)
    if backup.of(Role.SQL):
        raise UsageError(
            f"backup {backup.id} is plain SQL: it can only be restored whole",
            hint="for single tables choose another form: pgwright backup create --format custom",
        )
    chosen = _named(facts.tables, wanted, backup)
    for table in chosen:
        if table.hypertable:
            raise UsageError(
                f"{table} is a hypertable: its rows come back with the whole database only",
                detail="they are in chunks that TimescaleDB's own catalog lists; nothing was changed",
                hint="restore beside it with --as NAME, and bring rows over from there: pgwright data export",
            )
    return facts, chosen


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
        # A partitioned table is there with all of its partitions.
        (table,) = matching
        found += [t for t in tables if t == table or t.root == (table.schema, table.name)]
    return tuple(found)


@dataclass(frozen=True, kw_only=True)
class _Place:
    """Name a table that rows go into, with the tables of the backup that they come from.

    Into a `routed` one they go through the partitioned table itself, so that its partitions may be others.
    """

    schema: str
    name: str
    parts: tuple[TableFacts, ...]
    routed: bool

    @property
    def table(self) -> sql.Composed:
        """Compose what is read for the rows of the place."""
        only = "" if self.routed else "ONLY "
        return sql.SQL("{}{}").format(sql.SQL(only), sql.Identifier(self.schema, self.name))

    def __str__(self) -> str:
        return f"{self.schema}.{self.name}"


def _places(chosen: Sequence[TableFacts], *, routed: bool) -> tuple[_Place, ...]:
    """Return where the rows go: backups of rows alone name the partitioned table for those of partitions."""
    parts: dict[tuple[str, str], list[TableFacts]] = {}
    for table in chosen:
        own = (table.schema, table.name)
        parts.setdefault((table.root or own) if routed else own, []).append(table)
    return tuple(
        _Place(schema=schema, name=name, parts=tuple(tables), routed=routed and len(tables) > 1)
        for (schema, name), tables in parts.items()
    )


def _present(conn: psycopg.Connection[Any], places: Sequence[_Place]) -> tuple[_Place, ...]:
    """Return the places that exist. Raises `TargetNotEmpty` for one with rows."""
    found = []
    for place in places:
        name = sql.Identifier(place.schema, place.name)
        row = conn.execute("SELECT to_regclass(%s) IS NOT NULL", (name.as_string(conn),)).fetchone()
        if not row or not row[0]:
            continue
        if conn.execute(sql.SQL("SELECT 1 FROM {} LIMIT 1").format(place.table)).fetchone():
            raise TargetNotEmpty(
                f"the table {place} holds rows already",
                detail="nothing was changed",
                hint="restore beside it with --as NAME, and take from there what you need",
            )
        found.append(place)
    return tuple(found)


def _declarations(
    conn: psycopg.Connection[Any],
    policies: Sequence[Carried],
    filled: Sequence[_Place],
    made: Sequence[TableFacts],
) -> tuple[bytes, tuple[str, ...]]:
    """Return the SQL that takes along what is declared about the tables, and what stays behind of it."""
    full = {QualifiedName(place.schema, place.name) for place in filled}
    new = {QualifiedName(table.schema, table.name) for table in made}
    known = [policy for policy in policies if policy.about.name in full]
    fresh = [policy for policy in policies if policy.about.name in new]
    statements = [
        *carrying(conn, known, declare=False),
        *carrying(conn, fresh, coming=new),
    ]
    notes = tuple(
        f"rollup {policy.name} of {policy.about.path} stays behind; "
        "to have it here, too: pgwright policy apply"
        for policy in fresh
        if missing_for(conn, policy, new)
    )
    return b";\n".join([*(statement.as_bytes(conn) for statement in statements), b""]), notes


def _triggers_without_function(conn: psycopg.Connection[Any], policies: Sequence[Carried]) -> frozenset[str]:
    """Return the names of the triggers, on tables and their partitions, of rollups that are not here."""
    return frozenset(
        name
        for policy in policies
        if policy.filled is not None and missing_for(conn, policy, (policy.about.name, policy.filled))
        for name in trigger_names(policy.filled)
    )


@dataclass(frozen=True, kw_only=True)
class _Script:
    """Make the SQL that makes some tables and fills them and others; those in `present` exist and are empty.

    `without` are the names of triggers whose function is not there.
    """

    repository: Repository
    backup: Manifest
    programs: Binaries
    major: int
    made: Sequence[TableFacts]
    present: frozenset[TableFacts]
    without: frozenset[str]
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
        filled = [e for e in contents.of_tables(entries, tuple(self.present)) if e.is_data]
        made = [e for e in contents.of_tables(entries, self.made) if not self._lacks_function(e)]
        return [entry.line for entry in (*made, *filled)]

    def _lacks_function(self, entry: contents.Entry) -> bool:
        if entry.kind != "TRIGGER":
            return False
        return any(f" {name} " in entry.rest for name in self.without)


def _guards(conn: psycopg.Connection[Any], filled: Sequence[_Place]) -> tuple[bytes, bytes]:
    """Return the SQL that takes foreign keys and triggers off the tables, and that which puts them back."""
    off, on = [], []
    text = load_sql("pgwright.backup.restore", "guards", 12)
    with conn.cursor(row_factory=dict_row) as cursor:
        cursor.execute(text.encode(), {"tables": [[p.schema, p.name] for p in filled]})
        for row in cursor.fetchall():
            off.append(row["off"])
            on.append(row["back"])
    return "\n".join([*off, ""]).encode(), "\n".join(["RESET search_path;", *reversed(on), ""]).encode()


def _refreshes(conn: psycopg.Connection[Any]) -> Iterator[bytes]:
    """Yield what fills the materialized views, of which a dump of rows says nothing."""
    for _, _, text in refreshes(conn):
        yield text.as_bytes(conn) + b";\n"


def _counts(places: Sequence[_Place], conn: psycopg.Connection[Any]) -> bytes:
    """Return SQL that fails, and with it the transaction, where a table has other rows than the backup."""
    check = sql.SQL(
        "DO $check$ DECLARE found bigint; BEGIN SELECT count(*) INTO found FROM {table}; "
        "IF found <> {rows} THEN RAISE EXCEPTION USING MESSAGE = format('%s has %s rows, the backup %s', "
        "{name}, found, {rows}); END IF; END $check$;"
    )
    return b"\n".join(
        check.format(
            table=place.table,
            rows=sql.Literal(sum(part.rows or 0 for part in place.parts)),
            name=sql.Literal(str(place)),
        ).as_bytes(conn)
        for place in places
        if all(part.rows is not None for part in place.parts)
    )

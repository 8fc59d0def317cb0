"""Restore a dump as a database: beside whatever has the name, verified, then swapped by renaming.

The new database grows under ``<name>_restoring``; until it was verified nothing of the old one is touched,
and then the old one is kept as ``<name>_before_<time>``. An advisory lock in the maintenance database makes
a ``_restoring`` that nobody holds a leftover, which the next restore drops.
"""

from __future__ import annotations

import time
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from psycopg import sql

from pgwright.backup.repository.manifest import RECORDS, Content, DatabaseFacts, Manifest, Role, TableFacts
from pgwright.backup.repository.repository import Repository
from pgwright.backup.repository.streams import Told
from pgwright.backup.restore import target
from pgwright.backup.restore.load import Loader, Progress
from pgwright.backup.restore.roles import create_roles, require_roles
from pgwright.errors import (
    RestoreFailed,
    TargetNotEmpty,
    UnsupportedServerError,
    UsageError,
)
from pgwright.kinds.timeseries.policy_carry import carry
from pgwright.model.wording import counted
from pgwright.pg.address import Address, parse_address
from pgwright.pg.connect import connect
from pgwright.pg.session import advisory_lock
from pgwright.pg.timescale import TIMESCALE, as_at_work, end_restoring
from pgwright.verify.fingerprint import Fingerprint, compare_fingerprints
from pgwright.verify.result import Verdict

if TYPE_CHECKING:
    import psycopg


@dataclass(frozen=True, kw_only=True)
class RestoreOptions:
    """Say how a database is restored.

    `replace` lets an existing database of the name give way; it is kept under another name. `owner` False
    leaves owners and grants out: everything then belongs to the role that restores. `roles` maps old
    roles to new ones, `create_roles` makes those that the server lacks.
    """

    name: str
    content: Content = Content.ALL
    replace: bool = False
    jobs: int = 1
    owner: bool = True
    roles: tuple[tuple[str, str], ...] = ()
    create_roles: bool = False


@dataclass(frozen=True, kw_only=True)
class Restored:
    """Say what a restore did: `kept` is the name that the old database has now."""

    name: str
    backup: str
    kept: str | None
    tables: int
    rows: int
    seconds: float
    notes: tuple[str, ...]


def check_restore(backup: Manifest, url: str, options: RestoreOptions) -> None:
    """Raise what `restore_database` would before it begins, so that nobody is asked in vain."""
    facts = dump_facts(backup, options.content)
    if backup.of(Role.SQL) and not options.owner:
        raise UsageError(
            f"backup {backup.id} is plain SQL: owners and grants cannot be left out of it",
            detail="nothing was changed",
            hint="make its roles with --create-roles, or give their things to others with --map-role OLD=NEW",
        )
    target.draft_of(options.name)
    with target.maintenance(parse_address(url), options.name) as conn:
        require_room(conn, backup, options)
        target.require_extensions(conn, facts)
        if options.owner and not options.create_roles:
            require_roles(conn, facts, options.roles)


def restore_database(
    repository: Repository,
    backup: Manifest,
    url: str,
    options: RestoreOptions,
    *,
    progress: Progress | None = None,
) -> Restored:
    """Restore a logical backup on the server of `url` and verify it against the manifest.

    Raises `TargetNotEmpty` where the name is taken and `options.replace` is not set, `RestoreFailed` where a
    program fails or the result differs (the old database is then as it was), `BackupDamaged`, `WrongKey`.
    """
    began = time.monotonic()
    facts = dump_facts(backup, options.content)
    server = parse_address(url)
    draft = target.draft_of(options.name)
    with target.maintenance(server, options.name) as conn, advisory_lock(conn, f"restore {draft}"):
        require_room(conn, backup, options)
        target.require_extensions(conn, facts)
        notes: list[str] = []
        if options.create_roles and (made := create_roles(conn, repository, backup)):
            notes.append(f"created the roles {', '.join(made)}")
        if options.owner:
            require_roles(conn, facts, options.roles)
        target.drop(conn, draft)
        loader = Loader(
            repository=repository,
            backup=backup,
            address=server.with_database(draft),
            major=conn.info.server_version // 10000,
            jobs=options.jobs,
            owner=options.owner,
            roles=options.roles,
            told=Told(progress, "bytes restored", sum(file.plain_size for file in backup.files)),
        )
        try:
            notes += target.create(conn, draft, facts)
            _fill(loader, options.content, facts)
            with connect(loader.address.text, autocommit=True) as filled:
                rows = verify_counts(as_at_work(filled, loader.address), facts, options.content)
                end_restoring(filled)
            target.apply_settings(conn, draft, facts)
        except BaseException:
            target.drop(conn, draft)
            raise
        kept = target.swap(conn, draft, options.name)
    return Restored(
        name=options.name,
        backup=backup.id,
        kept=kept,
        tables=facts.table_count,
        rows=rows,
        seconds=time.monotonic() - began,
        notes=tuple(notes),
    )


def holds_a_server(id: str) -> UsageError:
    """Return the error for a base backup, whoever made it, where a dump is needed."""
    return UsageError(
        f"backup {id} holds the files of a whole server, not a database",
        hint="recover the server beside the old one: pgwright backup recover --latest",
    )


def dump_facts(backup: Manifest, content: Content) -> DatabaseFacts:
    """Return what the backup says of its database. Raises `UsageError` where it cannot serve."""
    if backup.is_physical:
        raise holds_a_server(backup.id)
    missing = {Content.SCHEMA: Content.DATA, Content.DATA: Content.SCHEMA}
    if backup.content is not Content.ALL and backup.content is not content:
        raise UsageError(
            f"backup {backup.id} holds the {backup.content} only",
            hint=f"add --{backup.content}-only"
            + ("" if missing[backup.content] is Content.DATA else ", into a database that has the schema"),
        )
    if content is not Content.ALL and backup.of(Role.SQL) and backup.content is Content.ALL:
        raise UsageError(
            f"backup {backup.id} is plain SQL: it can only be restored whole",
            hint="for parts of it choose another form: pgwright backup create --format custom",
        )
    return backup.databases[0]


def verify_counts(address: Address, facts: DatabaseFacts, content: Content) -> int:
    """Compare each table with the manifest: its rows, and its contents where that has checksums.

    Returns how many rows there are altogether.

    Raises `RestoreFailed` naming the tables that differ.
    """
    if content is Content.SCHEMA:
        return 0
    wrong, total = [], 0
    with connect(address.text, autocommit=True) as conn:
        for table in facts.tables:
            found = _rows(conn, table)
            total += 0 if table.schema == RECORDS else found or 0
            if table.rows is not None and found != table.rows:
                has = "is missing" if found is None else f"has {found:,} rows"
                wrong.append(f"{table} {has}, the backup {table.rows:,}")
    if not wrong and facts.fingerprints:
        expected = [Fingerprint.from_dict(data) for data in facts.fingerprints]
        wrong = [
            f"{table.name} has other contents"
            for table in compare_fingerprints(address.text, expected)
            if table.verdict is not Verdict.EQUAL
        ]
    if wrong:
        raise RestoreFailed(
            f"of {counted(len(facts.tables), 'table')}, {len(wrong)} not as in the backup",
            detail="; ".join(wrong[:10]) + "; the new database was dropped, the old one is as it was",
            hint="look for triggers or rules that change rows, and verify the backup: pgwright backup verify",
        )
    return total


def _rows(conn: psycopg.Connection[Any], table: TableFacts) -> int | None:
    import psycopg  # noqa: PLC0415

    name = sql.Identifier(table.schema, table.name)
    try:
        row = conn.execute(sql.SQL("SELECT count(*) FROM ONLY {}").format(name)).fetchone()
    except (psycopg.errors.UndefinedTable, psycopg.errors.InvalidSchemaName):
        return None
    return int(row[0]) if row else None


def require_room(conn: psycopg.Connection[Any], backup: Manifest, options: RestoreOptions) -> None:
    """Raise where the server is too old for the backup, or the name belongs to a database with data."""
    have, need = conn.info.server_version // 10000, backup.server_version // 10000
    if have < need:
        raise UnsupportedServerError(
            f"the backup comes from PostgreSQL {need}, this server is {have}",
            detail="a dump goes to the same or a newer version; nothing was changed",
            hint=f"restore it on PostgreSQL {need} or later; the embedded one is 18: pgwright server start",
        )
    taken = target.exists(conn, options.name) and not target.is_empty(conn, options.name)
    if taken and not options.replace:
        raise TargetNotEmpty(
            f"there is a database {options.name} on this server, and it is not empty",
            detail="nothing was changed",
            hint=f"restore beside it with --as NAME, or in its place with --replace {options.name}; "
            "the old one is then kept under another name",
        )


def _fill(loader: Loader, content: Content, facts: DatabaseFacts) -> None:
    version = facts.extensions.get(TIMESCALE)
    if version:
        with connect(loader.address.text, autocommit=True) as conn:
            target.before_timescale(conn, version)
        # The catalog tables of TimescaleDB refer to each other: their rows have to come in order.
        loader = replace(loader, jobs=1)
    loader.load(content)
    with connect(loader.address.text, autocommit=True) as conn:
        if version:
            conn.execute("SET timescaledb.restoring = off")  # here alone: jobs wait until all is verified
        if content is Content.SCHEMA:
            # Their record is rows, and nothing was ever retired from tables without any.
            with conn.transaction():
                carry(conn, [replace(policy, floor=None) for policy in facts.policies])
        conn.execute("ANALYZE")

"""Keep a copied database up to date by logical replication, and switch over to it.

While rows are copied, a *temporary* slot holds the changes back and exports the snapshot that is copied:
when this process dies, however it dies, the server drops the slot with its session, and no log piles up.
Only when the copy is complete does a permanent slot take over its position, with a subscription that uses it.
"""

from __future__ import annotations

import hashlib
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, replace
from typing import Any

import psycopg
from psycopg import Connection, sql
from psycopg.conninfo import make_conninfo

from pgwright.errors import CopyFailed, FollowRefused
from pgwright.kinds.timeseries.policy_carry import carry, declared_in
from pgwright.model.names import QualifiedName
from pgwright.pg.address import parse_address
from pgwright.pg.connect import connect
from pgwright.pg.quoting import Name, qualified
from pgwright.transfer.copy.choice import Choice
from pgwright.transfer.copy.copy import Copied, Manner, copy_database, resume_copy
from pgwright.transfer.copy.due import resolved_address
from pgwright.transfer.copy.dump import FOLLOWING
from pgwright.transfer.copy.finish import set_sequences
from pgwright.transfer.copy.hypertables import hypertables
from pgwright.transfer.copy.tables import read_tables
from pgwright.verify.contents import Scope, verify_databases
from pgwright.verify.result import Verification

_POLL = 0.2  # seconds
_UNFOLLOWED = (
    "SELECT n.nspname, c.relname, c.relpersistence = 'u' AS unlogged,"
    " c.relreplident = 'n' OR (c.relreplident = 'd' AND NOT EXISTS (SELECT FROM pg_catalog.pg_index i"
    " WHERE i.indrelid = c.oid AND i.indisprimary)) AS bare"
    " FROM pg_catalog.pg_class c JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace"
    " WHERE c.relkind = 'r' AND c.relpersistence <> 't'"
)


@dataclass(frozen=True, kw_only=True)
class Lag:
    """Say how far the target is behind: `bytes` of the source's log, `active` while it is being sent."""

    bytes: int
    active: bool


def name_of(source: str, target: str) -> str:
    """Return the name of the publication, the slot and the subscription between two databases."""
    places = [f"{(a := parse_address(url)).dbname}@{a.place}" for url in (source, target)]
    return FOLLOWING + hashlib.blake2b(" ".join(places).encode(), digest_size=6).hexdigest()


def follow(
    source: str,
    target: str,
    choice: Choice,
    manner: Manner,
    *,
    seen_as: str | None = None,
    resumed: bool = False,
) -> Copied:
    """Copy, and from then on let the target's server fetch every change of the copied tables.

    `seen_as` is how the target's server reaches the source, where that is another address than from here.
    Sequences do not follow; `switch` sets them. `resumed` finishes a copy that was begun before; one whose
    rows were complete then cannot be followed, for what has changed since is not known. Raises
    `FollowRefused` where the source cannot be followed, and what `copy_database` raises; nothing but the
    copy's own marks is left behind then.
    """
    name = name_of(source, target)
    stop(source, target)
    with (
        connect(source, autocommit=True) as conn,
        _publication(conn, name, choice, manner),
        _temporary_slot(source, name) as snapshot,
    ):
        held = replace(manner, snapshot=snapshot)
        done = resume_copy(source, target, held) if resumed else copy_database(source, target, choice, held)
        _subscribe(conn, source, target, name, seen_as)
    return done


def lag(source: str, target: str) -> Lag | None:
    """Return how far the target is behind, None where it does not follow."""
    with connect(source, autocommit=True) as conn:
        row = conn.execute(
            "SELECT pg_catalog.pg_wal_lsn_diff(pg_catalog.pg_current_wal_lsn(), confirmed_flush_lsn)::bigint,"
            " active FROM pg_catalog.pg_replication_slots WHERE slot_name = %s",
            [name_of(source, target)],
        ).fetchone()
    return None if row is None else Lag(bytes=row[0], active=row[1])


def switch(
    source: str,
    target: str,
    manner: Manner,
    *,
    choice: Choice | None = None,
    patience: float = 60,
    compare: bool = True,
) -> Verification | None:
    """Stop writes at the source, let the target catch up, set its sequences, end the replication, compare.

    The source stays read-only: what still wrote to it fails there instead of being lost. When the target
    does not catch up within `patience` seconds the source is opened again and the target goes on following.
    Raises `FollowRefused` where the target does not follow, `CopyFailed` where it did not catch up.
    """
    if lag(source, target) is None:
        raise FollowRefused(
            "the target does not follow the source",
            detail="nothing was changed",
            hint="begin with: pgwright copy SRC DST --follow",
        )
    choice = choice or Choice()
    with (
        connect(source, autocommit=True) as old,
        connect(target, autocommit=True) as new,
    ):
        old.execute("SET default_transaction_read_only = off")
        try:
            _close(old)
            _await(old, name_of(source, target), patience)
            set_sequences(old, new, choice.sequences(old))
        except BaseException:
            open_again(source)
            raise
        stop(source, target)
        # What followed fired no triggers: rollups are computed anew above the floors that they have by now.
        carry(new, declared_in(old), declare=False)
        if not compare:
            return None
        manner.on_note("the target has everything; comparing it with the source")
        scope = Scope(selection=choice.selection, jobs=manner.jobs, schemas=False, workshop=manner.workshop)
        return verify_databases(source, target, scope, on_progress=manner.on_compare)


def open_again(source: str) -> None:
    """Let the source be written again after a switch, or after one that failed."""
    with connect(source, autocommit=True) as conn:
        for statement in opening(conn.info.dbname):
            conn.execute(statement)


def opening(database: str) -> tuple[sql.Composed, ...]:
    """Compose what lets a database be written again; it refuses the second without the first."""
    return (
        sql.SQL("SET default_transaction_read_only = off").format(),
        sql.SQL("ALTER DATABASE {} RESET default_transaction_read_only").format(Name(database)),
    )


def stop(source: str, target: str) -> bool:
    """End the replication and remove all of it from both sides; tell whether there was any."""
    name = name_of(source, target)
    with connect(target, autocommit=True) as conn:
        found = conn.execute("SELECT FROM pg_catalog.pg_subscription WHERE subname = %s", [name]).fetchone()
        if found is not None:
            subscription = sql.Identifier(name)
            # Let go of the slot first: the target may no longer reach the source, while we do.
            for statement in (
                sql.SQL("ALTER SUBSCRIPTION {} DISABLE"),
                sql.SQL("ALTER SUBSCRIPTION {} SET (slot_name = NONE)"),
                sql.SQL("DROP SUBSCRIPTION {}"),
            ):
                conn.execute(statement.format(subscription))
    with connect(source, autocommit=True) as conn:
        conn.execute("SET default_transaction_read_only = off")
        slot = _drop_slot(conn, name)
        conn.execute(sql.SQL("DROP PUBLICATION IF EXISTS {}").format(sql.Identifier(name)))
    return found is not None or slot


def _drop_slot(conn: Connection[Any], name: str) -> bool:
    deadline = time.monotonic() + 30
    query = (
        "SELECT pg_catalog.pg_drop_replication_slot(slot_name) FROM pg_catalog.pg_replication_slots"
        " WHERE slot_name = %s"
    )
    while True:
        try:
            return conn.execute(query, [name]).fetchone() is not None
        except psycopg.errors.ObjectInUse:
            # The sender leaves a moment after its subscription is gone.
            if time.monotonic() > deadline:
                raise
            time.sleep(_POLL)


@contextmanager
def _publication(conn: Connection[Any], name: str, choice: Choice, manner: Manner) -> Iterator[None]:
    """Publish the tables before the slot begins; take the publication away again when the block fails."""
    if found := sorted(map(str, hypertables(conn, choice))):
        # A publication names the chunks there are; rows of those that are made later would be missing.
        raise FollowRefused(
            f"hypertables cannot be followed: {', '.join(found)}",
            detail="nothing was changed",
            hint="leave them out with --exclude, or stop writing and copy without --follow",
        )
    row = conn.execute("SELECT current_setting('wal_level')").fetchone()
    if row != ("logical",):
        raise FollowRefused(
            f"the source does not write what followers need: wal_level is {row[0] if row else ''}",
            detail="nothing was changed",
            hint="at the source: ALTER SYSTEM SET wal_level = logical; then restart it",
        )
    chosen = {table.name for table in choice.tables(read_tables(conn))}
    facts = [
        (QualifiedName(schema, table), unlogged, bare)
        for schema, table, unlogged, bare in conn.execute(_UNFOLLOWED).fetchall()
        if QualifiedName(schema, table) in chosen
    ]
    bare = sorted(str(table) for table, unlogged, without in facts if without and not unlogged)
    if bare:
        # Published without one, each UPDATE and DELETE at the source would fail.
        raise FollowRefused(
            f"tables without a replica identity cannot be followed: {', '.join(bare)}",
            detail="nothing was changed",
            hint=f"give them a primary key, or: ALTER TABLE {bare[0]} REPLICA IDENTITY FULL; "
            "or leave them out with --exclude",
        )
    unlogged = sorted(str(table) for table, without, _ in facts if without)
    if unlogged:
        manner.on_note(f"unlogged tables are copied, but do not follow: {', '.join(unlogged)}")
    tables = sql.SQL(", ").join(
        sql.SQL("ONLY {}").format(qualified(table)) for table, without, _ in facts if not without
    )
    conn.execute(sql.SQL("CREATE PUBLICATION {} FOR TABLE {}").format(sql.Identifier(name), tables))
    try:
        yield
    except BaseException:
        with suppress(psycopg.Error):
            conn.execute(sql.SQL("DROP PUBLICATION IF EXISTS {}").format(sql.Identifier(name)))
        raise


@contextmanager
def _temporary_slot(source: str, name: str) -> Iterator[str]:
    """Hold back changes from here on, and give the snapshot of this moment, while the block runs."""
    address = resolved_address(source)
    params: dict[str, Any] = {
        **address.params,
        "replication": "database",
        "application_name": "pgwright copy",
    }
    with psycopg.connect(**params, autocommit=True) as conn:
        row = conn.execute(
            sql.SQL("CREATE_REPLICATION_SLOT {} TEMPORARY LOGICAL pgoutput EXPORT_SNAPSHOT").format(
                sql.Identifier(f"{name}_copying")
            )
        ).fetchone()
        assert row is not None
        # The snapshot lasts until this session's next command.
        yield row[2]


def _subscribe(conn: Connection[Any], source: str, target: str, name: str, seen_as: str | None) -> None:
    conn.execute(
        "SELECT pg_catalog.pg_copy_logical_replication_slot(%s, %s, false)", [f"{name}_copying", name]
    )
    reached = seen_as or make_conninfo(**resolved_address(source).params)
    try:
        with connect(target, autocommit=True) as there:
            there.execute(
                sql.SQL(
                    "CREATE SUBSCRIPTION {} CONNECTION {} PUBLICATION {}"
                    " WITH (create_slot = false, slot_name = {}, copy_data = false)"
                ).format(sql.Identifier(name), sql.Literal(reached), sql.Identifier(name), sql.Literal(name))
            )
    except BaseException as error:
        _drop_slot(conn, name)
        if isinstance(error, psycopg.Error):
            raise CopyFailed(
                f"the target cannot subscribe: {error.diag.message_primary or error}",
                detail="the copy is complete; nothing of the replication is left on either side",
                hint="name the source as the target's server reaches it: --seen-as 'host=… dbname=…'",
            ) from error
        raise


def _close(conn: Connection[Any]) -> None:
    """Make the source read-only for new sessions, and end the others that could still write."""
    conn.execute(
        sql.SQL("ALTER DATABASE {} SET default_transaction_read_only = on").format(
            sql.Identifier(conn.info.dbname)
        )
    )
    try:
        conn.execute(
            "SELECT pg_catalog.pg_terminate_backend(pid) FROM pg_catalog.pg_stat_activity"
            # Of sessions that this role may not end, the type is hidden: they must be refused, not missed.
            " WHERE datname = pg_catalog.current_database() AND usename IS NOT NULL"
            " AND coalesce(backend_type, 'client backend') = 'client backend'"
            " AND pid <> pg_catalog.pg_backend_pid()"
        )
    except psycopg.errors.InsufficientPrivilege as error:
        raise CopyFailed(
            f"sessions at the source cannot be ended: {error.diag.message_primary}",
            detail="the source is open for writing again, and the target goes on following",
            hint="end them yourself (pgwright inspect activity), or switch as a superuser of the source",
        ) from error


def _await(conn: Connection[Any], name: str, patience: float) -> None:
    """Wait until the target has confirmed all that the source has written."""
    row = conn.execute("SELECT pg_catalog.pg_current_wal_flush_lsn()::text").fetchone()
    assert row is not None
    deadline = time.monotonic() + patience
    query = (
        "SELECT confirmed_flush_lsn >= %s::pg_lsn FROM pg_catalog.pg_replication_slots WHERE slot_name = %s"
    )
    while conn.execute(query, [row[0], name]).fetchone() != (True,):
        if time.monotonic() > deadline:
            raise CopyFailed(
                f"the target did not catch up within {patience:.0f} s",
                detail="the source is open for writing again, and the target goes on following",
                hint="look at the lag: pgwright copy SRC DST --follow; try again when it is small",
            )
        time.sleep(_POLL)

"""What a copy does one after the other: objects before and after the rows, sequences."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from typing import Any

import psycopg
from psycopg import Connection, sql

from pgwright.errors import CopyFailed
from pgwright.model.names import QualifiedName
from pgwright.pg.extensions import package_for
from pgwright.pg.quoting import qualified
from pgwright.pg.timescale import TIMESCALE, begin_restoring
from pgwright.transfer.copy.dump import Entry
from pgwright.transfer.copy.record import doing, failure

_THERE_ALREADY = ("42710", "42P07", "42723")  # an object, a relation, a function


def make_entries(
    conn: Connection[Any],
    run: str,
    entries: Iterable[Entry],
    *,
    stage: str,
    partial: bool,
    on_note: Callable[[str], None],
) -> None:
    """Make each entry in a transaction with its mark.

    In a `partial` copy a foreign key to a table that is not part of it is left out, and noted. Raises
    `CopyFailed` with the entry that cannot be made.
    """
    for entry in entries:
        try:
            with doing(conn, run, f"{stage} {entry.id}") as due:
                if due:
                    conn.execute(_statement(entry).encode())
        except psycopg.errors.UndefinedTable as error:
            if not (partial and entry.type == "FK CONSTRAINT"):
                raise _refused(conn, entry, error, partial=partial) from error
            on_note(f"foreign key {entry.name} is left out: it leads out of what is copied")
        except psycopg.Error as error:
            raise _refused(conn, entry, error) from error
        if entry.type == "EXTENSION" and entry.name == TIMESCALE:
            begin_restoring(conn)


def set_sequences(source: Connection[Any], target: Connection[Any], names: Sequence[QualifiedName]) -> None:
    """Set the target's sequences to where the source's are now; sequences know no snapshot."""
    for name in names:
        position = source.execute(
            sql.SQL("SELECT last_value, is_called FROM {}").format(qualified(name))
        ).fetchone()
        assert position is not None
        target.execute(
            sql.SQL("SELECT pg_catalog.setval({}::regclass, %s, %s)").format(
                sql.Literal(sql.Identifier(name.schema or "public", name.name).as_string(None))
            ),
            position,
        )


def _statement(entry: Entry) -> str:
    """Return the SQL that makes an entry here."""
    if entry.type == "SCHEMA":
        # It may be there already: public is in every new database.
        return entry.sql.replace("CREATE SCHEMA ", "CREATE SCHEMA IF NOT EXISTS ", 1)
    if entry.type == "MATERIALIZED VIEW DATA":
        # It is filled as its owner, who sees here what row policies let them see in the source.
        return f"SET LOCAL row_security = on; {entry.sql}"
    return entry.sql


def _refused(
    conn: Connection[Any], entry: Entry, error: psycopg.Error, *, partial: bool = False
) -> CopyFailed:
    hint = "mend that, then go on with: pgwright copy SRC DST --resume"
    if partial:
        hint = (
            "it needs what was not chosen: begin again with an empty target, and choose that as well, "
            f"or leave this out with --exclude {QualifiedName(entry.schema, entry.name)}"
        )
    if error.sqlstate in _THERE_ALREADY:
        hint = (
            "keep what is there (a type that is dropped with CASCADE takes its columns along): bring rows "
            "alone with --data-only, choose tables with --include, or begin with an empty target"
        )
    if error.sqlstate == "42704" and "role" in str(error):
        hint = "create that role on the target's server, or begin again with --no-owner --no-privileges"
    if entry.type == "EXTENSION" and error.sqlstate in ("0A000", "58P01"):
        package = package_for(entry.name, conn.info.server_version // 10000)
        hint = f"on the target's machine install {package}, then go on with: pgwright copy SRC DST --resume"
    return CopyFailed(
        f"making {entry.type.lower()} {entry.name} failed: {failure(error)}",
        detail=f"SQLSTATE {error.sqlstate}; what is finished stays",
        hint=hint,
    )

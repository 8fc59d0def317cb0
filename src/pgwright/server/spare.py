"""The scratch database that the next command will need, made after the last one has what it wanted.

A new database is three hundred files, whose creation takes longer than most of what is done in it. One that
is empty stands ready on pgwright's own scratch server: it is taken by renaming it, which only one of several
can do, and another is made while nobody waits.
"""

from __future__ import annotations

import contextlib
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import psycopg

SPARE = "pgwright_spare"


def take_spare(holder: psycopg.Connection[Any], name: str) -> bool:
    """Give the spare database another name; tell whether there was one that nobody else took."""
    from psycopg import errors, sql  # noqa: PLC0415

    rename = sql.SQL("ALTER DATABASE {} RENAME TO {}").format(sql.Identifier(SPARE), sql.Identifier(name))
    try:
        if not _is_there(holder):
            return False
        holder.execute(rename)
    except (errors.InvalidCatalogName, errors.ObjectInUse, errors.InternalError_):
        return False
    return True


def leave_spare(holder: psycopg.Connection[Any], create: str) -> None:
    """Have the server make a spare database where there is none, by the statement `create`; close `holder`.

    Nobody waits for it, nor learns of it when another process makes one at the same time: the server ends
    what it was asked for, also when whoever asked is gone.
    """
    import psycopg  # noqa: PLC0415

    with contextlib.suppress(psycopg.Error):
        if not _is_there(holder):
            holder.pgconn.send_query(create.encode())
            holder.pgconn.flush()
    holder.close()


def _is_there(holder: psycopg.Connection[Any]) -> bool:
    query = "SELECT FROM pg_database WHERE datname = %s"
    return holder.execute(query, (SPARE,)).fetchone() is not None

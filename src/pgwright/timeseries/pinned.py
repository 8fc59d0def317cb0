"""Under which settings a run works, and where none does."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from psycopg import Connection

from pgwright.errors import PolicyError
from pgwright.pg.session import settings

# Those that `pgwright copy --follow` makes.
_FOLLOWING = (
    "SELECT EXISTS (SELECT FROM pg_catalog.pg_subscription AS s JOIN pg_catalog.pg_database AS d "
    "ON d.oid = s.subdbid WHERE d.datname = current_database() AND s.subname LIKE 'pgwright\\_copy\\_%')"
)


@contextmanager
def pinned(conn: Connection[Any]) -> Iterator[None]:
    """Hold the settings that a run needs.

    Raises `PolicyError` for the copy of a database that others still write to: rows that follow fire no
    triggers, so its rollups would miss them; and what it computed by itself would be in their way.
    """
    if conn.execute(_FOLLOWING).fetchone() == (True,):
        raise PolicyError(
            "this database follows the one that it was copied from, where all that is declared is done",
            detail="nothing was changed",
            hint="run it there; or take over here first: pgwright copy SRC DST --switch",
        )
    # Bounds travel as text between statements: no database's own style may change how they read. No commit
    # waits for the disk: what a crash of the server takes back, the next run does again, and to remove files
    # PostgreSQL waits all the same, for all that was committed before. To compile a query over hundreds of
    # partitions takes many times longer than to answer it.
    with settings(conn, DateStyle="ISO, YMD", synchronous_commit="off", jit="off"):
        yield

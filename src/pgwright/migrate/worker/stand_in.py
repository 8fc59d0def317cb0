"""What runs in the place of a statement that an earlier attempt has committed."""

from __future__ import annotations

from psycopg import sql

from pgwright.migrate.worker.journal import Session

_NOTHING = "SET SESSION pgwright.skipped = 'yes'"
_TABLE = "CREATE TEMPORARY TABLE IF NOT EXISTS pgwright_skipped (n bigint)"
_ROWS = sql.SQL("INSERT INTO pg_temp.pgwright_skipped SELECT n FROM generate_series(1, {}) AS n")


def stand_in(session: Session, rows: int) -> str:
    """Return a statement that changes nothing of the project's and tells `rows` as its number of rows.

    Code that asks how many rows it changed shall hear the same number again.
    """
    if not rows:
        return _NOTHING
    session.fetch(_TABLE)
    return _ROWS.format(rows).as_string()

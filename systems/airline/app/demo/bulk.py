"""Build foreign keys and indexes once over all rows instead of row by row."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import psycopg
from psycopg import sql

FOREIGN_KEYS = """
SELECT conrelid::regclass::text, conname, pg_get_constraintdef(oid)
  FROM pg_constraint
 WHERE contype = 'f' AND connamespace = current_schema()::regnamespace AND conrelid = ANY (%s::regclass[])
 ORDER BY conrelid, conname
"""
# Indexes behind a constraint stay: they are the rule that the load itself must keep.
INDEXES = """
SELECT indexrelid::regclass::text, pg_get_indexdef(indexrelid)
  FROM pg_index
 WHERE indrelid = ANY (%s::regclass[])
   AND NOT EXISTS (SELECT FROM pg_constraint WHERE conindid = indexrelid)
   AND NOT indisunique
 ORDER BY indrelid, indexrelid
"""


@contextmanager
def deferred_build(connection: psycopg.Connection, tables: tuple[str, ...]) -> Iterator[None]:
    """Drop foreign keys and plain indexes of `tables`, and build them again after the block.

    The caller's transaction makes it all or nothing; PostgreSQL checks every row
    when a foreign key comes back, so nothing that breaks one can stay.
    """
    keys = connection.execute(FOREIGN_KEYS, (list(tables),)).fetchall()
    indexes = connection.execute(INDEXES, (list(tables),)).fetchall()
    # Names and definitions come from the catalog already quoted.
    for table, name, _ in keys:
        drop = sql.SQL("ALTER TABLE {} DROP CONSTRAINT {}")
        connection.execute(drop.format(sql.SQL(table), sql.Identifier(name)))
    for name, _ in indexes:
        connection.execute(sql.SQL("DROP INDEX {}").format(sql.SQL(name)))
    yield
    for _, definition in indexes:
        connection.execute(sql.SQL(definition))
    for table, name, definition in keys:
        add = sql.SQL("ALTER TABLE {} ADD CONSTRAINT {} {}")
        connection.execute(add.format(sql.SQL(table), sql.Identifier(name), sql.SQL(definition)))

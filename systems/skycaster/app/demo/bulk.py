"""Fill large tables fast: load first, build the indexes and check the keys afterwards.

One sort for an index and one join for a foreign key cost a fraction of what one
look-up for each row costs. All of it happens in the caller's transaction, so
nobody sees the tables without them, and a load that fails leaves them as they were.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager

import psycopg

_FOREIGN_KEYS = """
    SELECT format('ALTER TABLE %%s DROP CONSTRAINT %%I', conrelid::regclass, conname),
           format('ALTER TABLE %%s ADD CONSTRAINT %%I %%s',
                  conrelid::regclass, conname, pg_get_constraintdef(oid))
      FROM pg_constraint
     WHERE contype = 'f' AND conrelid = ANY (%s::regclass[])
     ORDER BY conrelid::regclass::text, conname
"""

_INDEXES = """
    SELECT format('DROP INDEX %%s', indexrelid::regclass), pg_get_indexdef(indexrelid)
      FROM pg_index
     WHERE indrelid = ANY (%s::regclass[])
       AND NOT EXISTS (SELECT FROM pg_constraint WHERE conindid = indexrelid)
     ORDER BY indrelid::regclass::text, indexrelid::regclass::text
"""


@contextmanager
def indexes_afterwards(
    connection: psycopg.Connection, tables: Sequence[str], built: Callable[[int, int], None]
) -> Iterator[None]:
    """Take the indexes and foreign keys of `tables` away, and put them back at the end.

    Primary keys and unique constraints stay. `built` is called after each index or
    key with how many are back, and of how many.
    """
    found = [
        row
        for query in (_INDEXES, _FOREIGN_KEYS)
        for row in connection.execute(query, (list(tables),)).fetchall()
    ]
    for drop, _ in found:
        connection.execute(drop.encode())
    yield
    for number, (_, create) in enumerate(found, 1):
        connection.execute(create.encode())
        built(number, len(found))

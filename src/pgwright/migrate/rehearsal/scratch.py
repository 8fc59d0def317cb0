"""A scratch copy of a database's schema, at the revision that the database is at."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from psycopg import Connection, sql

from pgwright.diff.build import copied
from pgwright.migrate.rehearsal.sampling import copy_sample, tables_of
from pgwright.migrate.state import table_of
from pgwright.model.catalog import Catalog
from pgwright.pg.connect import connect
from pgwright.pg.redact import safe_url
from pgwright.sources.database import read_catalog

if TYPE_CHECKING:
    from pgwright.config import Project
    from pgwright.migrate.tools import Tool


@dataclass(frozen=True, kw_only=True)
class Copy:
    """Name a scratch copy.

    `url` holds the password of the scratch server; `before` is the catalog that it was built from, as it was
    read back; `estimates` are the rows of the original's tables by path, `rows` how many were copied.
    """

    url: str
    before: Catalog
    estimates: dict[str, float]
    rows: int


@contextmanager
def scratch_copy(project: Project, tool: Tool, url: str, *, with_data: int = 0) -> Iterator[Copy]:
    """Build the schema of the database at `url` on scratch, with the tool's record, while the block runs.

    With `with_data`, up to so many rows of each table are copied, and those that they refer to.
    """
    with connect(url, autocommit=True) as live:
        catalog = read_catalog(live, source=safe_url(url))
        estimates = {table.path: table.estimate for table in tables_of(live)}
        with copied(catalog, scratch=project.scratch) as copy:
            rows = copy_sample(live, copy.conn, rows=with_data, without=tool.table) if with_data else 0
            _copy_record(live, copy.conn, tool)
            yield Copy(url=copy.url, before=copy.catalog, estimates=estimates, rows=rows)


def _copy_record(live: Connection[Any], target: Connection[Any], tool: Tool) -> None:
    place = table_of(live, tool.table)
    if place is None:
        return
    name = sql.Identifier(*place)
    target.execute(sql.SQL("TRUNCATE {}").format(name))
    with (
        live.cursor() as reading,
        target.cursor() as writing,
        reading.copy(sql.SQL("COPY {} TO STDOUT").format(name)) as rows,
        writing.copy(sql.SQL("COPY {} FROM STDIN").format(name)) as received,
    ):
        for data in rows:
            received.write(data)
    if tool.table == "django_migrations":
        # Its ids come from a sequence, which knows nothing of the rows that were copied.
        target.execute("SELECT setval(pg_get_serial_sequence(%s, 'id'), 1000000)", (name.as_string(),))

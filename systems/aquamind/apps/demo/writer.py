"""Rows into tables: by COPY on PostgreSQL, by bulk inserts elsewhere."""

from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from itertools import islice
from typing import Any

from django.core.management.color import no_style
from django.db import models
from django.db.backends.base.base import BaseDatabaseWrapper

Report = Callable[[str, int, int], None]

_INSERT_SIZE = 5000
_REPORTS_PER_TABLE = 50


class TableWriter:
    """Write rows through one connection, in its transaction, and report how far it is."""

    def __init__(self, connection: BaseDatabaseWrapper, report: Report) -> None:
        self._connection = connection
        self._report = report

    def write(
        self,
        label: str,
        model: type[models.Model],
        columns: Sequence[str],
        rows: Iterable[Sequence[object]],
        total: int,
    ) -> None:
        """Write `rows`, whose values follow `columns` (names of columns, ids included), into `model`'s table.

        `total` is how many there are, for the report only.
        """
        counted = self._counted(label, rows, total)
        if self._connection.vendor == "postgresql":
            self._copy(model, columns, counted)
        else:
            names = [_attribute(model, column) for column in columns]
            while block := [
                model(**dict(zip(names, row, strict=True))) for row in islice(counted, _INSERT_SIZE)
            ]:
                model._default_manager.using(self._connection.alias).bulk_create(block, batch_size=500)

    def finish(self, written: Sequence[type[models.Model]]) -> None:
        """Let the ids of `written` go on after the highest, and tell the planner what is there now."""
        with self._connection.cursor() as cursor:
            for statement in self._connection.ops.sequence_reset_sql(no_style(), list(written)):
                cursor.execute(statement)
            if self._connection.vendor == "postgresql":
                from psycopg import sql  # noqa: PLC0415 - SQLite needs no driver

                for model in written:
                    cursor.execute(sql.SQL("ANALYZE {}").format(sql.Identifier(model._meta.db_table)))

    def _copy(
        self, model: type[models.Model], columns: Sequence[str], rows: Iterable[Sequence[object]]
    ) -> None:
        from psycopg import sql  # noqa: PLC0415

        statement = sql.SQL("COPY {} ({}) FROM STDIN").format(
            sql.Identifier(model._meta.db_table),
            sql.SQL(", ").join(sql.Identifier(column) for column in columns),
        )
        table = model._meta.db_table
        with (
            self._connection.cursor() as cursor,
            _without_foreign_keys(cursor, table),
            cursor.copy(statement) as copy,
        ):
            for row in rows:
                copy.write_row(row)

    def _counted(
        self, label: str, rows: Iterable[Sequence[object]], total: int
    ) -> Iterator[Sequence[object]]:
        every = max(total // _REPORTS_PER_TABLE, 1)
        done = 0
        for done, row in enumerate(rows, 1):
            if done % every == 0 and done < total:
                self._report(label, done, total)
            yield row
        self._report(label, done, total)


@contextmanager
def _without_foreign_keys(cursor: Any, table: str) -> Iterator[None]:
    """Take the foreign keys of `table` away and give them back, checked.

    One check of all rows at the end is a join; a check per row takes longer than
    everything else of a COPY together. The keys' tables stay locked until the
    transaction ends.
    """
    from psycopg import sql  # noqa: PLC0415

    # A partition's own copy of its parent's key goes and comes back with the parent's.
    cursor.execute(
        "SELECT conname, pg_get_constraintdef(oid) FROM pg_constraint"
        " WHERE contype = 'f' AND conparentid = 0 AND conrelid = to_regclass(%s) ORDER BY conname",
        [table],
    )
    keys = cursor.fetchall()
    alter = sql.SQL("ALTER TABLE {} ").format(sql.Identifier(table))
    for name, _definition in keys:
        cursor.execute(alter + sql.SQL("DROP CONSTRAINT {}").format(sql.Identifier(name)))
    yield
    for name, definition in keys:
        # The definition is PostgreSQL's own text of the key just dropped.
        cursor.execute(
            alter + sql.SQL("ADD CONSTRAINT {} ").format(sql.Identifier(name)) + sql.SQL(definition)
        )


def _attribute(model: type[models.Model], column: str) -> str:
    return next(str(field.attname) for field in model._meta.concrete_fields if field.column == column)

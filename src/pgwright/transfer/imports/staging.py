"""The staging table: rows as the file has them, in the table's types, under none of its constraints."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from typing import Any

import psycopg
from psycopg import Connection, sql

from pgwright.formats.batch import Batch, quoted
from pgwright.pg.quoting import deparsed
from pgwright.transfer.imports.prepare import Prepared
from pgwright.transfer.imports.rejects import Reject, Rejects

STAGING = sql.Identifier("pg_temp", "pgwright_staging")
LINE = sql.Identifier("pgwright line")
_LEAST = 16  # rows that are sent after one that was refused
_PLACE = re.compile(
    r"pgwright_staging\D*?(\d+)(?:,\s*\S+\s+(?P<column>[^:]+))?(?::\s*(?P<value>.*))?", re.DOTALL
)


def create_staging(conn: Connection[Any], prepared: Prepared, *, lines: bool) -> None:
    """Make the empty staging table, which goes with the transaction; `lines` adds where records begin."""
    parts = [sql.SQL("{} bigint").format(LINE)] if lines else []
    for name, (_, column) in zip(_names(prepared), prepared.pairs, strict=True):
        parts.append(sql.SQL("{} {}").format(name, deparsed(column.type if column else "text")))
    conn.execute(sql.SQL("DROP TABLE IF EXISTS {}").format(STAGING))
    conn.execute(
        sql.SQL("CREATE TEMPORARY TABLE pgwright_staging ({}) ON COMMIT DROP").format(
            sql.SQL(", ").join(parts)
        )
    )


def _names(prepared: Prepared) -> list[sql.Identifier]:
    return [
        sql.Identifier(column.name if column else f"pgwright ignored {position}")
        for position, (_, column) in enumerate(prepared.pairs)
    ]


def copy_statement(prepared: Prepared, into: sql.Composable, *, lines: bool) -> sql.Composed:
    """Compose the COPY that reads the file's rows."""
    names = ([LINE] if lines else []) + _names(prepared)
    reading = prepared.reading
    return sql.SQL("COPY {} ({}) FROM STDIN (FORMAT csv, DELIMITER {}, NULL {}, ENCODING 'UTF8')").format(
        into, sql.SQL(", ").join(names), sql.Literal(reading.delimiter), sql.Literal(reading.null)
    )


def copy_blocks(conn: Connection[Any], statement: sql.Composed, blocks: Iterable[bytes]) -> int:
    """Send blocks of CSV as they are and return the number of rows."""
    with conn.cursor() as cursor:
        with cursor.copy(statement) as copy:
            for block in blocks:
                copy.write(block)
        return cursor.rowcount


class Stager:
    """Fill the staging table row by row, putting aside what PostgreSQL cannot read."""

    def __init__(self, conn: Connection[Any], prepared: Prepared, rejects: Rejects) -> None:
        self._conn, self._prepared, self._rejects = conn, prepared, rejects
        self._statement = copy_statement(prepared, STAGING, lines=True)
        delimiter = prepared.reading.delimiter.encode()
        self._form = b"%d" + delimiter.replace(b"%", b"%%") + b"%b\n"

    def stage(self, batch: Batch) -> int:
        """Send a batch and return how many of its rows were taken.

        Where a row is refused the server says which: what stood before it is sent again, and then what stands
        after it, little at first, so that each row is sent a few times only, however many are bad.
        """
        for fault in batch.faults:
            self._rejects.add(
                Reject(number=fault.number, reason=fault.reason, record=fault.text.decode("utf-8", "replace"))
            )
        numbers, rows = batch.numbers, batch.rows
        at, size = 0, len(rows)
        rejected = 0
        while at < len(rows):
            part = slice(at, at + size)
            failure = self._try(numbers[part], rows[part])
            if failure is None:
                at, size = at + size, 2 * size
                continue
            bad, reject = self._bad(failure, numbers[part], rows[part])
            if bad:
                again = self._try(numbers[at : at + bad], rows[at : at + bad])
                assert again is None, again
            self._rejects.add(reject)
            rejected += 1
            at, size = at + bad + 1, max(_LEAST, 2 * bad)
        return len(rows) - rejected

    def _try(self, numbers: Sequence[int], rows: Sequence[bytes]) -> psycopg.Error | None:
        lines = map(self._form.__mod__, zip(numbers, rows, strict=True))
        try:
            with self._conn.transaction():
                copy_blocks(self._conn, self._statement, [b"".join(lines)])
        except (psycopg.DataError, psycopg.IntegrityError, psycopg.errors.ProgramLimitExceeded) as exc:
            return exc
        return None

    def _bad(
        self, failure: psycopg.Error, numbers: Sequence[int], rows: Sequence[bytes]
    ) -> tuple[int, Reject]:
        """Return the position of the row that the server refused, and what it said of it."""
        context = failure.diag.context or ""
        match = _PLACE.search(context)
        position = 0
        if match is not None:
            # The server counts physical lines and names the last one of a record, but those within the first
            # record it does not count: it does not know yet what ends a line.
            last, at = int(match[1]), 0
            for position, row in enumerate(rows):
                at += 1 + (row.count(b"\n") if position else 0)
                if at >= last:
                    break
        column = match["column"] if match else None
        return position, Reject(
            number=numbers[position],
            column=self._file_name(column),
            value=_value(match["value"]) if match and column else None,
            reason=failure.diag.message_primary or str(failure),
            record=rows[position].decode("utf-8", "replace"),
        )

    def _file_name(self, column: str | None) -> str | None:
        """Return what the file calls a column of the table."""
        named = {target.name: name for name, target in self._prepared.pairs if target is not None}
        return named.get(column.strip(), column.strip()) if column else None


def _value(shown: str | None) -> str | None:
    """Return a value out of the server's quotes; its first line is the last line of the context."""
    if shown is None:
        return None
    text = shown.strip()
    return text[1:-1] if len(text) > 1 and text[0] in '"«»„' else text


def staged_records(
    conn: Connection[Any], prepared: Prepared, numbers: Sequence[int]
) -> Iterator[tuple[int, str]]:
    """Yield the staged rows of those numbers as records of CSV."""
    query = sql.SQL("SELECT {}, ARRAY[{}] FROM {} WHERE {} = ANY (%s) ORDER BY 1").format(
        LINE,
        sql.SQL(", ").join(sql.SQL("{}::text").format(name) for name in _names(prepared)),
        STAGING,
        LINE,
    )
    for number, values in conn.execute(query, [list(numbers)]).fetchall():
        yield number, ",".join(quoted(value) for value in values)

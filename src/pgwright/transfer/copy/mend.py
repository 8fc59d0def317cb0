"""Make a table of the target equal to the source's snapshot by copying only what differs.

After a kill the snapshot of the finished parts is gone: rows may have moved between blocks since, so parts
taken from two snapshots can miss rows or hold them twice. Buckets of a key (or of whole rows) whose checksums
differ are deleted and copied again, in one transaction; equal tables cost one reading on either side.
"""

from __future__ import annotations

from typing import Any

from psycopg import Connection, sql

from pgwright.model.names import QualifiedName
from pgwright.pg.quoting import names, qualified
from pgwright.transfer.copy.record import open_target
from pgwright.transfer.copy.tables import CopyTable
from pgwright.verify.buckets import divide
from pgwright.verify.checksum import Extent
from pgwright.verify.hashing import TEXT, UTF8_TEXT, common_ways
from pgwright.verify.rows import Pair, sum_by
from pgwright.verify.side import Side
from pgwright.verify.tables import Table, read_tables


def mend(
    source: Side,
    target_url: str,
    table: CopyTable,
    run: str,
    wrap: tuple[tuple[str, ...], tuple[str, ...]] = ((), ()),
) -> int:
    """Bring `table` of the target to the source's snapshot; return how many rows were copied again.

    `wrap` are statements that the target runs before and after, in the same transaction. What an extension
    keeps in tables of its own is left as it is.
    """
    with Side(target_url, jobs=1) as target:
        with source.session() as a, target.session() as b:
            found = (_find(a, table.name), _find(b, table.name))
        if found[0] is None or found[1] is None:
            return 0
        tables = (found[0], found[1])
        text = TEXT if source.encoding == target.encoding else UTF8_TEXT
        ways = common_ways(*tables, fast=False, text=text)
        pair = Pair(sides=(source, target), tables=tables, ways=ways, extent=Extent(), jobs=1)
        division = divide(source, target, tables, ways, max(t.rows for t in tables))
        buckets = list(sum_by(pair, division).suspects)
    if not buckets:
        return 0
    with open_target(target_url, run) as writer, writer.transaction():
        listed, condition = division.chosen(buckets)
        for statement in wrap[0]:
            writer.execute(statement.encode())
        writer.execute(
            sql.SQL("DELETE FROM ONLY {} AS t WHERE EXISTS (SELECT FROM {} WHERE {})").format(
                qualified(table.name), listed, condition
            )
        )
        chosen = sql.SQL("SELECT {} FROM {} AS t JOIN {} ON {}").format(
            sql.SQL(", ").join(sql.SQL("t.{}").format(sql.Identifier(name)) for name in table.columns),
            table.relation,
            listed,
            condition,
        )
        with source.session() as reader:
            rows = copy_rows(reader, chosen, writer, table)
        for statement in wrap[1]:
            writer.execute(statement.encode())
        return rows


def _find(conn: Connection[Any], name: QualifiedName) -> Table | None:
    return next((table for table in read_tables(conn, partitions=True) if table.name == name), None)


def copy_rows(reader: Connection[Any], query: sql.Composed, writer: Connection[Any], table: CopyTable) -> int:
    """Copy the rows of a query of one session into the same table of another; return how many."""
    out = sql.SQL("COPY ({}) TO STDOUT").format(query)
    into = sql.SQL("COPY {} ({}) FROM STDIN").format(qualified(table.name), names(table.columns))
    with reader.cursor() as source, writer.cursor() as target:
        with source.copy(out) as blocks, target.copy(into) as sink:
            for block in blocks:
                sink.write(block)
        return target.rowcount

"""What is still due of a copy: the parts to bring, the objects to build, and how each table goes."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from psycopg import Connection, sql

from pgwright.pg.address import Address, parse_address
from pgwright.pg.connect import connect
from pgwright.pg.quoting import render
from pgwright.transfer.copy.builders import analyses, order_early
from pgwright.transfer.copy.existing import quieted
from pgwright.transfer.copy.load import Load
from pgwright.transfer.copy.message import Start
from pgwright.transfer.copy.record import Kept
from pgwright.transfer.copy.tables import CopyTable, read_tables
from pgwright.verify.side import Side

ROWS_COMPLETE = "rows complete"
_TLS = ("sslmode", "sslcert", "sslkey", "sslrootcert", "sslcrl", "sslpassword")


def plan_load(kept: Kept, finished: Mapping[str, Mapping[int, str | None]], writer: Connection[Any]) -> Load:
    """Return what is still to be brought and built; `finished` is what the ledger has of the run."""
    # Rows of extensions come by themselves.
    tables = tuple(table for table in kept.tables if table.condition is None)
    fresh = kept.choice.what == "all" and not kept.choice.existing
    there = {table.name: table for table in read_tables(writer)}
    targets = {table.oid: there[table.name] for table in tables if table.name in there}
    done = {table.oid: finished.get(f"rows {table.name}", {}) for table in tables}
    complete = ROWS_COMPLETE in finished
    built = {int(item.split()[1]) for item in finished if item.startswith("entry ")}
    # Tables that were there before, and those of extensions, have no number of pg_dump's.
    known = {entry.oid: entry.id for entry in kept.schema.before if entry.type == "TABLE"}
    numbers = {table.oid: known.get(table.oid, -table.oid) for table in tables}
    due = (entry for entry in kept.schema.after if entry.id not in built)
    waits = order_early(due, frozenset(numbers.values()), _partitions(kept, numbers))
    waits |= {
        entry: needs
        for entry, needs in analyses({numbers[t.oid]: t for t in tables}, waits).items()
        if entry.id not in built
    }
    return Load(
        parts=[]
        if complete
        else [p for p in kept.parts if p.table.condition is None and p.number not in done[p.table.oid]],
        tables=tables,
        formats={table.oid: _format(table, targets.get(table.oid)) for table in tables},
        wraps={
            oid: quieted(writer, table)
            for oid, table in targets.items()
            if kept.choice.what == "data" and table.triggers
        },
        stale=frozenset(oid for oid, parts in done.items() if parts and not complete),
        numbers=numbers,
        waits=waits,
        freeze=fresh,
    )


def start_of(urls: tuple[str, str], side: Side, run: str, *, rate: float, lock_timeout: float) -> Start:
    """Return what every worker is told first."""
    assert side.snapshot is not None
    begin = (
        sql.SQL("SET row_security = off"),
        sql.SQL("BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY"),
        sql.SQL("SET TRANSACTION SNAPSHOT {}").format(sql.Literal(side.snapshot)),
    )
    return Start(
        source=resolved_address(urls[0]).text,
        target=resolved_address(urls[1]).text,
        snapshot=f"{side.snapshot} of {side.captured_at.isoformat()}",
        begin=tuple(render(statement) for statement in begin),
        run=run,
        rate=rate,
        lock_timeout=lock_timeout,
    )


def _partitions(kept: Kept, numbers: Mapping[int, int]) -> dict[int, frozenset[int]]:
    """Return the numbers of the tables below each partition root, by the root's number."""
    below: dict[tuple[str, str], set[int]] = {}
    for table in kept.tables:
        if table.root != table.name:
            key = (table.root.schema or "", table.root.name)
            below.setdefault(key, set()).add(numbers[table.oid])
    return {
        entry.id: frozenset(below[entry.schema, entry.name])
        for entry in kept.schema.before
        if entry.type == "TABLE" and (entry.schema, entry.name) in below
    }


def _format(table: CopyTable, target: CopyTable | None) -> str:
    """Return how rows travel: binary where both sides have the same types and read them the same way."""
    if not table.binary or target is None:
        return "text"
    types = dict(zip(target.columns, target.types, strict=True))
    mine: Iterable[tuple[str, str]] = zip(table.columns, table.types, strict=True)
    return "binary" if all(types.get(name) == type for name, type in mine) else "text"


def resolved_address(url: str) -> Address:
    """Return an address that says all of what libpq found out: service, password file, which host."""
    given = parse_address(url).params
    with connect(url) as conn:
        info = conn.info
        found = {
            "host": info.host,
            "port": str(info.port),
            "user": info.user,
            "password": info.password,
            "dbname": info.dbname,
        }
    params = {**{key: given[key] for key in _TLS if key in given}, **found}
    return Address(params={key: value for key, value in params.items() if value})
